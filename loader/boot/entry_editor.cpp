// SPDX-License-Identifier: MIT
// The editor's keys are GRUB legacy's.
#include "boot/entry_editor.hpp"

#include "boot/keys.hpp"
#include "fs/message.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kShownColumns = 72;
constexpr char kHelp[] = "Boot with b; e edits the line, o and O add one below or above, d removes it; Escape goes back.\n";

}  // namespace

void EntryEditor::Line::assign(std::string_view text) {
    bytes = text.size() < memory.size() ? text.size() : memory.size();
    for (std::size_t i = 0; i < bytes; ++i) memory[i] = text[i];
}

// False when the entry is larger than what can be edited.
bool EntryEditor::load(std::span<const MenuCommand> commands) {
    count_ = selected_ = 0;
    for (const MenuCommand& command : commands) {
        const std::size_t bytes = command.name.size() + 1 + command.arguments.size();
        if (count_ == kMaxLines || bytes > LineInput::kMaxBytes) return false;
        Line& line = lines_[count_++];
        TextBuffer text(line.memory);
        text.add(command.name);
        if (!command.arguments.empty()) text.add(" ").add(command.arguments);
        line.bytes = text.text().size();
    }
    return true;
}

void EntryEditor::draw() {
    for (std::size_t i = 0; i < count_; ++i) {
        std::array<char, kShownColumns> memory{};
        Message line;
        line.more().add(i == selected_ ? "> " : "  ").add(escape_text(lines_[i].text(), memory)).add("\n");
        platform_.write(line.more().text());
    }
    if (count_ == 0) platform_.write("  (no lines)\n");
}

void EntryEditor::change_line() {
    if (count_ != 0 && input_.read("edit> ", lines_[selected_].text())) lines_[selected_].assign(input_.text());
}

void EntryEditor::insert_line(std::size_t at) {
    if (count_ == kMaxLines || !input_.read("add> ")) return;
    for (std::size_t i = count_; i > at; --i) lines_[i] = lines_[i - 1];
    lines_[at].assign(input_.text());
    ++count_;
    selected_ = at;
}

void EntryEditor::remove_line() {
    if (count_ == 0) return;
    --count_;
    for (std::size_t i = selected_; i < count_; ++i) lines_[i] = lines_[i + 1];
    if (selected_ == count_ && selected_ != 0) --selected_;
}

bool EntryEditor::edit(const Menu& menu, const MenuEntry& entry) {
    if (!load(menu.commands_of(entry))) {
        say(platform_, "the entry has more lines, or longer ones, than can be edited here; c is for a command line");
        return false;
    }
    platform_.write(kHelp);
    for (draw();; draw()) {
        const Key key = read_key(platform_, 0);
        if (key.kind == Key::Kind::Escape) return false;
        if (key.kind == Key::Kind::Up && selected_ != 0) --selected_;
        if (key.kind == Key::Kind::Down && selected_ + 1 < count_) ++selected_;
        if (key.kind == Key::Kind::Enter) change_line();
        if (key.kind != Key::Kind::Letter) continue;
        switch (key.byte) {
            case 'b': return true;
            case 'e': change_line(); break;
            case 'o': insert_line(count_ == 0 ? 0 : selected_ + 1); break;
            case 'O': insert_line(selected_); break;
            case 'd': remove_line(); break;
            default: break;
        }
    }
}

std::span<const MenuCommand> EntryEditor::commands() {
    std::size_t used = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        const std::string_view text = trim_blanks(lines_[i].text());
        if (!text.empty()) commands_[used++] = split_command(text, static_cast<std::uint32_t>(i + 1));
    }
    return std::span(commands_).first(used);
}

}  // namespace pvloader
