// SPDX-License-Identifier: MIT
// The loader's world inside a domain: front ends for disks, the console ring, and the chainload call.
#pragma once

#include "boot/platform.hpp"
#include "guest/guest_storage.hpp"

namespace pvloader {

class GuestPlatform final : public Platform {
public:
    constexpr GuestPlatform() = default;

    std::uint32_t disk_count() override { return storage_.disk_count(); }
    Status open_disk(std::uint32_t index, Disk& disk) override { return storage_.open_disk(index, disk); }
    std::span<std::byte> allocate(std::size_t bytes) override { return storage_.allocate(bytes); }
    void release(std::span<std::byte> memory) override { storage_.release(memory); }
    void write(std::string_view text) override;
    int read_byte(std::uint64_t deadline_ns) override;
    void sleep_until(std::uint64_t deadline_ns) override;
    std::uint64_t now_ns() override;
    bool is_interactive() override;
    std::string_view start(const StartRequest& request) override;

    void close_disks() { storage_.close_disks(); }

private:
    GuestStorage storage_;
    bool knows_input_ = false;
    bool is_interactive_ = true;
};

}  // namespace pvloader
