// SPDX-License-Identifier: MIT
#include "control/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/cli.hpp"
#include "control/config_reader.hpp"
#include "control/disk_option.hpp"
#include "control/host_file.hpp"
#include "control/kernel_args.hpp"
#include "control/net_option.hpp"
#include "control/policy.hpp"
#include "control/strict_json.hpp"

namespace pvisor {

namespace {

constexpr std::array<std::string_view, 6> kFileKeys{"version", "domains", "timeout", "deterministic", "seed", "statistics"};
constexpr std::array<std::string_view, 16> kDomainKeys{
    "name",   "kernel", "bootloader", "loader",  "ramdisk",     "cmdline",   "memory",   "vcpus",
    "engine", "disk",   "vif",        "console", "on_poweroff", "on_reboot", "on_crash", "trusted"};
constexpr std::array<std::string_view, 6> kDiskKeys{"target", "vdev", "access", "shared", "cache", "sector"};
constexpr std::array<std::string_view, 6> kVifKeys{"backend", "mac", "rate", "capture", "hostfwd", "host_loopback"};
constexpr std::array<std::string_view, 2> kAccessWords{"rw", "ro"};

/// What reading one file needs everywhere.
struct Context {
  const std::string& file;
  std::span<const std::string_view> engines;
  const Policy* policy;
};

/// Relative names count from the file's folder, or from the policy's image root, which they may then not leave.
std::string host_path(const Context& context, const ConfigObject& object, std::string_view key, const std::string& text) {
  if (text.empty()) object.refuse(key, "expected a file name, found an empty string");
  if (text.size() > 4095) object.refuse(key, "a file name of more than 4095 bytes");
  if (context.policy == nullptr) return (std::filesystem::path(context.file).parent_path() / text).string();
  const auto below = path_below(context.policy->image_root, text);
  if (!below) {
    object.refuse(key, fmt::format("'{}' is not below the image root {} of the policy", escaped(text, 64),
                                   escaped(context.policy->image_root)));
  }
  return *below;
}

std::string host_path(const Context& context, const ConfigObject& object, std::string_view key) {
  return host_path(context, object, key, object.text(key, {}));
}

DiskSpec read_disk(const Context& context, const std::string& path, const nlohmann::json& value) {
  const ConfigObject object(context.file, path, value, kDiskKeys);
  if (!object.has("target")) object.refuse("target", "missing; write the file of the disk");
  DiskSpec disk;
  disk.path = host_path(context, object, "target");
  disk.read_only = object.choice("access", kAccessWords, 0) == 1;
  disk.shared = object.boolean("shared", false);
  check_shared(object.place("shared"), disk);
  disk.tuning.cache = static_cast<DiskCache>(object.choice("cache", kCacheWords, 0));
  const std::uint64_t sector_size = object.number("sector", disk.tuning.sector_size);
  if (sector_size != 512 && sector_size != 4096) object.refuse("sector", "sectors of 512 or 4096 bytes can be had");
  disk.tuning.sector_size = static_cast<std::uint32_t>(sector_size);
  if (object.has("vdev")) disk.vdev = check_vdev(object.place("vdev"), object.text("vdev", {}));
  return disk;
}

NetSpec read_vif(const Context& context, const std::string& path, const nlohmann::json& value) {
  const ConfigObject object(context.file, path, value, kVifKeys);
  if (!object.has("backend")) object.refuse("backend", "missing; write where its frames go: \"user\", \"switch:lan\" or \"tap:tap0\"");
  NetSpec net;
  net.target = parse_net_target(object.place("backend"), object.text("backend", {}));
  if (net.target.kind != NetTarget::Kind::Switch && context.policy != nullptr && !context.policy->allow_host_network) {
    object.refuse("backend", "the policy lets no description use the host's network (allow_host_network); a switch is its own");
  }
  if (object.has("mac")) net.mac = check_mac(object.place("mac"), object.text("mac", {}));
  if (object.has("rate")) net.rate = check_rate(object.place("rate"), object.text("rate", {}));
  if (object.has("capture")) net.capture = host_path(context, object, "capture");
  const auto forwards = object.array("hostfwd", kMaxForwards);
  for (std::size_t i = 0; i < forwards.size(); ++i) {
    if (!forwards[i].is_string()) object.refuse("hostfwd", "expected an array of strings");
    net.user.forwards.push_back(check_forward(fmt::format("{}[{}]", object.place("hostfwd"), i), forwards[i].get<std::string>()));
  }
  net.user.host_loopback = object.boolean("host_loopback", false);
  check_user(object.place("backend"), net);
  return net;
}

EndAction read_end(const ConfigObject& object, std::string_view key, EndAction fallback) {
  return static_cast<EndAction>(object.choice(key, kEndWords, static_cast<std::size_t>(fallback)));
}

ConsoleSpec read_console(const Context& context, const ConfigObject& object) {
  ConsoleSpec console = parse_console(object.place("console"), object.text("console", "stdio"));
  if (console.kind == ConsoleSpec::Kind::File) console.file = host_path(context, object, "console", console.file);
  return console;
}

/// "deterministic" and "seed", as --deterministic and --seed.
std::optional<std::uint64_t> read_seed(const ConfigObject& top) {
  const bool deterministic = top.boolean("deterministic", false);
  if (!deterministic && top.has("seed")) top.refuse("seed", "has a meaning only with \"deterministic\": true");
  if (!deterministic) return std::nullopt;
  return top.number("seed", 0);
}

/// Kernel or bootloader, and what goes with each.
void read_boot(const Context& context, const ConfigObject& object, DomainSpec& spec) {
  spec.bootloader = object.boolean("bootloader", false);
  if (spec.bootloader == object.has("kernel")) {
    object.refuse("kernel", spec.bootloader ? "given together with bootloader; the menu on the disk names the kernel"
                                            : "missing; write the kernel's file, or \"bootloader\": true");
  }
  if (object.has("loader") && !spec.bootloader) object.refuse("loader", "has a meaning only with \"bootloader\": true");
  if (object.has("kernel")) spec.kernel = host_path(context, object, "kernel");
  if (object.has("loader")) spec.kernel = host_path(context, object, "loader");
  if (object.has("ramdisk")) spec.ramdisk = host_path(context, object, "ramdisk");
  spec.cmdline = object.text("cmdline", {});
  check_cmdline(object.place("cmdline"), spec.cmdline);
}

DomainSpec read_domain(const Context& context, const std::string& path, const nlohmann::json& value) {
  const ConfigObject object(context.file, path, value, kDomainKeys);
  DomainSpec spec;
  if (!object.has("name")) object.refuse("name", "missing; every domain has a name");
  spec.name = object.text("name", {});
  if (!is_valid_domain_name(spec.name)) {
    object.refuse("name", fmt::format("\"{}\": use letters, digits and . - _ + (at most 64, a letter or digit first)",
                                      escaped(spec.name, 64)));
  }
  read_boot(context, object, spec);
  spec.memory_mib = check_memory_mib(object.place("memory"), object.number("memory", kDefaultMemoryMib));
  spec.vcpus = check_vcpus(object.place("vcpus"), std::to_string(object.number("vcpus", 1)));
  spec.engine = object.text("engine", "");
  if (object.has("engine")) check_engine(object.place("engine"), spec.engine, context.engines);
  const auto disks = object.array("disk", kMaxDisks);
  for (std::size_t i = 0; i < disks.size(); ++i) {
    spec.disks.push_back(read_disk(context, fmt::format("{}[{}]", object.path("disk"), i), disks[i]));
  }
  if (spec.bootloader && spec.disks.empty()) object.refuse("disk", "missing; the boot loader needs a disk");
  assign_vdevs(object.place("disk"), spec.disks);
  const auto vifs = object.array("vif", kMaxNets);
  for (std::size_t i = 0; i < vifs.size(); ++i) {
    spec.nets.push_back(read_vif(context, fmt::format("{}[{}]", object.path("vif"), i), vifs[i]));
  }
  assign_macs(spec.name, spec.nets);
  spec.console = read_console(context, object);
  spec.on_poweroff = read_end(object, "on_poweroff", spec.on_poweroff);
  spec.on_reboot = read_end(object, "on_reboot", spec.on_reboot);
  spec.on_crash = read_end(object, "on_crash", spec.on_crash);
  spec.trusted = object.boolean("trusted", false);
  return spec;
}

/// What no two domains may share.
void check_doubles(const Context& context, const std::vector<DomainSpec>& domains) {
  for (std::size_t i = 0; i < domains.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool same_name = domains[i].name == domains[j].name;
      const bool same_console = !domains[i].console.file.empty() && domains[i].console.file == domains[j].console.file;
      if (!same_name && !same_console) continue;
      throw HostError::usage(fmt::format("{}: domains[{}].{}: the same as in domains[{}]; give each its own",
                                         escaped(context.file), i, same_name ? "name" : "console", j));
    }
  }
}

}  // namespace

