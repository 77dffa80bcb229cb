// SPDX-License-Identifier: MIT
// A file system of whichever kind was found: ext2, ext3, ext4 or FAT. The readers in parse/ know nothing of each other; what they
// have in common is here, and what only one of them has (links, UUIDs of 16 bytes) is made alike.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "fs/message.hpp"
#include "parse/ext.hpp"
#include "parse/fat.hpp"

namespace pvloader {

// A file or folder that was found. Good for the file system that gave it, until its next mount.
class File {
public:
    std::uint64_t size() const { return fat() != nullptr ? fat()->size() : ext()->size(); }
    bool is_directory() const { return fat() != nullptr ? fat()->is_directory() : ext()->is_directory(); }
    bool is_regular() const { return fat() != nullptr ? fat()->is_regular() : ext()->is_regular(); }

private:
    friend class FileSystem;

    const ExtFile* ext() const { return std::get_if<ExtFile>(&found_); }
    const FatFile* fat() const { return std::get_if<FatFile>(&found_); }

    std::variant<ExtFile, FatFile> found_;
};

struct DirEntry {
    std::string_view name;   // any bytes but '/' and NUL are possible: escape before printing
    bool is_folder = false;  // false also where the folder does not say what its entries are
};

// Called for each entry; false ends the walk. It must not use the file system that calls it.
struct DirVisitor {
    bool (*visit)(void* context, const DirEntry& entry);
    void* context;
};

class FileSystem {
public:
    static constexpr std::size_t kScratchBytes = Ext::kScratchBytes;
    static_assert(Fat::kScratchBytes <= kScratchBytes);

    // Takes whichever kind is there. `source` and `scratch` stay in use until the next mount().
    Status mount(BlockSource& source, std::span<std::byte> scratch);

    // Paths count from the root, with or without a leading slash; symbolic links are followed.
    Status lookup(std::string_view path, File& found);
    // As lookup(), but only regular files.
    Status open(std::string_view path, File& file);
    // Fills all of `out`. A range that leaves the file is OutOfRange.
    Status read(const File& file, std::uint64_t offset, std::span<std::byte> out);
    // "." and ".." are among the entries where the disk has them.
    Status list(const File& directory, DirVisitor visitor);

    // Whether `text` is this file system's UUID, as blkid writes it: "0b5e6f38-...", or "12AB-34CD" for FAT. Case and dashes do
    // not count.
    bool has_uuid(std::string_view text) const;

    // What a failed operation means: "damaged: extent: length".
    void explain(TextBuffer& text, Status status) const;
    // After a mount() that failed, behind the place's name: " holds no ..." or ": the file system is damaged: ...".
    void explain_mount(TextBuffer& text, Status status) const;

private:
    const char* detail() const;

    std::variant<Ext, Fat> mounted_;
};

}  // namespace pvloader
