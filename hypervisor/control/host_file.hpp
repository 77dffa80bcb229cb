// SPDX-License-Identifier: MIT
// Files of the host that are read whole: kernels, ramdisks, menus, descriptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file_root.hpp"

namespace pvisor {

inline constexpr std::uint64_t kMaxKernelBytes = 1ULL << 30;

/// The content of a regular file (or a pipe). Throws HostError "WHAT FILE: why" if it cannot be read or has more than `limit`
/// bytes. Opens without waiting for a FIFO's writer; below a limited root only regular files are read.
[[nodiscard]] std::vector<std::byte> read_host_file(const std::string& path, const std::string& what, std::uint64_t limit,
                                                    const FileRoot& root = FileRoot::whole());

/// Where pvisor's own loader is: beside the binary in the build folder, or where it was installed.
[[nodiscard]] std::string find_own_loader();

}  // namespace pvisor
