// SPDX-License-Identifier: MIT
// The menu.lst parser: sorts logical lines into settings, entries and notes.
#include "parse/menu.hpp"

#include "parse/menu_lines.hpp"
#include "parse/menu_text.hpp"

namespace pvloader {

using namespace std::string_view_literals;

namespace {

class Parser {
public:
    explicit Parser(Menu& menu) : menu_(menu) {}

    void run(std::span<char> text);

private:
    void take_line(const MenuLine& line);
    void open_entry(const MenuCommand& title);
    void close_entry();
    void take_menu_command(const MenuCommand& command);
    void take_default(const MenuCommand& command);
    void take_fallback(const MenuCommand& command);
    void take_entry_command(const MenuCommand& command);
    void note(NoteKind kind, const MenuCommand& command) { menu_.notes.add(kind, command.line, command.name); }

    Menu& menu_;
    MenuEntry entry_;           // the one being read
    bool in_entry_ = false;
    bool has_commands_ = false; // skipped ones included
    bool is_full_ = false;
};

void Parser::run(std::span<char> text) {
    MenuLines lines(text);
    MenuLine line;
    while (!is_full_ && lines.next(line)) take_line(line);
    close_entry();
}

void Parser::take_line(const MenuLine& line) {
    MenuCommand command = split_command(line.text, line.number);
    const bool is_broken = line.is_too_long || line.has_nul;
    if (line.is_too_long) note(NoteKind::LineTooLong, command);
    if (line.has_nul) note(NoteKind::NulByte, command);
    if (command.kind == CommandKind::Title) return open_entry(command);  // a cut title still begins its entry
    if (is_broken) {
        // Half a line must not be obeyed, and an entry must not boot as if the line were absent.
        command.kind = CommandKind::Broken;
        if (in_entry_) take_entry_command(command);
        return;
    }
    if (command.kind == CommandKind::Lock && !menu_.settings.has_password) command.kind = CommandKind::Meaningless;
    if (command.kind == CommandKind::Unknown) return note(NoteKind::UnknownCommand, command);
    if (command.kind == CommandKind::Meaningless) {
        has_commands_ = true;
        return note(NoteKind::MeaninglessCommand, command);
    }
    if (in_entry_) return take_entry_command(command);
    if (is_menu_command(command.kind)) return take_menu_command(command);
    note(NoteKind::BeforeFirstTitle, command);
}

void Parser::open_entry(const MenuCommand& title) {
    close_entry();
    if (menu_.entry_count == kMaxMenuEntries) {
        menu_.notes.add(NoteKind::TooManyEntries, title.line, title.arguments);
        is_full_ = true;
        return;
    }
    entry_ = MenuEntry{title.arguments, title.line, menu_.command_count, 0};
    in_entry_ = true;
    has_commands_ = false;
}

void Parser::close_entry() {
    if (!in_entry_) return;
    in_entry_ = false;
    if (has_commands_)
        menu_.entry_slots[menu_.entry_count++] = entry_;
    else
        menu_.notes.add(NoteKind::TitleWithoutCommands, entry_.line, entry_.title);
}

void Parser::take_entry_command(const MenuCommand& command) {
    has_commands_ = true;
    if (is_menu_command(command.kind) && command.kind != CommandKind::Password)
        return note(NoteKind::MenuCommandInEntry, command);
    if (menu_.command_count == kMaxMenuCommands) {
        // An entry that lacks its last commands would boot something else than it says.
        note(NoteKind::TooManyCommands, command);
        in_entry_ = false;
        is_full_ = true;
        return;
    }
    menu_.command_slots[menu_.command_count++] = command;
    ++entry_.command_count;
}

void Parser::take_menu_command(const MenuCommand& command) {
    MenuSettings& settings = menu_.settings;
    switch (command.kind) {
        case CommandKind::Default: return take_default(command);
        case CommandKind::Fallback: return take_fallback(command);
        case CommandKind::HiddenMenu: settings.is_hidden = true; return;
        case CommandKind::Password: settings.has_password = true; return;
        case CommandKind::Timeout: {
            const Number number = parse_number(command.arguments);
            if (number.status == NumberStatus::Ok)
                settings.timeout = number.value;
            else
                note(NoteKind::BadNumber, command);
            return;
        }
        default: return;
    }
}

void Parser::take_default(const MenuCommand& command) {
    MenuSettings& settings = menu_.settings;
    if (split_word(command.arguments).word == "saved"sv) {
        settings.default_is_saved = true;
        return;
    }
    const Number number = parse_number(command.arguments);
    if (number.status != NumberStatus::Ok) note(NoteKind::BadNumber, command);
    if (number.status == NumberStatus::NotANumber) return;
    settings.default_is_saved = false;
    settings.default_entry = number.status == NumberStatus::Ok ? number.value : kEntryOutOfRange;
}

// Each `fallback` replaces the list of the one before it.
void Parser::take_fallback(const MenuCommand& command) {
    MenuSettings& settings = menu_.settings;
    settings.fallback_count = 0;
    for (WordSplit split = split_word(command.arguments); !split.word.empty(); split = split_word(split.rest)) {
        const Number number = parse_number(split.word);
        if (number.status != NumberStatus::Ok) {
            note(NoteKind::BadNumber, command);
        } else if (settings.fallback_count == kMaxFallbacks) {
            return note(NoteKind::TooManyFallbacks, command);
        } else {
            settings.fallbacks[settings.fallback_count++] = number.value;
        }
    }
}

}  // namespace

void parse_menu(std::span<char> text, Menu& menu) {
    // Field by field: a fresh Menu on the stack would be larger than the stack of a small guest.
    menu.settings = MenuSettings{};
    menu.notes.clear();
    menu.entry_count = 0;
    menu.command_count = 0;
    if (text.size() > kMaxMenuBytes) {
        menu.notes.add(NoteKind::FileTooLarge, 0, {});
        return;
    }
    Parser(menu).run(text);
}

std::optional<std::uint32_t> parse_saved_default(std::string_view file_text) {
    const Number number = parse_decimal(skip_blanks(file_text));
    if (number.status == NumberStatus::TooLarge) return kEntryOutOfRange;
    if (number.status != NumberStatus::Ok) return std::nullopt;
    return number.value;
}

std::optional<std::uint32_t> next_fallback(const Menu& menu, std::uint32_t& cursor) {
    while (cursor < menu.settings.fallback_count) {
        const std::uint32_t entry = menu.settings.fallbacks[cursor++];
        if (entry < menu.entry_count) return entry;
    }
    return std::nullopt;
}

DefaultChoice resolve_default(const Menu& menu, std::optional<std::uint32_t> saved) {
    DefaultChoice choice;
    choice.entry = menu.settings.default_entry;
    if (menu.settings.default_is_saved) choice.entry = saved.has_value() ? *saved : 0;
    if (choice.entry < menu.entry_count) return choice;
    const std::optional<std::uint32_t> fallback = next_fallback(menu, choice.fallback_cursor);
    choice.entry = fallback.has_value() ? *fallback : 0;
    return choice;
}

}  // namespace pvloader
