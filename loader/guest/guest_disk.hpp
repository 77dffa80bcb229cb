// SPDX-License-Identifier: MIT
// A disk of the domain as a source of bytes. Connects when it is first used, and again after it was closed.
#pragma once

#include <cstdint>
#include <span>

#include <pv/blkfront.h>

#include "parse/block_source.hpp"

namespace pvloader {

class GuestDisk final : public BlockSource {
public:
    constexpr GuestDisk() = default;

    void set_number(std::uint32_t number) { number_ = number; }

    Status open();
    void close();

    // Small reads, which is what directories and partition tables cause, are served from a window that is read ahead; large ones
    // go to the disk as they are.
    Status read(std::uint64_t byte_offset, std::span<std::byte> out) override;
    std::uint64_t size_bytes() const override { return bytes_; }
    std::uint32_t sector_bytes() const { return sector_bytes_; }

private:
    static constexpr std::size_t kWindowBytes = 64 * 1024;
    static constexpr unsigned kWindowOrder = 4;

    Status read_direct(std::uint64_t byte_offset, std::span<std::byte> out);
    Status load_window(std::uint64_t byte_offset);

    pv_blk* disk_ = nullptr;
    std::uint32_t number_ = 0;
    std::uint32_t sector_bytes_ = 512;
    std::uint64_t bytes_ = 0;
    std::byte* window_ = nullptr;
    std::uint64_t window_offset_ = 0;
    std::size_t window_used_ = 0;  // 0: nothing is in the window
};

}  // namespace pvloader
