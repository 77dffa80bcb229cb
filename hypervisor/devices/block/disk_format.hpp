// SPDX-License-Identifier: MIT
// Recognises files that hold a disk in another form than raw, so that they are refused with the command that helps
// instead of being shown to the guest as garbage.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pvisor {

struct DiskFormat {
  std::string_view name;
  std::string_view remedy;  ///< a command with IN for the file and OUT for the new one
};

inline constexpr std::size_t kDiskHeadBytes = 512;
inline constexpr std::size_t kDiskTailBytes = 512;

/// From the first and the last bytes of a file (each may be shorter). Nothing: raw, as far as one can tell.
[[nodiscard]] std::optional<DiskFormat> recognise_disk_format(std::span<const std::byte> head, std::span<const std::byte> tail);

/// The remedy with `path` in it, quoted for a shell where needed.
[[nodiscard]] std::string disk_format_remedy(const DiskFormat& format, const std::string& path);

}  // namespace pvisor
