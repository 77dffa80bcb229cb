// SPDX-License-Identifier: MIT
// The loader's own command line: the commands of a menu entry, typed one by one.
#pragma once

#include <optional>

#include "boot/entry_runner.hpp"
#include "boot/line_input.hpp"

namespace pvloader {

class CommandLine {
public:
    enum class End : std::uint8_t { Left, OtherMenu };

    CommandLine(Platform& platform, EntryRunner& runner) : platform_(platform), runner_(runner), input_(platform) {}

    // Reads and runs commands until a kernel runs, the user leaves, or names another menu: then runner.other_menu() is a
    // view into this object.
    End run(const std::optional<Place>& root);

private:
    void show_help();

    Platform& platform_;
    EntryRunner& runner_;
    LineInput input_;
};

}  // namespace pvloader
