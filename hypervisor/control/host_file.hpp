// SPDX-License-Identifier: MIT
// Files of the host that are read whole: kernels, ramdisks, menus, descriptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file_root.hpp"
#include "base/unique_fd.hpp"

namespace pvisor {

inline constexpr std::uint64_t kMaxKernelBytes = 1ULL << 30;

/// A file that is opened once and read as often as a guest is started: later the monitor cannot open it any more. So a reboot starts
/// the same file, even if another has taken its name.
class HostFile {
 public:
  /// A regular file (or a pipe; opens without waiting for its writer); below a limited root only regular files are opened.
  /// Throws HostError "WHAT FILE: why".
  HostFile(const std::string& path, const std::string& what, const FileRoot& root = FileRoot::whole());
  /// All of it. Throws HostError, also if it has more than `limit` bytes.
  [[nodiscard]] std::vector<std::byte> read(std::uint64_t limit = kMaxKernelBytes) const;
  /// "kernel a.elf", for messages.
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  std::string place_;
  UniqueFd fd_;
};

/// The content of one that is read once.
[[nodiscard]] std::vector<std::byte> read_host_file(const std::string& path, const std::string& what, std::uint64_t limit,
                                                    const FileRoot& root = FileRoot::whole());

/// Where pvisor's own loader is: beside the binary in the build folder, or where it was installed.
[[nodiscard]] std::string find_own_loader();

}  // namespace pvisor
