// SPDX-License-Identifier: MIT
#include "control/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/config.hpp"
#include "control/config_reader.hpp"
#include "control/strict_json.hpp"

namespace pvisor {

namespace {

constexpr std::array<std::string_view, 4> kKeys{"version", "image_root", "allow_trusted", "allow_host_network"};

}  // namespace

Policy parse_policy(const std::string& file, std::string_view text) {
  const nlohmann::json document = parse_strict_json(file, text);
  const ConfigObject top(file, {}, document, kKeys);
  if (!top.has("version")) top.refuse("version", "missing; write \"version\": 1");
  if (top.number("version", 0) != 1) top.refuse("version", "this pvisor reads version 1");
  if (!top.has("image_root")) top.refuse("image_root", "missing; write the folder that holds all files of the domains");
  Policy policy;
  policy.image_root = top.text("image_root", {});
  if (!policy.image_root.starts_with("/")) top.refuse("image_root", "expected an absolute path");
  policy.allow_trusted = top.boolean("allow_trusted", false);
  policy.allow_host_network = top.boolean("allow_host_network", false);
  return policy;
}

Policy load_policy(const std::string& file) { return parse_policy(file, read_description(file, "policy")); }

std::optional<std::string> path_below(const std::string& root, const std::string& path) {
  const std::filesystem::path base = std::filesystem::path(root).lexically_normal() / "";
  std::filesystem::path wanted(path);
  if (std::any_of(wanted.begin(), wanted.end(), [](const auto& part) { return part == ".."; })) return std::nullopt;
  if (wanted.is_absolute()) {
    const std::string text = wanted.lexically_normal().string();
    if (!text.starts_with(base.string())) return std::nullopt;
    wanted = text.substr(base.string().size());
  }
  if (wanted.empty()) return std::nullopt;
  return wanted.string();
}

void check_trust(const Policy& policy, const RunPlan& plan, const std::string& config,
                 const std::function<bool(const std::string&)>& isolates, bool is_root) {
  for (std::size_t i = 0; i < plan.domains.size(); ++i) {
    const DomainSpec& spec = plan.domains[i];
    if (isolates(spec.engine)) continue;
    const auto refuse = [&](std::string_view why) {
      throw HostError::usage(fmt::format("{}: domains[{}]: the {} engine contains nothing that a guest does: {}", escaped(config), i,
                                         spec.engine, why));
    };
    if (!spec.trusted) refuse("write \"trusted\": true if you trust its kernel as you trust a program you start");
    if (!policy.allow_trusted) refuse("the policy lets no description trust its own domains (allow_trusted)");
    if (is_root) refuse("with a policy it is not started as root");
  }
}

}  // namespace pvisor