RunPlan parse_config(const std::string& file, std::string_view text, std::span<const std::string_view> engines,
                     const Policy* policy) {
  const nlohmann::json document = parse_strict_json(file, text);
  const Context context{file, engines, policy};
  const ConfigObject top(file, {}, document, kFileKeys);
  if (!top.has("version")) top.refuse("version", "missing; write \"version\": 1");
  if (top.number("version", 0) != 1) top.refuse("version", "this pvisor reads version 1");
  const auto domains = top.array("domains", kMaxDomains);
  if (domains.empty()) top.refuse("domains", "missing or empty; describe at least one domain");
  RunPlan plan;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    plan.domains.push_back(read_domain(context, fmt::format("domains[{}]", i), domains[i]));
  }
  check_doubles(context, plan.domains);
  check_interfaces(escaped(context.file), plan.domains);
  if (top.has("timeout")) plan.timeout_ns = parse_duration_ns(top.place("timeout"), top.text("timeout", {}));
  plan.seed = read_seed(top);
  plan.statistics = top.boolean("statistics", false);
  return plan;
}

std::string read_description(const std::string& file, const std::string& what) {
  try {
    const auto bytes = read_host_file(file, what, kMaxJsonBytes + 1);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } catch (const HostError& error) {
    throw HostError::usage(error.what());
  }
}

RunPlan load_config(const std::string& file, std::span<const std::string_view> engines, const Policy* policy) {
  return parse_config(file, read_description(file, "domain description"), engines, policy);
}

std::span<const std::string_view> config_file_keys() { return kFileKeys; }
std::span<const std::string_view> config_domain_keys() { return kDomainKeys; }
std::span<const std::string_view> config_disk_keys() { return kDiskKeys; }
std::span<const std::string_view> config_vif_keys() { return kVifKeys; }

}  // namespace pvisor
