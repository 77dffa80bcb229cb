// SPDX-License-Identifier: MIT
// Storage on top of the guest library.
#include "guest/guest_storage.hpp"

#include "guest/flat_memory.hpp"

namespace pvloader {

std::uint32_t GuestStorage::disk_count() {
    if (knows_disks_) return disk_count_;
    knows_disks_ = true;
    std::array<std::uint32_t, kMaxDisks> numbers{};
    const int count = pv_blk_list(numbers.data(), kMaxDisks);
    disk_count_ = count < 0 ? 0 : static_cast<std::uint32_t>(count) < kMaxDisks ? static_cast<std::uint32_t>(count) : kMaxDisks;
    for (std::uint32_t i = 0; i < disk_count_; ++i) disks_[i].set_number(numbers[i]);
    return disk_count_;
}

Status GuestStorage::open_disk(std::uint32_t index, Disk& disk) {
    if (index >= disk_count()) return Status::NotFound;
    const Status status = disks_[index].open();
    disk.source = &disks_[index];
    disk.sector_bytes = disks_[index].sector_bytes();
    return status;
}

void GuestStorage::close_disks() {
    for (std::uint32_t i = 0; i < disk_count_; ++i) disks_[i].close();
}

std::span<std::byte> GuestStorage::allocate(std::size_t bytes) { return take_flat_memory(bytes); }

void GuestStorage::release(std::span<std::byte> memory) { give_flat_memory(memory); }

}  // namespace pvloader
