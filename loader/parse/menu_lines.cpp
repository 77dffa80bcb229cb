// SPDX-License-Identifier: MIT
// The in-place line reader of menu files.
#include "parse/menu_lines.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

using namespace std::string_view_literals;

MenuLines::MenuLines(std::span<char> text) : text_(text) {
    // Editors on other systems put a byte order mark in front; it is no part of the first command.
    if (starts_with({text.data(), text.size()}, "\xEF\xBB\xBF"sv)) read_ = write_ = 3;
}

// Whether a backslash that ends its line is next; a CR between backslash and newline does not count.
bool MenuLines::at_join(std::size_t& after) const {
    if (text_[read_] != '\\') return false;
    std::size_t probe = read_ + 1;
    while (probe < text_.size() && text_[probe] == '\r') ++probe;
    if (probe == text_.size() || text_[probe] != '\n') return false;
    after = probe + 1;
    return true;
}

// Leaves the reader behind the newline that ends the comment; a joined line belongs to the comment.
void MenuLines::skip_comment() {
    while (read_ < text_.size()) {
        if (std::size_t after = 0; at_join(after)) {
            read_ = after;
            ++line_number_;
        } else if (text_[read_++] == '\n') {
            ++line_number_;
            return;
        }
    }
}

bool MenuLines::next(MenuLine& line) {
    line = MenuLine{};
    const std::size_t start = write_;
    while (read_ < text_.size()) {
        char c = text_[read_];
        std::uint32_t newlines = 0;
        if (std::size_t after = 0; at_join(after)) {
            read_ = after;
            newlines = 1;
            c = ' ';
        } else {
            ++read_;
            if (c == '\r') continue;
            if (c == '\t') c = ' ';
            if (c == '\n') newlines = 1;
        }
        const bool is_empty = write_ == start;
        if (is_empty) line.number = line_number_;
        line_number_ += newlines;
        if (is_empty && (c == ' ' || c == '\n')) continue;
        if (is_empty && c == '#') {
            skip_comment();
            continue;
        }
        if (c == '\n') break;
        if (c == '\0') line.has_nul = true;
        if (write_ - start < kMaxMenuLine) {
            text_[write_++] = c;
        } else if (c != ' ') {
            line.is_too_long = true;
        }
    }
    line.text = trim_blanks({text_.data() + start, write_ - start});
    return write_ != start;
}

}  // namespace pvloader
