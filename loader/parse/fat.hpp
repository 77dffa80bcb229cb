// SPDX-License-Identifier: MIT
// Reads FAT12, FAT16 and FAT32 file systems: files by path, with long names, and directories.
//
// Read-only and pure: all bytes come from a BlockSource, all memory from the caller, and every number on the disk is checked
// before it is used. Names are compared as FAT does, without regard to the case of ASCII letters; long names are UTF-8 here,
// short names' other letters are the bytes of whatever code page wrote them. Not for two threads at once. Example:
//
//     Fat file_system;
//     if (file_system.mount(partition, scratch) == Status::Ok) {
//         FatFile kernel;
//         Status status = file_system.open("/boot/vmlinuz", kernel);
//         if (status == Status::Ok) { status = file_system.read(kernel, 0, buffer.first(kernel.size())); }
//     }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parse/block_cache.hpp"
#include "parse/block_source.hpp"
#include "parse/fat_geometry.hpp"
#include "parse/path_queue.hpp"

namespace pvloader {

// A file or directory that was found: a copy of what its entry says.
struct FatFile {
    std::uint32_t first_cluster = 0;  // of a directory, 0: the topmost one
    std::uint32_t bytes = 0;          // 0 for a directory, whatever its length
    bool is_folder = false;

    std::uint64_t size() const { return bytes; }
    bool is_directory() const { return is_folder; }
    bool is_regular() const { return !is_folder; }
};

struct FatDirEntry {
    std::string_view name;        // the long name if there is one
    std::string_view short_name;  // "BOOT.INI"
    FatFile file;
};

// Called for each entry, "." and ".." too; false ends the walk. It must not use the Fat that calls it.
struct FatDirVisitor {
    bool (*visit)(void* context, const FatDirEntry& entry);
    void* context;
};

class Fat {
public:
    static constexpr std::size_t kScratchBytes = BlockCache::kMinSlots * FatGeometry::kMaxSectorBytes;
    // FAT's own limit, which also ends a chain that runs in a circle.
    static constexpr std::uint32_t kMaxDirectoryEntries = 65536;

    // `source` and `scratch` stay in use until the next mount().
    Status mount(BlockSource& source, std::span<std::byte> scratch);

    // After a failure: which structure was found wrong, or null. For messages.
    const char* detail() const { return detail_; }
    const FatGeometry& geometry() const { return geometry_; }

    // Paths count from the root, with or without a leading slash.
    Status lookup(std::string_view path, FatFile& found);
    // As lookup(), but only files.
    Status open(std::string_view path, FatFile& file);

    // Fills all of `out`. A range that leaves the file is OutOfRange. Clusters that lie side by side are read at once.
    Status read(const FatFile& file, std::uint64_t offset, std::span<std::byte> out);

    Status list(const FatFile& directory, FatDirVisitor visitor);

private:
    // Where in a chain a read stands: sequential reads go on from here.
    struct Position {
        std::uint32_t first = 0;  // the chain's first cluster; 0: nowhere
        std::uint32_t index = 0;
        std::uint32_t cluster = 0;
    };

    Status corrupt(const char* detail);

    // fat_chain.cpp
    Status load_table_byte(std::uint64_t at, std::uint8_t& value);
    Status load_table_entry(std::uint32_t cluster, std::uint32_t& value);
    // `next` is 0 at the chain's end.
    Status next_cluster(std::uint32_t cluster, std::uint32_t& next);
    Status seek(std::uint32_t first, std::uint32_t index);
    Status read_part(std::uint64_t offset, std::span<std::byte> out, std::size_t& done);

    // fat_directory.cpp
    Status walk_directory(const FatFile& directory, FatDirVisitor visitor);
    Status walk_sectors(std::uint64_t first, std::uint32_t count, class FatEntryReader& reader, FatDirVisitor visitor,
                        bool& go_on);
    Status find_entry(const FatFile& directory, std::string_view name, FatFile& found);

    BlockSource* source_ = nullptr;  // null: not mounted
    FatGeometry geometry_;
    BlockCache cache_;
    PathQueue path_;
    Position position_;
    const char* detail_ = nullptr;
};

}  // namespace pvloader
