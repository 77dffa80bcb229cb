// SPDX-License-Identifier: MIT
// Where a file's blocks are: the classic scheme of twelve direct pointers and three trees of pointer blocks.
#include "parse/ext.hpp"

#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

constexpr std::uint64_t kDirectPointers = 12;
constexpr unsigned kDeepestTree = 3;
constexpr std::size_t kPointerBytes = 4;

}  // namespace

Status Ext::map(const ExtFile& file, std::uint64_t logical, BlockRun& run) {
    return file.has_extents() ? map_extents(file, logical, run) : map_pointers(file, logical, run);
}

// The longest run that starts at pointer `index` of `count`.
Status Ext::take_pointers(std::span<const std::byte> pointers, std::uint64_t index, std::uint64_t count, BlockRun& run) {
    const auto pointer_at = [pointers](std::uint64_t i) {
        return load_le32(pointers, static_cast<std::size_t>(i) * kPointerBytes);
    };
    const std::uint32_t first = pointer_at(index);
    std::uint64_t blocks = 1;
    while (index + blocks < count && pointer_at(index + blocks) == (first == 0 ? 0 : first + blocks)) {
        ++blocks;
    }
    run = {first, blocks};
    return first == 0 || super_.holds(first, blocks) ? Status::Ok : corrupt("block pointer");
}

Status Ext::map_pointers(const ExtFile& file, std::uint64_t logical, BlockRun& run) {
    if (logical < kDirectPointers) {
        return take_pointers(file.block_area, logical, kDirectPointers, run);
    }
    const std::uint64_t per_block = super_.block_bytes() / kPointerBytes;
    std::uint64_t within = logical - kDirectPointers;
    std::uint64_t span = per_block;  // data blocks below one pointer of the level that is looked at
    unsigned level = 1;
    while (within >= span) {
        within -= span;
        span *= per_block;
        if (++level > kDeepestTree) {
            return corrupt("file larger than its block pointers reach");
        }
    }
    std::uint32_t pointer = load_le32(file.block_area, (kDirectPointers + level - 1) * kPointerBytes);
    for (;;) {
        if (pointer == 0) {
            run = {0, span - within};
            return Status::Ok;
        }
        Block block;
        if (const Status status = load_block(pointer, block, "pointer to a block of pointers"); status != Status::Ok) {
            return status;
        }
        span /= per_block;
        if (span == 1) {
            return take_pointers(block.bytes, within, per_block, run);
        }
        pointer = load_le32(block.bytes, static_cast<std::size_t>(within / span) * kPointerBytes);
        within %= span;
    }
}

}  // namespace pvloader
