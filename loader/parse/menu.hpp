// SPDX-License-Identifier: MIT
// menu.lst in the grammar of GRUB legacy, as data: entries with their commands, the menu's settings, and notes about
// what was skipped. Nothing is executed here.
//
// The caller owns the text and the Menu. parse_menu() edits the text in place and the Menu's views point into it, so
// both must live equally long. A Menu is about 200 KiB: make it static, not a local variable.
//
//     static Menu menu;
//     parse_menu(text, menu);
//     DefaultChoice choice = resolve_default(menu, parse_saved_default(saved_file_text));
//     for (const MenuCommand& command : menu.commands_of(menu.entries()[choice.entry])) ...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parse/menu_commands.hpp"
#include "parse/menu_notes.hpp"

namespace pvloader {

inline constexpr std::size_t kMaxMenuBytes = 1024 * 1024;
inline constexpr std::size_t kMaxMenuEntries = 256;
inline constexpr std::size_t kMaxMenuCommands = 4096;
inline constexpr std::size_t kMaxFallbacks = 8;

// A `default` that is negative or larger than any entry number; resolve_default() then takes a fallback.
inline constexpr std::uint32_t kEntryOutOfRange = 0xFFFFFFFF;

struct MenuEntry {
    std::string_view title;
    std::uint32_t line = 0;
    std::uint32_t first_command = 0;
    std::uint32_t command_count = 0;  // 0 when every command was one that is skipped here
};

struct MenuSettings {
    std::uint32_t default_entry = 0;
    bool default_is_saved = false;             // `default saved`
    std::optional<std::uint32_t> timeout;      // seconds; without one the menu waits for ever
    std::array<std::uint32_t, kMaxFallbacks> fallbacks{};
    std::uint32_t fallback_count = 0;
    bool is_hidden = false;
    bool has_password = false;                 // entries stay bootable; editing and the command line are refused
};

struct Menu {
    MenuSettings settings;
    MenuNotes notes;
    std::array<MenuEntry, kMaxMenuEntries> entry_slots{};
    std::array<MenuCommand, kMaxMenuCommands> command_slots{};
    std::uint32_t entry_count = 0;
    std::uint32_t command_count = 0;

    std::span<const MenuEntry> entries() const { return {entry_slots.data(), entry_count}; }
    std::span<const MenuCommand> commands_of(const MenuEntry& entry) const {
        return {command_slots.data() + entry.first_command, entry.command_count};
    }
};

// Fills `menu` from `text`, which it edits. Any bytes are accepted; what cannot be used becomes a note.
void parse_menu(std::span<char> text, Menu& menu);

// The number in the file `default` that lies beside the menu: its first word.
std::optional<std::uint32_t> parse_saved_default(std::string_view file_text);

struct DefaultChoice {
    std::uint32_t entry = 0;
    std::uint32_t fallback_cursor = 0;  // where next_fallback() goes on when this entry fails
};

// Which entry to start with: the default, or when that does not exist the first valid fallback, or entry 0. `saved`
// counts only for `default saved`, and its absence means entry 0. Precondition: the menu has an entry.
DefaultChoice resolve_default(const Menu& menu, std::optional<std::uint32_t> saved);

// The next fallback that names an existing entry, or none. Advances the cursor, so a chain of fallbacks ends.
std::optional<std::uint32_t> next_fallback(const Menu& menu, std::uint32_t& cursor);

}  // namespace pvloader
