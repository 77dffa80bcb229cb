// SPDX-License-Identifier: MIT
// DOMAINS.json -> domain descriptions. The grammar for people is domains.schema.json beside this file; a test compares the
// keys of both.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "control/domain_spec.hpp"

namespace pvisor {

/// Limits of one file.
inline constexpr std::size_t kMaxDomains = 64;
inline constexpr std::size_t kMaxDisks = 32;

/// `file` is for messages, and its folder is what relative paths count from. Throws HostError::usage.
[[nodiscard]] RunPlan parse_config(const std::string& file, std::string_view text, std::span<const std::string_view> engines);
/// Reads the file too. What cannot be read is HostError::usage as well: the description of the domains is part of the usage.
[[nodiscard]] RunPlan load_config(const std::string& file, std::span<const std::string_view> engines);

/// The keys that are known, for the schema's test.
[[nodiscard]] std::span<const std::string_view> config_file_keys();
[[nodiscard]] std::span<const std::string_view> config_domain_keys();
[[nodiscard]] std::span<const std::string_view> config_disk_keys();

}  // namespace pvisor
