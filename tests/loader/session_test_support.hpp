// SPDX-License-Identifier: MIT
// What the tests of the loader's course share: a disk with a menu, kernels and a ramdisk for the fake machine.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fake_platform.hpp"

namespace pvloader::test {

inline bool no_tools() {
    if (have_tools({"mke2fs"})) return false;
    MESSAGE("skipped: no e2fsprogs");
    return true;
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    write_host_file(path, std::as_bytes(std::span(text)));
}

// A file system with a menu, a kernel that starts and one that is refused. Made once for each menu.
inline std::vector<std::byte> disk_with(std::string_view menu) {
    static std::map<std::string, std::vector<std::byte>, std::less<>> made;
    if (const auto known = made.find(menu); known != made.end()) return known->second;
    TempDir folder;
    write_text(folder / "boot/grub/menu.lst", menu);
    write_text(folder / "good", "\x7f" "ELF good");
    write_text(folder / "bad", "\x7f" "ELF refuse");
    write_text(folder / "ramdisk", "the ramdisk");
    return made.emplace(menu, make_ext_image(folder.str(), "-t ext4 -b 1024", 2)).first->second;
}

}  // namespace pvloader::test
