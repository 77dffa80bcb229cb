// SPDX-License-Identifier: MIT
// Files by the names that menus use: "(hd0,1)/boot/vmlinuz", or "/boot/vmlinuz" on the current root.
#pragma once

#include <optional>
#include <string_view>

#include "fs/volumes.hpp"
#include "parse/device_name.hpp"

namespace pvloader {

// Where a name leads: a place and a path on it, a view into the name.
struct Location {
    Place place;
    std::string_view path;
};

// False, and why, when the name is none or names no disk while there is no root.
bool resolve_name(std::string_view name, const std::optional<Place>& root, Location& location, Message& why);

// A file or folder that was found. Valid until the next file system is mounted.
struct OpenFile {
    FileSystem* volume = nullptr;
    File file;
};

// Finds whatever is there, folders too; an empty path is the topmost folder. NotMounted: the place holds nothing to read.
Status find_file(Volumes& volumes, const Location& location, OpenFile& opened, Message& why);

// As find_file(), but only what can be read like a file.
bool open_file(Volumes& volumes, const Location& location, OpenFile& opened, Message& why);

// Fills `out` with the bytes at `offset`.
bool read_file(const OpenFile& opened, std::uint64_t offset, std::span<std::byte> out, Message& why);

// Reads all of it into fresh memory.
bool load_file(const OpenFile& opened, Buffer& buffer, Message& why);

// "needs 12 MiB of memory in one piece, which the domain has not left"
void explain_memory(TextBuffer& text, std::uint64_t bytes);

}  // namespace pvloader
