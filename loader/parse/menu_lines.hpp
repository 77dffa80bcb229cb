// SPDX-License-Identifier: MIT
// Cuts a menu file into logical lines: CR dropped, tabs made blanks, backslash-newline joined by one blank, comments
// and empty lines left out, blanks at both ends removed. Works in place and keeps the line numbers of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pvloader {

inline constexpr std::size_t kMaxMenuLine = 4096;

struct MenuLine {
    std::string_view text;         // cut at kMaxMenuLine when is_too_long
    std::uint32_t number = 0;      // of the first line in the file, from 1
    bool is_too_long = false;
    bool has_nul = false;
};

// The views of earlier lines stay valid while the reader goes on: it only ever writes in front of what it has read.
class MenuLines {
public:
    explicit MenuLines(std::span<char> text);

    // False at the end of the text.
    bool next(MenuLine& line);

private:
    void skip_comment();
    bool at_join(std::size_t& after) const;

    std::span<char> text_;
    std::size_t read_ = 0;
    std::size_t write_ = 0;
    std::uint32_t line_number_ = 1;
};

}  // namespace pvloader
