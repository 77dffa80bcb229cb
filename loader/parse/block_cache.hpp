// SPDX-License-Identifier: MIT
// The few blocks of a file system that are kept in memory, in the scratch space of the caller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/block_source.hpp"

namespace pvloader {

class BlockCache {
public:
    static constexpr std::size_t kMinSlots = 3;
    static constexpr std::size_t kMaxSlots = 16;

    // A loaded block. The bytes stay until kMinSlots - 1 further loads; `checked_as` is the reader's note of what it has
    // verified this content to be, 0 after each fresh read.
    struct Block {
        std::span<const std::byte> bytes;
        std::uint64_t* checked_as = nullptr;
    };

    // False when `scratch` is too small.
    bool reset(BlockSource& source, std::span<std::byte> scratch, std::uint32_t block_bits);

    // `number` lies within the file system: callers have checked.
    Status load(std::uint64_t number, Block& block);

private:
    struct Slot {
        std::uint64_t number = 0;
        std::uint64_t last_use = 0;  // 0: empty
        std::uint64_t checked_as = 0;
    };

    Block give(std::size_t index);
    std::size_t oldest() const;

    BlockSource* source_ = nullptr;
    std::span<std::byte> scratch_;
    std::uint32_t block_bits_ = 10;
    std::size_t slot_count_ = 0;
    std::uint64_t clock_ = 0;
    std::array<Slot, kMaxSlots> slots_{};
};

}  // namespace pvloader
