// SPDX-License-Identifier: MIT
// The disks of this domain, by its block front ends, and its free memory.
#pragma once

#include <array>

#include "fs/storage.hpp"
#include "guest/guest_disk.hpp"

namespace pvloader {

class GuestStorage final : public Storage {
public:
    static constexpr std::uint32_t kMaxDisks = 64;

    constexpr GuestStorage() = default;

    std::uint32_t disk_count() override;
    Status open_disk(std::uint32_t index, Disk& disk) override;
    std::span<std::byte> allocate(std::size_t bytes) override;
    void release(std::span<std::byte> memory) override;

    // Disconnects from all disks; they can be opened again.
    void close_disks();

private:
    std::array<GuestDisk, kMaxDisks> disks_{};
    std::uint32_t disk_count_ = 0;
    bool knows_disks_ = false;
};

}  // namespace pvloader
