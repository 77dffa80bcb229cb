// SPDX-License-Identifier: MIT
// Quantities as people write them: memory sizes, times, small numbers. A refusal is HostError::usage whose text begins with
// `place`, the option or key that the text stands for.
#pragma once

#include <cstdint>
#include <string_view>

namespace pvisor {

inline constexpr std::uint64_t kDefaultMemoryMib = 64;

/// "64", "64M", "65536K", "1G" -> MiB. A plain number counts MiB.
[[nodiscard]] std::uint64_t parse_memory_mib(std::string_view place, std::string_view text);
/// The same limits for a number that already counts MiB.
[[nodiscard]] std::uint64_t check_memory_mib(std::string_view place, std::uint64_t mib);
/// "10s", "500ms", "2m"; a plain number counts seconds. Never 0, at most a year.
[[nodiscard]] std::uint64_t parse_duration_ns(std::string_view place, std::string_view text);
/// Any number of 64 bits, decimal.
[[nodiscard]] std::uint64_t parse_seed(std::string_view place, std::string_view text);
/// 1 is all there is for now.
[[nodiscard]] std::uint32_t check_vcpus(std::string_view place, std::string_view text);

}  // namespace pvisor
