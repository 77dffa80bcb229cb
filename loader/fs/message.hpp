// SPDX-License-Identifier: MIT
// One line of text for people, composed in place. Text from a disk goes in by add_escaped() only.
#pragma once

#include <array>
#include <string_view>

#include "parse/menu_text.hpp"

namespace pvloader {

// Why something failed: "not found", "(hd0,1) holds no file system that can be read". Set by whoever notices.
class Message {
public:
    Message() = default;
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    // Starts anew.
    TextBuffer& clear() { return text_ = TextBuffer(memory_); }
    TextBuffer& more() { return text_; }
    std::string_view text() const { return text_.text(); }

private:
    std::array<char, 1024> memory_{};
    TextBuffer text_{memory_};
};

}  // namespace pvloader
