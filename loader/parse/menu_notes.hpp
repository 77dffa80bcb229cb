// SPDX-License-Identifier: MIT
// Notes about the parts of a menu file that were skipped. One note per reason and word: a command skipped in each of
// forty entries is said once, with the first line and a count.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pvloader {

inline constexpr std::size_t kMaxMenuNotes = 32;

enum class NoteKind : std::uint8_t {
    UnknownCommand,
    MeaninglessCommand,
    BeforeFirstTitle,   // a command of an entry where only menu commands act
    MenuCommandInEntry,
    TitleWithoutCommands,
    BadNumber,
    TooManyFallbacks,
    LineTooLong,
    NulByte,
    TooManyEntries,
    TooManyCommands,
    FileTooLarge,
};

struct MenuNote {
    NoteKind kind = NoteKind::UnknownCommand;
    std::uint32_t line = 0;     // 0: about the whole file
    std::uint32_t repeats = 0;  // further lines with the same reason and word
    std::string_view word;
};

struct MenuNotes {
    std::array<MenuNote, kMaxMenuNotes> slots{};
    std::uint32_t count = 0;
    std::uint32_t suppressed = 0;  // notes that found no slot

    std::span<const MenuNote> all() const { return {slots.data(), count}; }
    void add(NoteKind kind, std::uint32_t line, std::string_view word);
    void clear();
};

// "menu.lst:12: unknown command 'frob' is skipped (and on 3 more lines)", safe to show; 160 bytes and the lengths of
// file name and word are enough for `out`.
std::string_view note_text(const MenuNote& note, std::string_view file_name, std::span<char> out);

}  // namespace pvloader
