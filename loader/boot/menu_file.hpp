// SPDX-License-Identifier: MIT
// Where the menu comes from: a file that was named, one found in the usual places, or the host.
#pragma once

#include <optional>
#include <string_view>

#include "boot/platform.hpp"
#include "fs/files.hpp"
#include "parse/menu.hpp"

namespace pvloader {

inline constexpr std::size_t kMenuPathCount = 4;
// In the order in which they are tried in each place.
std::string_view menu_path(std::size_t index);

// A menu's text, which the parsed Menu points into, and what its commands start from.
class MenuFile {
public:
    explicit MenuFile(Platform& platform) : text_(platform) {}

    // Searches the first disk. Otherwise `why` says what was found in each place.
    bool find(Volumes& volumes, Message& why);
    // "(hd0,1)/boot/grub/menu.lst"; without a disk the file is on `root`.
    bool open(Volumes& volumes, std::string_view name, const std::optional<Place>& root, Message& why);
    // A text that came with the domain; its root is the first file system there is.
    bool take(Volumes& volumes, std::span<const std::byte> text, Message& why);

    void parse(Menu& menu) { parse_menu(text_.chars(), menu); }
    // The number in the file `default` beside the menu.
    std::optional<std::uint32_t> saved_default(Volumes& volumes) const;

    std::string_view name() const { return name_.text(); }  // for messages; may hold any bytes
    const std::optional<Place>& root() const { return root_; }

private:
    bool load(const Location& location, const OpenFile& opened, Message& why);

    Buffer text_;
    Message name_;
    std::array<char, kMaxPathBytes> path_{};
    std::size_t path_bytes_ = 0;  // 0: the menu is no file on a disk
    std::optional<Place> root_;
};

}  // namespace pvloader
