// SPDX-License-Identifier: MIT
// What the loader needs of the machine it runs on: storage, a console with a clock, and a way to start a kernel.
//
// Everything in boot/ is written against this interface and makes no call of its own, so that it runs in a guest and, with
// files for disks, in a test on the host. One thread; objects handed out live as long as the platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fs/storage.hpp"

namespace pvloader {

// A kernel that is ready to start. All objects begin on a page boundary.
struct StartRequest {
    std::span<const std::byte> kernel;  // an ELF file, not compressed
    // In pieces, of which all but the last count with the whole of their last page. None: there is no ramdisk.
    std::span<const Buffer> ramdisk;
    bool ramdisk_is_modules = false;          // a package of multiboot modules (PV_SIF_MULTIBOOT_MOD)
    std::span<const std::byte> command_line;  // without a NUL
};

class Platform : public Storage {
public:
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

// Prints a note or an error: every such line begins with the same word.
inline void say(Platform& platform, std::string_view text) {
    platform.write("loader: ");
    platform.write(text);
    platform.write("\n");
}

}  // namespace pvloader
