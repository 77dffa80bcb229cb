// SPDX-License-Identifier: MIT
// Where a file's blocks are: ext4's tree of extents.
//
// A node is a header and a sorted array of entries of twelve bytes: extents in a leaf, children above. The root lies
// in the inode. Each node is checked in full when it comes into the cache, so that the search below can trust the order.
#include "parse/ext.hpp"

#include <algorithm>

#include "parse/ext_crc.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

constexpr std::uint16_t kMagic = 0xF30A;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kEntryBytes = 12;
constexpr unsigned kDeepestTree = 5;
constexpr std::uint32_t kLongestWritten = 32768;  // a length above it marks allocated blocks that were never written
constexpr std::uint64_t kLogicalEnd = std::uint64_t{1} << 32;
constexpr std::uint64_t kCheckedAsExtents = std::uint64_t{1} << 32;  // with the inode's number below

}  // namespace

struct Ext::ExtentNode {
    std::span<const std::byte> bytes;
    unsigned count = 0;
    unsigned depth = 0;  // 0: a leaf

    std::span<const std::byte> entry(unsigned index) const {
        return bytes.subspan(kHeaderBytes + index * kEntryBytes, kEntryBytes);
    }
    std::uint64_t logical(unsigned index) const { return load_le32(entry(index), 0); }
    std::uint64_t child(unsigned index) const {
        return load_le32(entry(index), 4) | std::uint64_t{load_le16(entry(index), 8)} << 32;
    }
    std::uint64_t extent_start(unsigned index) const {
        return load_le32(entry(index), 8) | std::uint64_t{load_le16(entry(index), 6)} << 32;
    }
    bool is_written(unsigned index) const { return load_le16(entry(index), 4) <= kLongestWritten; }
    std::uint32_t length(unsigned index) const {
        const std::uint32_t stored = load_le16(entry(index), 4);
        return stored <= kLongestWritten ? stored : stored - kLongestWritten;
    }

    // How many entries begin at or before `block`.
    unsigned count_up_to(std::uint64_t block) const {
        unsigned low = 0;
        unsigned high = count;
        while (low < high) {
            const unsigned middle = low + (high - low) / 2;
            if (logical(middle) <= block) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
};

// Entries in order, without overlap, inside the disk.
Status Ext::check_extents(const ExtentNode& node) {
    std::uint64_t free_from = 0;
    for (unsigned i = 0; i < node.count; ++i) {
        const std::uint64_t blocks = node.depth == 0 ? node.length(i) : 1;
        if (blocks == 0 || node.logical(i) < free_from || node.logical(i) + blocks > kLogicalEnd) {
            return corrupt("extent: order or length");
        }
        free_from = node.logical(i) + blocks;
        if (!super_.holds(node.depth == 0 ? node.extent_start(i) : node.child(i), blocks)) {
            return corrupt("extent: place");
        }
    }
    return Status::Ok;
}

Status Ext::check_extent_node(std::span<const std::byte> bytes, ExtentNode& node) {
    node.bytes = bytes;
    node.count = load_le16(bytes, 2);
    node.depth = load_le16(bytes, 6);
    const std::size_t capacity = load_le16(bytes, 4);
    if (load_le16(bytes, 0) != kMagic || node.count > capacity ||
        capacity > (bytes.size() - kHeaderBytes) / kEntryBytes || node.depth > kDeepestTree ||
        (node.depth != 0 && node.count == 0)) {
        return corrupt("extent tree: header");
    }
    return Status::Ok;
}

Status Ext::load_extent_node(const ExtFile& file, std::uint64_t number, unsigned depth, ExtentNode& node) {
    Block block;
    if (const Status status = load_block(number, block, "extent tree: place"); status != Status::Ok) {
        return status;
    }
    if (const Status status = check_extent_node(block.bytes, node); status != Status::Ok) {
        return status;
    }
    if (node.depth != depth) {
        return corrupt("extent tree: depth");
    }
    const std::uint64_t mark = kCheckedAsExtents | file.inode;
    if (*block.checked_as == mark) {
        return Status::Ok;
    }
    if (super_.has_metadata_checksums()) {
        // Behind the last possible entry, and so covering unused ones.
        const std::size_t at = kHeaderBytes + load_le16(block.bytes, 4) * kEntryBytes;
        if (at + 4 > block.bytes.size() ||
            crc32c(file_checksum_seed(file), block.bytes.first(at)) != load_le32(block.bytes, at)) {
            return corrupt("extent tree: checksum");
        }
    }
    const Status status = check_extents(node);
    if (status == Status::Ok) {
        *block.checked_as = mark;
    }
    return status;
}

Status Ext::map_extents(const ExtFile& file, std::uint64_t logical, BlockRun& run) {
    if (logical >= kLogicalEnd) {
        return corrupt("file larger than its extents reach");
    }
    ExtentNode node;
    if (const Status status = check_extent_node(file.block_area, node); status != Status::Ok) {
        return status;
    }
    if (const Status status = check_extents(node); status != Status::Ok) {
        return status;
    }
    std::uint64_t limit = kLogicalEnd;  // where the next entry of any level begins: no run goes beyond
    for (;;) {
        const unsigned found = node.count_up_to(logical);
        if (found < node.count) {
            limit = std::min(limit, node.logical(found));
        }
        run = {0, limit - logical};
        if (found == 0) {
            return Status::Ok;
        }
        if (node.depth == 0) {
            const std::uint64_t start = node.logical(found - 1);
            const std::uint64_t end = std::min(limit, start + node.length(found - 1));
            if (logical < end) {
                const std::uint64_t physical = node.extent_start(found - 1) + (logical - start);
                run = {node.is_written(found - 1) ? physical : 0, end - logical};
            }
            return Status::Ok;
        }
        // The depth falls by one with each step, which bounds this loop.
        const Status status = load_extent_node(file, node.child(found - 1), node.depth - 1, node);
        if (status != Status::Ok) {
            return status;
        }
    }
}

}  // namespace pvloader
