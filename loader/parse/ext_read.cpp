// SPDX-License-Identifier: MIT
// Reading a file's bytes: whole blocks straight to the caller, the ragged ends through the cache.
#include "parse/ext.hpp"

#include <algorithm>

namespace pvloader {

// As map(), and joins runs that turn out to lie side by side; at most `wanted` blocks.
Status Ext::map_many(const ExtFile& file, std::uint64_t logical, std::uint64_t wanted, BlockRun& run) {
    if (const Status status = map(file, logical, run); status != Status::Ok) {
        return status;
    }
    while (run.blocks < wanted) {
        BlockRun next;
        if (const Status status = map(file, logical + run.blocks, next); status != Status::Ok) {
            return status;
        }
        if (next.physical != (run.physical == 0 ? 0 : run.physical + run.blocks)) {
            break;
        }
        run.blocks += next.blocks;
    }
    run.blocks = std::min(run.blocks, wanted);
    return Status::Ok;
}

// `out` is at least a block; `done` says how much of it was filled.
Status Ext::read_blocks(const ExtFile& file, std::uint64_t logical, std::span<std::byte> out, std::size_t& done) {
    BlockRun run;
    if (const Status status = map_many(file, logical, out.size() >> super_.block_bits, run); status != Status::Ok) {
        return status;
    }
    done = static_cast<std::size_t>(run.blocks << super_.block_bits);
    const auto target = out.first(done);
    if (run.physical == 0) {
        std::fill(target.begin(), target.end(), std::byte{0});
        return Status::Ok;
    }
    return source_->read(run.physical << super_.block_bits, target);
}

// The part of `out` that lies in the block of `offset`.
Status Ext::read_part(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out, std::size_t& done) {
    const std::size_t within = static_cast<std::size_t>(offset & (super_.block_bytes() - 1));
    BlockRun run;
    if (const Status status = map(file, offset >> super_.block_bits, run); status != Status::Ok) {
        return status;
    }
    done = std::min(out.size(), super_.block_bytes() - within);
    const auto target = out.first(done);
    if (run.physical == 0) {
        std::fill(target.begin(), target.end(), std::byte{0});
        return Status::Ok;
    }
    Block block;
    if (const Status status = load_block(run.physical, block, "file block"); status != Status::Ok) {
        return status;
    }
    std::copy_n(block.bytes.begin() + static_cast<std::ptrdiff_t>(within), done, target.begin());
    return Status::Ok;
}

Status Ext::read(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    if (offset > file.bytes || out.size() > file.bytes - offset) {
        return Status::OutOfRange;
    }
    if (file.has_inline_data()) {
        return read_inline(file, offset, out);
    }
    while (!out.empty()) {
        const bool whole = (offset & (super_.block_bytes() - 1)) == 0 && out.size() >= super_.block_bytes();
        std::size_t done = 0;
        const Status status =
            whole ? read_blocks(file, offset >> super_.block_bits, out, done) : read_part(file, offset, out, done);
        if (status != Status::Ok) {
            return status;
        }
        offset += done;
        out = out.subspan(done);
    }
    return Status::Ok;
}

}  // namespace pvloader
