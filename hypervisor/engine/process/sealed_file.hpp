// SPDX-License-Identifier: MIT
// Memory files that monitor and guests share: of a size that nobody can change any more, so that no access can meet the file's end.
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"

namespace pvisor::process {

/// Zeroed. Closed, with errno, when the host has none.
[[nodiscard]] UniqueFd make_sealed_file(const char* name, std::uint64_t bytes);

}  // namespace pvisor::process
