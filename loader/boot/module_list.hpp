// SPDX-License-Identifier: MIT
// The modules of a multiboot kernel, as Xen's builders and PV-GRUB hand them over (pv_multiboot_mod_list): one package that begins
// with a page of descriptors; after it each module, then its command line, each on a page of its own.
//
// The package never lies in one piece here: what starts a kernel takes pages from anywhere, so no module is copied again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "boot/platform.hpp"
#include "fs/files.hpp"

namespace pvloader {

class ModuleList {
public:
    // What one page of descriptors has room for, the empty one that ends them included.
    static constexpr std::size_t kMaxModules = 255;
    enum class Packed : std::uint8_t { Unzip, Keep };

    explicit ModuleList(Platform& platform) : platform_(platform) {}

    // Reads one more module, decompressed if it is in gzip and that is wanted. False, and why: then nothing was added.
    bool add(const OpenFile& opened, std::string_view command_line, Packed packed, Message& why);
    void reset();

    bool is_empty() const { return used_ == 0; }
    // The package: all pieces but the last count with the whole of their last page.
    std::span<const Buffer> pieces() const { return std::span(pieces_).first(used_); }

private:
    bool make_header(Message& why);
    void add_descriptor(std::uint64_t content_bytes);
    std::size_t count() const { return used_ / 2; }

    Platform& platform_;
    std::array<Buffer, 1 + 2 * kMaxModules> pieces_;  // the descriptors, then content and command line of each module
    std::size_t used_ = 0;
    std::uint64_t package_bytes_ = 0;
};

}  // namespace pvloader
