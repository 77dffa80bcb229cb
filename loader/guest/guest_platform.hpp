// SPDX-License-Identifier: MIT
// The loader's world inside a domain: front ends for disks, the console ring, and the chainload call.
#pragma once

#include <array>

#include "boot/platform.hpp"
#include "guest/guest_disk.hpp"

namespace pvloader {

class GuestPlatform final : public Platform {
public:
    static constexpr std::uint32_t kMaxDisks = 64;

    constexpr GuestPlatform() = default;

    std::uint32_t disk_count() override;
    Status open_disk(std::uint32_t index, Disk& disk) override;
    std::span<std::byte> allocate(std::size_t bytes) override;
    void release(std::span<std::byte> memory) override;
    void write(std::string_view text) override;
    int read_byte(std::uint64_t deadline_ns) override;
    void sleep_until(std::uint64_t deadline_ns) override;
    std::uint64_t now_ns() override;
    bool is_interactive() override;
    std::string_view start(const StartRequest& request) override;

    // Disconnects from all disks; they can be opened again.
    void close_disks();

private:
    std::array<GuestDisk, kMaxDisks> disks_{};
    std::uint32_t disk_count_ = 0;
    bool knows_disks_ = false;
    bool knows_input_ = false;
    bool is_interactive_ = true;
};

}  // namespace pvloader
