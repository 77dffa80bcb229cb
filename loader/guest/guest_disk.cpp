// SPDX-License-Identifier: MIT
// Reading from the block front end.
#include "guest/guest_disk.hpp"

#include <pv/pages.h>
#include <pv/string.h>

namespace pvloader {

Status GuestDisk::open() {
    if (disk_ != nullptr) return Status::Ok;
    if (pv_blk_open(number_, &disk_) < 0) {
        disk_ = nullptr;
        return Status::IoError;
    }
    const struct pv_blk_info* info = pv_blk_get_info(disk_);
    const bool is_usual = info->sector_size >= 512 && info->sector_size <= kWindowBytes &&
                          (info->sector_size & (info->sector_size - 1)) == 0;
    sector_bytes_ = is_usual ? info->sector_size : 512;
    constexpr std::uint64_t kMostSectors = UINT64_MAX / PV_BLKIF_SECTOR_SIZE;
    bytes_ = (info->sectors < kMostSectors ? info->sectors : kMostSectors) * PV_BLKIF_SECTOR_SIZE;
    return Status::Ok;
}

void GuestDisk::close() {
    if (disk_ != nullptr) (void)pv_blk_close(disk_);  // gone either way; a new kernel is told by the back end's state
    if (window_ != nullptr) pv_pages_free(window_, kWindowOrder);
    disk_ = nullptr;
    window_ = nullptr;
    window_used_ = 0;
}

Status GuestDisk::read_direct(std::uint64_t byte_offset, std::span<std::byte> out) {
    const int result = pv_blk_read(disk_, byte_offset / PV_BLKIF_SECTOR_SIZE, out.data(), out.size() / PV_BLKIF_SECTOR_SIZE);
    return result < 0 ? Status::IoError : Status::Ok;
}

Status GuestDisk::load_window(std::uint64_t byte_offset) {
    if (window_ == nullptr) window_ = static_cast<std::byte*>(pv_pages_alloc(kWindowOrder));
    if (window_ == nullptr) return Status::ScratchTooSmall;
    window_used_ = 0;
    window_offset_ = byte_offset / kWindowBytes * kWindowBytes;
    const std::uint64_t left = bytes_ - window_offset_;
    const std::size_t count = left < kWindowBytes ? static_cast<std::size_t>(left) : kWindowBytes;
    const Status status = read_direct(window_offset_, {window_, count});
    if (status == Status::Ok) window_used_ = count;
    return status;
}

Status GuestDisk::read(std::uint64_t byte_offset, std::span<std::byte> out) {
    const Status opened = open();
    if (opened != Status::Ok) return opened;
    if (byte_offset > bytes_ || out.size() > bytes_ - byte_offset) return Status::OutOfRange;
    const bool is_aligned = byte_offset % sector_bytes_ == 0 && out.size() % sector_bytes_ == 0;
    if (is_aligned && out.size() >= kWindowBytes) return read_direct(byte_offset, out);
    while (!out.empty()) {
        const bool is_inside =
            window_used_ != 0 && byte_offset >= window_offset_ && byte_offset - window_offset_ < window_used_;
        if (!is_inside) {
            const Status status = load_window(byte_offset);
            if (status != Status::Ok) return status;
        }
        const auto skip = static_cast<std::size_t>(byte_offset - window_offset_);
        const std::size_t count = out.size() < window_used_ - skip ? out.size() : window_used_ - skip;
        memcpy(out.data(), window_ + skip, count);
        out = out.subspan(count);
        byte_offset += count;
    }
    return Status::Ok;
}

}  // namespace pvloader
