// SPDX-License-Identifier: MIT
// What the loader needs of the machine it runs on: disks, memory, a console with a clock, and a way to start a kernel.
//
// Everything in boot/ is written against this interface and makes no call of its own, so that it runs in a guest and, with
// files for disks, in a test on the host. One thread; objects handed out live as long as the platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parse/block_source.hpp"

namespace pvloader {

// A kernel that is ready to start. All three objects begin on a page boundary; the ramdisk may be absent.
struct StartRequest {
    std::span<const std::byte> kernel;  // an ELF file, not compressed
    std::span<const std::byte> initrd;
    std::span<const std::byte> command_line;  // without a NUL
};

class Platform {
public:
    struct Disk {
        BlockSource* source = nullptr;
        std::uint32_t sector_bytes = 512;
    };

    // Disks count from 0 in the order of their device numbers.
    virtual std::uint32_t disk_count() = 0;
    virtual Status open_disk(std::uint32_t index, Disk& disk) = 0;

    // Memory that lies in one piece and begins on a page boundary; empty when there is not so much.
    virtual std::span<std::byte> allocate(std::size_t bytes) = 0;
    virtual void release(std::span<std::byte> memory) = 0;

    virtual void write(std::string_view text) = 0;
    // The next byte typed, or -1 when the deadline (0: none) came first.
    virtual int read_byte(std::uint64_t deadline_ns) = 0;
    // Waits without touching what is typed.
    virtual void sleep_until(std::uint64_t deadline_ns) = 0;
    virtual std::uint64_t now_ns() = 0;
    // False when nobody can press a key: input is no terminal.
    virtual bool is_interactive() = 0;

    // Lets go of all devices and starts the kernel. Returns only when that failed, with the reason; then everything,
    // disks included, can be used as before.
    virtual std::string_view start(const StartRequest& request) = 0;

protected:
    ~Platform() = default;
};

// Memory of the platform, given back at the end of its life.
class Buffer {
public:
    explicit Buffer(Platform& platform) : platform_(platform) {}
    ~Buffer() { reset(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    // False when there is not so much memory; the former content is gone in any case.
    [[nodiscard]] bool allocate(std::size_t bytes) {
        reset();
        memory_ = platform_.allocate(bytes);
        used_ = memory_.empty() ? 0 : bytes;
        return !memory_.empty();
    }
    void shrink(std::size_t bytes) { used_ = bytes < used_ ? bytes : used_; }
    void reset() {
        if (!memory_.empty()) platform_.release(memory_);
        memory_ = {};
        used_ = 0;
    }
    std::span<std::byte> bytes() const { return memory_.first(used_); }
    std::span<char> chars() const { return {reinterpret_cast<char*>(memory_.data()), used_}; }

private:
    Platform& platform_;
    std::span<std::byte> memory_;
    std::size_t used_ = 0;
};

}  // namespace pvloader
