// SPDX-License-Identifier: MIT
// The loader's own command line: the commands of a menu entry, typed one by one.
#pragma once

#include <array>
#include <optional>

#include "boot/entry_runner.hpp"

namespace pvloader {

class CommandLine {
public:
    enum class End : std::uint8_t { Left, OtherMenu };

    CommandLine(Platform& platform, EntryRunner& runner) : platform_(platform), runner_(runner) {}

    // Reads and runs commands until a kernel runs, the user leaves, or names another menu: then runner.other_menu() is a
    // view into this object.
    End run(const std::optional<Place>& root);

private:
    bool read_line();
    void show_help();

    Platform& platform_;
    EntryRunner& runner_;
    std::array<char, 1024> line_{};
    std::size_t bytes_ = 0;
};

}  // namespace pvloader
