// SPDX-License-Identifier: MIT
// The part of a path that is still to be walked, in a buffer of fixed size.
//
// The text stands at the buffer's end, so that a symbolic link's target goes in front of the rest without
// moving it and a walk needs no recursion. Example:
//
//     PathQueue path;
//     if (!path.assign("/boot/vmlinuz")) { ... too long ... }
//     std::string_view name;
//     while (path.next(name)) { ... "boot", then "vmlinuz" ... }
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace pvloader {

class PathQueue {
public:
    static constexpr std::size_t kCapacity = 4096;

    // False when the path is too long; nothing is left to walk then.
    bool assign(std::string_view path) {
        begin_ = kCapacity;
        const std::span<char> room = prepend(path.size());
        if (room.size() != path.size()) {
            return false;
        }
        for (std::size_t i = 0; i < path.size(); ++i) {
            room[i] = path[i];
        }
        return true;
    }

    // Room for `length` characters and a slash in front of what is left, for the caller to fill; empty when it does not fit.
    // Names that next() gave before this call are lost.
    std::span<char> prepend(std::size_t length) {
        if (length >= begin_) {
            return {};
        }
        text_[begin_ - 1] = '/';
        begin_ -= length + 1;
        return std::span<char>(text_).subspan(begin_, length);
    }

    // Takes the next name; runs of slashes count as one. False at the end.
    bool next(std::string_view& name) {
        while (begin_ < kCapacity && text_[begin_] == '/') {
            ++begin_;
        }
        const std::size_t first = begin_;
        while (begin_ < kCapacity && text_[begin_] != '/') {
            ++begin_;
        }
        name = std::string_view(text_.data() + first, begin_ - first);
        return !name.empty();
    }

private:
    std::array<char, kCapacity> text_{};
    std::size_t begin_ = kCapacity;
};

}  // namespace pvloader
