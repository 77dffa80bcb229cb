// SPDX-License-Identifier: MIT
// Names of disks, partitions and files as GRUB legacy writes them: (hd0), (hd0,1), (hd0,1)/boot/vmlinuz, /boot/vmlinuz.
// Disks and partitions count from 0. Whether they exist is not asked here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pvloader {

inline constexpr std::size_t kMaxPathBytes = 4096;
inline constexpr std::uint32_t kMaxDeviceNumber = 65535;

struct DeviceName {
    std::optional<std::uint32_t> disk;       // none: the current root is meant
    std::optional<std::uint32_t> partition;  // none: the entire disk
    std::string_view path;                   // empty or beginning with '/', a view into the parsed text
};

enum class DeviceError : std::uint8_t {
    None,
    Empty,
    MissingParenthesis,
    NotADisk,         // a floppy, a CD drive, the network, or no word at all known here
    BadDiskNumber,
    BadPartition,
    Grub2Partition,   // (hd0,msdos1), (hd0,gpt2): the parse carries what to write instead
    Grub2Variable,    // ($root)
    BsdPartition,     // (hd0,0,a)
    BlockList,        // (hd0)+1
    NotAbsolute,
    ParentDirectory,
    PathTooLong,
};
std::string_view to_text(DeviceError error);

struct DeviceParse {
    DeviceError error = DeviceError::None;
    DeviceName name;                          // valid when there is no error
    std::optional<DeviceName> write_instead;  // the same place in this grammar, when that is known

    bool is_ok() const { return error == DeviceError::None; }
};

// `text` is one word of a command, without blanks around it.
DeviceParse parse_device_name(std::string_view text);

// What to say behind the name: "GRUB 2 names partitions otherwise and counts them from 1; write (hd0,0)", cut to `out`.
std::string_view device_error_text(const DeviceParse& parse, std::span<char> out);

}  // namespace pvloader
