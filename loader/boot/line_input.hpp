// SPDX-License-Identifier: MIT
// One line from the terminal, with the keys that every terminal has: backspace, Ctrl-U, Ctrl-D.
#pragma once

#include <array>
#include <string_view>

#include "boot/platform.hpp"

namespace pvloader {

class LineInput {
public:
    static constexpr std::size_t kMaxBytes = 1024;

    explicit LineInput(Platform& platform) : platform_(platform) {}

    // Lets the user change `text`, whose end is where typing begins. False when the user leaves: by Ctrl-D in an empty line, or by
    // Escape.
    bool read(std::string_view prompt, std::string_view text = {});

    std::string_view text() const { return {line_.data(), bytes_}; }

private:
    Platform& platform_;
    std::array<char, kMaxBytes> line_{};
    std::size_t bytes_ = 0;
};

}  // namespace pvloader
