// SPDX-License-Identifier: MIT
// JSON read strictly: at most 1 MiB, nesting of at most 16, no duplicate keys, no comments, no byte order mark, no NUL in
// strings, nothing behind the value. Refusals are HostError::usage "FILE:LINE: what".
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pvisor {

inline constexpr std::size_t kMaxJsonBytes = 1U << 20;
inline constexpr std::size_t kMaxJsonDepth = 16;

/// `file` is only for messages.
[[nodiscard]] nlohmann::json parse_strict_json(const std::string& file, std::string_view text);

}  // namespace pvisor
