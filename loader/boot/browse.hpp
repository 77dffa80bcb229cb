// SPDX-License-Identifier: MIT
// Looking around on the disks from the command line: what is in a folder, what is in a file.
#pragma once

#include "boot/platform.hpp"
#include "fs/files.hpp"

namespace pvloader {

// Prints the names in a folder, or the size of a file. False, and why, when there is none.
bool list_files(Platform& platform, Volumes& volumes, const Location& location, Message& why);

// Prints a file as text, the first kMostShown bytes of it; what could act on the terminal is escaped.
inline constexpr std::uint64_t kMostShown = 64 * 1024;
bool show_file(Platform& platform, Volumes& volumes, const Location& location, Message& why);

}  // namespace pvloader
