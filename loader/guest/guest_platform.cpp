// SPDX-License-Identifier: MIT
// The platform on top of the guest library.
#include "guest/guest_platform.hpp"

#include <pv/console.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include "guest/flat_memory.hpp"

namespace pvloader {

std::uint32_t GuestPlatform::disk_count() {
    if (knows_disks_) return disk_count_;
    knows_disks_ = true;
    std::array<std::uint32_t, kMaxDisks> numbers{};
    const int count = pv_blk_list(numbers.data(), kMaxDisks);
    disk_count_ = count < 0 ? 0 : static_cast<std::uint32_t>(count) < kMaxDisks ? static_cast<std::uint32_t>(count) : kMaxDisks;
    for (std::uint32_t i = 0; i < disk_count_; ++i) disks_[i].set_number(numbers[i]);
    return disk_count_;
}

Status GuestPlatform::open_disk(std::uint32_t index, Disk& disk) {
    if (index >= disk_count()) return Status::NotFound;
    const Status status = disks_[index].open();
    disk.source = &disks_[index];
    disk.sector_bytes = disks_[index].sector_bytes();
    return status;
}

void GuestPlatform::close_disks() {
    for (std::uint32_t i = 0; i < disk_count_; ++i) disks_[i].close();
}

std::span<std::byte> GuestPlatform::allocate(std::size_t bytes) { return take_flat_memory(bytes); }

void GuestPlatform::release(std::span<std::byte> memory) { give_flat_memory(memory); }

void GuestPlatform::write(std::string_view text) { pv_console_write(text.data(), text.size()); }

int GuestPlatform::read_byte(std::uint64_t deadline_ns) {
    for (;;) {
        const int byte = pv_console_getc();
        if (byte >= 0) return byte;
        if (deadline_ns != 0 && pv_time_ns() >= deadline_ns) return -1;
        (void)pv_console_wait(deadline_ns);  // the deadline is looked at above
    }
}

void GuestPlatform::sleep_until(std::uint64_t deadline_ns) {
    const std::uint64_t now = pv_time_ns();
    if (now < deadline_ns) pv_sleep_ns(deadline_ns - now);
}

std::uint64_t GuestPlatform::now_ns() { return pv_time_ns(); }

// The monitor writes whether input comes from a terminal. Elsewhere the node does not exist, and there is someone.
bool GuestPlatform::is_interactive() {
    if (!knows_input_) {
        std::uint64_t answer = 1;
        knows_input_ = true;
        is_interactive_ = pv_xs_read_number(PV_XS_NO_TRANSACTION, "console/interactive", &answer) != 0 || answer != 0;
    }
    return is_interactive_;
}

}  // namespace pvloader
