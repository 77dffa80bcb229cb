// SPDX-License-Identifier: MIT
// Policy: what a DOMAINS.json that somebody else wrote may do (`pvisor up --policy FILE`). The file is
//
//   {"version": 1, "image_root": "/srv/images", "allow_trusted": true, "allow_host_network": true}
//
// All files that the description names then lie below image_root, reached without symbolic links. A domain runs on an engine
// that contains nothing only if it says "trusted": true, allow_trusted is true, and pvisor is not root. Its network is its own
// switches, unless allow_host_network is true.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "control/domain_spec.hpp"

namespace pvisor {

struct Policy {
  std::string image_root;      ///< absolute
  bool allow_trusted = false;  ///< a description may call its domains trusted
  bool allow_host_network = false;  ///< an interface may lead to the host's network: user, tap
};

/// `file` is for messages. Throws HostError::usage.
[[nodiscard]] Policy parse_policy(const std::string& file, std::string_view text);
/// Reads the file too.
[[nodiscard]] Policy load_policy(const std::string& file);

/// `path`, relative to `root`, if its text stays below: relative without "..", or absolute below the root. What it leads to on
/// the disk is checked when it is opened (FileRoot).
[[nodiscard]] std::optional<std::string> path_below(const std::string& root, const std::string& path);

/// Refuses domains that the policy does not let run on their engine. `isolates` says it of an engine's name; `config` is the
/// description's file, for messages. Throws HostError::usage.
void check_trust(const Policy& policy, const RunPlan& plan, const std::string& config,
                 const std::function<bool(const std::string&)>& isolates, bool is_root);

}  // namespace pvisor
