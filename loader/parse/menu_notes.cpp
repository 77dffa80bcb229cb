// SPDX-License-Identifier: MIT
// Collecting and wording the notes of a menu file.
#include "parse/menu_notes.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

using namespace std::string_view_literals;

namespace {

// What comes before and after the quoted word.
constexpr char kBefore[][32] = {
    "unknown command",  "command", "command",       "command", "title",          "in",
    "in",               "in",      "in",            "entry",   "command",        "",
};
constexpr char kAfter[][80] = {
    " is skipped",
    " has no meaning here and is skipped",
    " stands before the first title and is skipped",
    " belongs before the first title and is skipped",
    " has no commands and is left out",
    ": a number from 0 to 4294967295 was expected",
    ": too many fallbacks, the rest is skipped",
    ": the line is longer than 4096 bytes",
    ": the line has a NUL byte",
    " is one entry too many, the rest of the file is skipped",
    " is one too many, this entry and the rest of the file are skipped",
    "the file is larger than 1 MiB and is not used",
};

}  // namespace

void MenuNotes::clear() {
    count = 0;
    suppressed = 0;
}

void MenuNotes::add(NoteKind kind, std::uint32_t line, std::string_view word) {
    for (std::uint32_t i = 0; i < count; ++i) {
        if (slots[i].kind == kind && slots[i].word == word) {
            ++slots[i].repeats;
            return;
        }
    }
    if (count == slots.size()) {
        ++suppressed;
        return;
    }
    slots[count++] = MenuNote{kind, line, 0, word};
}

std::string_view note_text(const MenuNote& note, std::string_view file_name, std::span<char> out) {
    const auto index = static_cast<std::size_t>(note.kind);
    TextBuffer text(out);
    text.add_escaped(file_name);
    if (note.line != 0) text.add(":"sv).add_number(note.line);
    text.add(": "sv);
    if (note.kind != NoteKind::FileTooLarge)
        text.add(row_text(kBefore, index)).add(" '"sv).add_escaped(cut(note.word, 0, 64)).add("'"sv);
    text.add(row_text(kAfter, index));
    if (note.repeats == 1) text.add(" (and on 1 more line)"sv);
    if (note.repeats > 1) text.add(" (and on "sv).add_number(note.repeats).add(" more lines)"sv);
    return text.text();
}

}  // namespace pvloader
