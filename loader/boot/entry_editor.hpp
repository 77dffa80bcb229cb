// SPDX-License-Identifier: MIT
// Changes an entry's commands before it is booted. Nothing is written to a disk: the menu stays as it is.
#pragma once

#include <array>
#include <span>

#include "boot/line_input.hpp"
#include "parse/menu.hpp"

namespace pvloader {

class EntryEditor {
public:
    static constexpr std::size_t kMaxLines = 24;

    explicit EntryEditor(Platform& platform) : platform_(platform), input_(platform) {}

    // Shows the entry's commands and lets the user change them. True when they are to be run, false when the user leaves.
    bool edit(const Menu& menu, const MenuEntry& entry);

    // The commands to run, numbered from 1; views into this object, valid until the next edit().
    std::span<const MenuCommand> commands();

private:
    struct Line {
        std::array<char, LineInput::kMaxBytes> memory{};
        std::size_t bytes = 0;

        std::string_view text() const { return {memory.data(), bytes}; }
        void assign(std::string_view text);
    };

    bool load(std::span<const MenuCommand> commands);
    void draw();
    void change_line();
    void insert_line(std::size_t at);
    void remove_line();

    Platform& platform_;
    LineInput input_;
    std::array<Line, kMaxLines> lines_{};
    std::array<MenuCommand, kMaxLines> commands_{};
    std::size_t count_ = 0;
    std::size_t selected_ = 0;
};

}  // namespace pvloader
