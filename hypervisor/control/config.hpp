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

struct Policy;

/// `file` is for messages, and its folder is what relative paths count from; with a policy its image root is. Pure: nothing is
/// opened. Throws HostError::usage.
[[nodiscard]] RunPlan parse_config(const std::string& file, std::string_view text, std::span<const std::string_view> engines,
                                   const Policy* policy = nullptr);
/// Reads the file too. What cannot be read is HostError::usage as well: the description of the domains is part of the usage.
[[nodiscard]] RunPlan load_config(const std::string& file, std::span<const std::string_view> engines,
                                  const Policy* policy = nullptr);
/// The text of such a file; `what` names it in refusals.
[[nodiscard]] std::string read_description(const std::string& file, const std::string& what);

/// The keys that are known, for the schema's test.
[[nodiscard]] std::span<const std::string_view> config_file_keys();
[[nodiscard]] std::span<const std::string_view> config_domain_keys();
[[nodiscard]] std::span<const std::string_view> config_disk_keys();
[[nodiscard]] std::span<const std::string_view> config_vif_keys();

}  // namespace pvisor
