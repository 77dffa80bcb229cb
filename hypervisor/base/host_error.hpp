// SPDX-License-Identifier: MIT
// HostError: the host or the user's input lacks something at set-up. Thrown with the place and the remedy, caught once at
// the control edge, which turns `kind` into the exit status. Nothing that a guest does is ever a HostError.
#pragma once

#include <stdexcept>
#include <string>

namespace pvisor {

class HostError : public std::runtime_error {
 public:
  enum class Kind {
    Host,   ///< exit status 125: a file, a permission, a kernel or image that cannot be started
    Usage,  ///< exit status 126: wrong option or configuration
  };

  explicit HostError(const std::string& what, Kind kind = Kind::Host) : std::runtime_error(what), kind_(kind) {}
  /// "what: strerror(error)".
  [[nodiscard]] static HostError from_errno(const std::string& what, int error);
  [[nodiscard]] static HostError usage(const std::string& what) { return HostError(what, Kind::Usage); }
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

}  // namespace pvisor
