// SPDX-License-Identifier: MIT
#include "base/host_error.hpp"

#include <system_error>

namespace pvisor {

HostError HostError::from_errno(const std::string& what, int error) {
  return HostError(what + ": " + std::generic_category().message(error));
}

}  // namespace pvisor
