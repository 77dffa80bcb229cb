// SPDX-License-Identifier: MIT
// Walking a directory. A hash index is not used: its leaves are ordinary blocks, and its own blocks look to a linear
// scan like blocks without entries.
#include "parse/ext.hpp"

#include <algorithm>

#include "parse/ext_crc.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kEntryHeaderBytes = 8;
constexpr std::size_t kTailBytes = 12;
constexpr std::uint32_t kTailMark = 0xDE00000C;  // length 12, no name, a type that no file has
constexpr std::uint64_t kCheckedAsDirectory = std::uint64_t{2} << 32;  // with the inode's number below
constexpr std::size_t kInlineParentBytes = 4;
// As constants, so that no strlen() is called.
constexpr std::string_view kHere = ".";
constexpr std::string_view kParent = "..";

std::string_view text_of(Bytes bytes) {
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

}  // namespace

// Lengths are multiples of four: in blocks of 64 KiB the two low bits carry what 16 bits cannot.
std::uint32_t Ext::entry_length(Bytes bytes, std::size_t at) const {
    const std::uint32_t stored = load_le16(bytes, at + 4);
    if (super_.block_bytes() < 65536) {
        return stored;
    }
    return stored == 0 || stored == 0xFFFF ? 65536 : (stored & 0xFFFC) | (stored & 3) << 16;
}

// Blocks of the hash index carry another kind of checksum, which guards numbers that are not used here.
Status Ext::check_directory_block(const ExtFile& directory, std::uint64_t logical, Bytes bytes) {
    if (!super_.has_metadata_checksums()) {
        return Status::Ok;
    }
    const std::size_t tail = bytes.size() - kTailBytes;
    if (load_le32(bytes, tail) != 0 || load_le32(bytes, tail + 4) != kTailMark) {
        const bool index_root = logical == 0;
        const bool index_node = load_le32(bytes, 0) == 0 && entry_length(bytes, 0) == bytes.size();
        return directory.has_hash_index() && (index_root || index_node) ? Status::Ok : corrupt("directory: no checksum");
    }
    if (crc32c(file_checksum_seed(directory), bytes.first(tail)) != load_le32(bytes, tail + 8)) {
        return corrupt("directory: checksum");
    }
    return Status::Ok;
}

// Entries fill the bytes without a gap.
Status Ext::walk_entries(Bytes bytes, ExtDirVisitor visitor, bool& go_on) {
    std::size_t at = 0;
    while (at < bytes.size() && go_on) {
        const std::size_t left = bytes.size() - at;
        const std::uint32_t length = left < kEntryHeaderBytes ? 0 : entry_length(bytes, at);
        const std::size_t name_bytes = load_u8(bytes, at + 6);
        if (length < kEntryHeaderBytes || length % 4 != 0 || length > left || name_bytes + kEntryHeaderBytes > length) {
            return corrupt("directory entry: length");
        }
        const std::uint32_t inode = load_le32(bytes, at);
        if (inode > super_.inode_count || (inode != 0 && name_bytes == 0)) {
            return corrupt("directory entry");
        }
        if (inode != 0) {
            const bool typed = (super_.incompat & ext_incompat::kFileType) != 0;
            const std::uint8_t type = typed ? load_u8(bytes, at + 7) : std::uint8_t{0};
            go_on = visitor.visit(visitor.context,
                                  {text_of(bytes.subspan(at + kEntryHeaderBytes, name_bytes)), inode, type});
        }
        at += length;
    }
    return Status::Ok;
}

Status Ext::walk_directory_block(const ExtFile& directory, std::uint64_t logical, std::uint64_t physical,
                                 ExtDirVisitor visitor, bool& go_on) {
    Block block;
    if (const Status status = load_block(physical, block, "directory block"); status != Status::Ok) {
        return status;
    }
    const std::uint64_t mark = kCheckedAsDirectory | directory.inode;
    if (*block.checked_as != mark) {
        if (const Status status = check_directory_block(directory, logical, block.bytes); status != Status::Ok) {
            return status;
        }
        *block.checked_as = mark;
    }
    return walk_entries(block.bytes, visitor, go_on);
}

// The 60 bytes are the parent's inode and entries, the attribute is further entries; "." and ".." are understood.
Status Ext::walk_inline_directory(const ExtFile& directory, ExtDirVisitor visitor) {
    constexpr std::uint8_t kTypeDirectory = 2;
    const Bytes head = directory.block_area;
    const std::uint32_t parent = load_le32(head, 0);
    if (parent == 0 || parent > super_.inode_count) {
        return corrupt("inline directory: parent");
    }
    if (!visitor.visit(visitor.context, {kHere, directory.inode, kTypeDirectory}) ||
        !visitor.visit(visitor.context, {kParent, parent, kTypeDirectory})) {
        return Status::Ok;
    }
    bool go_on = true;
    if (const Status status = walk_entries(head.subspan(kInlineParentBytes), visitor, go_on); status != Status::Ok) {
        return status;
    }
    Bytes tail;
    if (const Status status = find_inline_tail(directory, tail); status != Status::Ok) {
        return status;
    }
    return walk_entries(tail, visitor, go_on);
}

Status Ext::walk_directory(const ExtFile& directory, ExtDirVisitor visitor) {
    if (directory.has_inline_data()) {
        return walk_inline_directory(directory, visitor);
    }
    const std::uint64_t end = directory.bytes >> super_.block_bits;
    bool go_on = true;
    BlockRun run;
    std::uint64_t run_begin = 0;
    for (std::uint64_t logical = 0; logical < end && go_on;) {
        // Each step costs a block of the budget, a hole too.
        if (directory_budget_ < super_.block_bytes()) {
            detail_ = "directory too large";
            return Status::TooLarge;
        }
        directory_budget_ -= super_.block_bytes();
        if (logical == run_begin + run.blocks) {
            run_begin = logical;
            if (const Status status = map(directory, logical, run); status != Status::Ok) {
                return status;
            }
        }
        if (run.physical == 0) {
            logical += run.blocks;
            continue;
        }
        const Status status =
            walk_directory_block(directory, logical, run.physical + (logical - run_begin), visitor, go_on);
        if (status != Status::Ok) {
            return status;
        }
        ++logical;
    }
    return Status::Ok;
}

Status Ext::list(const ExtFile& directory, ExtDirVisitor visitor) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    if (!directory.is_directory()) {
        return Status::NotDirectory;
    }
    detail_ = nullptr;
    directory_budget_ = kDirectoryBudgetBytes;
    return walk_directory(directory, visitor);
}

Status Ext::find_entry(const ExtFile& directory, std::string_view name, std::uint32_t& inode) {
    struct Search {
        std::string_view name;
        std::uint32_t inode = 0;
    };
    Search search{name};
    const auto compare = [](void* context, const ExtDirEntry& entry) {
        auto& wanted = *static_cast<Search*>(context);
        if (entry.name != wanted.name) {
            return true;
        }
        wanted.inode = entry.inode;
        return false;
    };
    if (const Status status = walk_directory(directory, {compare, &search}); status != Status::Ok) {
        return status;
    }
    inode = search.inode;
    return inode != 0 ? Status::Ok : Status::NotFound;
}

}  // namespace pvloader
