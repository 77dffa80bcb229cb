// SPDX-License-Identifier: MIT
// Reads ext2, ext3 and ext4 file systems: files by path, through symbolic links, and directories.
//
// Read-only and pure: all bytes come from a BlockSource, all memory from the caller, and every number on the disk is
// checked before it is used. A journal that needs recovery is not replayed: the file system is read as it stands on disk and
// needs_recovery() says so. Not for two threads at once. Example:
//
//     Ext file_system;
//     if (file_system.mount(partition, scratch) == Status::Ok) {
//         ExtFile kernel;
//         Status status = file_system.open("/boot/vmlinuz", kernel);
//         if (status == Status::Ok) { status = file_system.read(kernel, 0, buffer.first(kernel.size())); }
//     }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parse/block_source.hpp"
#include "parse/block_cache.hpp"
#include "parse/ext_superblock.hpp"
#include "parse/path_queue.hpp"

namespace pvloader {

// A file or directory that was found: a copy of what its inode says. Good for the Ext that gave it, until the next mount().
struct ExtFile {
    std::uint32_t inode = 0;
    std::uint32_t flags = 0;
    std::uint32_t generation = 0;
    std::uint16_t mode = 0;
    std::uint64_t bytes = 0;
    std::array<std::byte, 60> block_area{};  // extent tree root, block pointers, short link or inline data

    std::uint64_t size() const { return bytes; }
    bool is_directory() const { return (mode & 0xF000) == 0x4000; }
    bool is_regular() const { return (mode & 0xF000) == 0x8000; }
    bool is_symlink() const { return (mode & 0xF000) == 0xA000; }
    bool has_extents() const { return (flags & 0x80000) != 0; }
    bool has_inline_data() const { return (flags & 0x10000000) != 0; }
    bool has_hash_index() const { return (flags & 0x1000) != 0; }
};

struct ExtDirEntry {
    std::string_view name;  // any bytes but '/' and NUL are possible: escape before printing
    std::uint32_t inode = 0;
    std::uint8_t type = 0;  // 1 file, 2 directory, 7 symbolic link; 0 when the file system does not say
};

// Called for each entry, "." and ".." too; false ends the walk. It must not use the Ext that calls it.
struct ExtDirVisitor {
    bool (*visit)(void* context, const ExtDirEntry& entry);
    void* context;
};

class Ext {
public:
    // Enough for every block size. Less will do for smaller blocks (BlockCache::kMinSlots of them), more is a larger cache.
    static constexpr std::size_t kScratchBytes = BlockCache::kMinSlots * 65536;
    static constexpr unsigned kMaxSymlinks = 40;
    // What one lookup or listing may read of directories, so that a hostile one ends.
    static constexpr std::uint64_t kDirectoryBudgetBytes = std::uint64_t{64} << 20;

    // `source` and `scratch` stay in use until the next mount().
    Status mount(BlockSource& source, std::span<std::byte> scratch);

    // After a mount that was Unsupported: the feature's name as mke2fs spells it, or null.
    const char* refused_feature() const { return refused_feature_; }
    // After a failure: which structure was found wrong, or null. For messages.
    const char* detail() const { return detail_; }
    bool needs_recovery() const { return (super_.incompat & ext_incompat::kNeedsRecovery) != 0; }
    const ExtSuperblock& superblock() const { return super_; }

    // Paths count from the root, with or without a leading slash. Links are followed, the last one too;
    // an absolute link starts again at this file system's root.
    Status lookup(std::string_view path, ExtFile& found);
    // As lookup(), but only regular files.
    Status open(std::string_view path, ExtFile& file);

    // Fills all of `out`; holes read as zeros. A range that leaves the file is OutOfRange. Blocks that lie side by side on the
    // disk come straight into `out` with one read.
    Status read(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out);

    Status list(const ExtFile& directory, ExtDirVisitor visitor);

private:
    using Block = BlockCache::Block;

    // Consecutive blocks of a file that are a hole, or consecutive on the disk too.
    struct BlockRun {
        std::uint64_t physical = 0;  // 0: a hole
        std::uint64_t blocks = 0;    // at least 1
    };

    struct ExtentNode;

    Status corrupt(const char* detail);
    Status load_block(std::uint64_t number, Block& block, const char* detail);

    // ext_inode.cpp
    Status find_inode_table(std::uint32_t group, std::uint64_t& first_block);
    std::uint64_t descriptor_block(std::uint32_t index) const;
    bool group_has_superblock(std::uint64_t group) const;
    bool descriptor_checksum_is_right(std::uint32_t group, std::span<const std::byte> descriptor) const;
    Status load_raw_inode(std::uint32_t number, std::span<const std::byte>& raw);
    bool inode_checksum_is_right(std::uint32_t number, std::span<const std::byte> raw) const;
    Status read_inode(std::uint32_t number, ExtFile& file);
    std::uint32_t file_checksum_seed(const ExtFile& file) const;

    // ext_blocks.cpp, ext_extents.cpp
    Status map(const ExtFile& file, std::uint64_t logical, BlockRun& run);
    Status map_pointers(const ExtFile& file, std::uint64_t logical, BlockRun& run);
    Status take_pointers(std::span<const std::byte> pointers, std::uint64_t index, std::uint64_t count, BlockRun& run);
    Status map_extents(const ExtFile& file, std::uint64_t logical, BlockRun& run);
    Status load_extent_node(const ExtFile& file, std::uint64_t number, unsigned depth, ExtentNode& node);
    Status check_extent_node(std::span<const std::byte> bytes, ExtentNode& node);
    Status check_extents(const ExtentNode& node);

    // ext_read.cpp, ext_inline.cpp
    Status map_many(const ExtFile& file, std::uint64_t logical, std::uint64_t wanted, BlockRun& run);
    Status read_blocks(const ExtFile& file, std::uint64_t logical, std::span<std::byte> out, std::size_t& done);
    Status read_part(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out, std::size_t& done);
    Status find_inline_tail(const ExtFile& file, std::span<const std::byte>& tail);
    Status read_inline(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out);

    // ext_directory.cpp
    Status walk_directory(const ExtFile& directory, ExtDirVisitor visitor);
    Status walk_directory_block(const ExtFile& directory, std::uint64_t logical, std::uint64_t physical,
                                ExtDirVisitor visitor, bool& go_on);
    Status walk_inline_directory(const ExtFile& directory, ExtDirVisitor visitor);
    Status walk_entries(std::span<const std::byte> bytes, ExtDirVisitor visitor, bool& go_on);
    Status check_directory_block(const ExtFile& directory, std::uint64_t logical, std::span<const std::byte> bytes);
    std::uint32_t entry_length(std::span<const std::byte> bytes, std::size_t at) const;
    Status find_entry(const ExtFile& directory, std::string_view name, std::uint32_t& inode);

    // ext_path.cpp
    Status prepend_link(const ExtFile& link, bool& absolute);

    BlockSource* source_ = nullptr;  // null: not mounted
    ExtSuperblock super_;
    BlockCache cache_;
    ExtFile root_;
    PathQueue path_;
    std::uint64_t directory_budget_ = 0;
    const char* detail_ = nullptr;
    const char* refused_feature_ = nullptr;
};

}  // namespace pvloader
