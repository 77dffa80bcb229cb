// SPDX-License-Identifier: MIT
// Typing into a line. What is shown of a given text is escaped; erasing is by characters as they are shown.
#include "boot/line_input.hpp"

#include "boot/keys.hpp"
#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

constexpr std::uint8_t kCtrlD = 0x04;
constexpr std::uint8_t kCtrlU = 0x15;
constexpr std::uint8_t kBackspace = 0x08;
constexpr std::uint8_t kDelete = 0x7F;

// How many columns a byte takes that is shown escaped.
std::size_t columns_of(char byte) {
    std::array<char, 8> memory{};
    return escape_text({&byte, 1}, memory).size();
}

}  // namespace

bool LineInput::read(std::string_view prompt, std::string_view text) {
    bytes_ = text.size() < line_.size() ? text.size() : line_.size();
    platform_.write(prompt);
    for (std::size_t i = 0; i < bytes_; ++i) {
        std::array<char, 8> memory{};
        line_[i] = text[i];
        platform_.write(escape_text({&line_[i], 1}, memory));
    }
    for (;;) {
        const Key key = read_key(platform_, 0);
        if (key.kind == Key::Kind::Enter || key.kind == Key::Kind::Escape || (key.byte == kCtrlD && bytes_ == 0)) {
            platform_.write("\n");
            return key.kind == Key::Kind::Enter;
        }
        std::size_t erased = 0;
        if (key.byte == kBackspace || key.byte == kDelete) erased = bytes_ > 0 ? 1 : 0;
        if (key.byte == kCtrlU) erased = bytes_;
        for (; erased > 0; --erased)
            for (std::size_t column = columns_of(line_[--bytes_]); column > 0; --column) platform_.write("\b \b");
        // Other control bytes, and letters of several bytes, would spoil the line on the screen.
        if (key.byte < ' ' || key.byte >= kDelete || bytes_ == line_.size()) continue;
        line_[bytes_++] = static_cast<char>(key.byte);
        platform_.write({&line_[bytes_ - 1], 1});
    }
}

}  // namespace pvloader
