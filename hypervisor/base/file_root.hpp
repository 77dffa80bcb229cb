// SPDX-License-Identifier: MIT
// FileRoot: where file names that somebody gave us may lead: anywhere, as the user could open it, or only below one folder.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/host_error.hpp"
#include "base/unique_fd.hpp"

namespace pvisor {

class FileRoot {
 public:
  /// No limit.
  FileRoot() = default;
  /// Only below `folder`: no "..", no symbolic link, no mount point's way out, whatever is swapped meanwhile (openat2). Throws
  /// HostError if there is no such folder.
  explicit FileRoot(const std::string& folder);

  /// The one without a limit.
  [[nodiscard]] static const FileRoot& whole();

  [[nodiscard]] bool is_limited() const { return folder_.is_open(); }
  /// Like open(2): closed, with errno set, if it fails. With a limit `path` is relative to the folder.
  [[nodiscard]] UniqueFd open(const std::string& path, int flags, mode_t mode = 0) const;
  /// Like rename(2), of two names in the same folder: 0 or errno.
  [[nodiscard]] int rename(const std::string& from, const std::string& to) const;
  /// What to tell about an open that failed with `error`: "PLACE: why".
  [[nodiscard]] HostError refusal(const std::string& place, int error) const;

 private:
  std::string name_;
  UniqueFd folder_;
};

}  // namespace pvisor
