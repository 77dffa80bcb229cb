// SPDX-License-Identifier: MIT
// A menu file, parsed, with short ways to ask for what the tests compare.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "parse/menu.hpp"

namespace pvloader {

struct Parsed {
    explicit Parsed(std::string file) : text(std::move(file)), menu(std::make_unique<Menu>()) { parse_menu(text, *menu); }

    const MenuEntry& entry(std::size_t index) const { return menu->entries()[index]; }
    std::span<const MenuCommand> commands(std::size_t index) const { return menu->commands_of(entry(index)); }
    std::uint32_t chosen(std::optional<std::uint32_t> saved = std::nullopt) const {
        return resolve_default(*menu, saved).entry;
    }
    std::size_t notes_of(NoteKind kind) const {
        std::size_t count = 0;
        for (const MenuNote& note : menu->notes.all()) count += note.kind == kind ? 1 : 0;
        return count;
    }
    std::string note(std::size_t index) const {
        char memory[512];
        return std::string(note_text(menu->notes.all()[index], "menu.lst", memory));
    }

    std::string text;
    std::unique_ptr<Menu> menu;
};

inline std::string entries(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "title t" + std::to_string(i) + "\nkernel /k\n";
    return text;
}

}  // namespace pvloader
