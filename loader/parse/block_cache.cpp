// SPDX-License-Identifier: MIT
// Least recently used block goes first.
#include "parse/block_cache.hpp"

#include <algorithm>

namespace pvloader {

bool BlockCache::reset(BlockSource& source, std::span<std::byte> scratch, std::uint32_t block_bits) {
    source_ = &source;
    scratch_ = scratch;
    block_bits_ = block_bits;
    slot_count_ = std::min(kMaxSlots, scratch.size() >> block_bits);
    clock_ = 0;
    slots_ = {};
    return slot_count_ >= kMinSlots;
}

std::size_t BlockCache::oldest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < slot_count_; ++i) {
        if (slots_[i].last_use < slots_[best].last_use) {
            best = i;
        }
    }
    return best;
}

BlockCache::Block BlockCache::give(std::size_t index) {
    slots_[index].last_use = ++clock_;
    const std::size_t block_bytes = std::size_t{1} << block_bits_;
    return {scratch_.subspan(index << block_bits_, block_bytes), &slots_[index].checked_as};
}

Status BlockCache::load(std::uint64_t number, Block& block) {
    for (std::size_t i = 0; i < slot_count_; ++i) {
        if (slots_[i].last_use != 0 && slots_[i].number == number) {
            block = give(i);
            return Status::Ok;
        }
    }
    const std::size_t victim = oldest();
    slots_[victim] = {};
    const std::size_t block_bytes = std::size_t{1} << block_bits_;
    const Status status = source_->read(number << block_bits_, scratch_.subspan(victim << block_bits_, block_bytes));
    if (status == Status::Ok) {
        slots_[victim].number = number;
        block = give(victim);
    }
    return status;
}

}  // namespace pvloader
