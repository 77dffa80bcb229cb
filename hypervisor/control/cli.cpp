// SPDX-License-Identifier: MIT
#include "control/cli.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/cli_words.hpp"
#include "control/disk_option.hpp"
#include "control/kernel_args.hpp"
#include "control/nearest.hpp"
#include "control/net_option.hpp"
#include "control/quantity.hpp"

namespace pvisor {

namespace {

bool has_word(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The first command that knows this option.
std::string_view owner_of(const TypedWords& words, const std::string& option) {
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (has_word(words.options[i], option)) return kCommands[i];
  }
  return {};
}

std::string suggest_option(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = nearest_word(word, views);
  if (near.empty()) return "see pvisor --help";
  return fmt::format("did you mean {}?", near);
}

/// Words that no option or argument of the command took.
void refuse_extras(const TypedWords& words) {
  if (words.extras.empty()) return;
  const std::string_view command = kCommands[*words.command];
  const auto option = std::find_if(words.extras.begin(), words.extras.end(), [](const std::string& w) { return w.starts_with("-"); });
  if (option == words.extras.end()) {
    const std::string_view advice = command == "run"      ? "words for the kernel come after --"
                                    : command == "doctor" ? "it takes none"
                                                          : "one is enough; see pvisor --help";
    throw HostError::usage(fmt::format("{}: unexpected '{}': {}", command, escaped(words.extras.front(), 64), advice));
  }
  const std::string word = option->substr(0, option->find('='));
  if (const auto owner = owner_of(words, word); !owner.empty()) {
    throw HostError::usage(fmt::format("{}: {} belongs to pvisor {}", command, word, owner));
  }
  throw HostError::usage(fmt::format("{}: unknown option {}: {}", command, escaped(word, 64),
                                     suggest_option(word, words.options[*words.command])));
}

[[noreturn]] void refuse_command(const TypedWords& words, std::span<const std::string> args) {
  if (args.empty()) throw HostError::usage("no command: write pvisor boot DISK, run KERNEL or up DOMAINS.json");
  const std::string word = args.front().substr(0, args.front().find('='));
  if (!word.starts_with("-")) {
    throw HostError::usage(fmt::format("unknown command '{}': {}", escaped(word, 64), suggest(word, kCommands)));
  }
  if (const auto owner = owner_of(words, word); !owner.empty()) {
    throw HostError::usage(fmt::format("{} stands before the command: write pvisor {} {} ...", word, owner, word));
  }
  throw HostError::usage(fmt::format("unknown option {}: {}", escaped(word, 64), suggest_option(word, {"--help", "--version"})));
}

std::string pick_engine(const Typed& typed, std::span<const std::string_view> engines) {
  if (!typed.engine.empty()) check_engine("--engine", typed.engine, engines);
  return typed.engine;
}

std::optional<std::uint64_t> pick_seed(const Typed& typed) {
  if (!typed.deterministic && !typed.seed.empty()) {
    throw HostError::usage("--seed: has a meaning only with --deterministic");
  }
  if (!typed.deterministic) return std::nullopt;
  return typed.seed.empty() ? 0 : parse_seed("--seed", typed.seed);
}

void pick_end(std::string_view place, const std::string& word, EndAction& action) {
  if (!word.empty()) action = parse_end_action(place, word);
}

/// What `boot` and `run` have in common.
DomainSpec common_spec(const Typed& typed, const std::string& named_after, std::span<const std::string_view> engines) {
  DomainSpec spec;
  spec.name = typed.name.empty() ? domain_name_from_file(named_after) : typed.name;
  if (!is_valid_domain_name(spec.name)) {
    throw HostError::usage(fmt::format("--name '{}': use letters, digits and . - _ + (at most 64, a letter or digit first)",
                                       escaped(typed.name, 64)));
  }
  if (!typed.memory.empty()) spec.memory_mib = parse_memory_mib("--memory", typed.memory);
  if (!typed.vcpus.empty()) spec.vcpus = check_vcpus("--vcpus", typed.vcpus);
  spec.engine = pick_engine(typed, engines);
  if (!typed.console.empty()) spec.console = parse_console("--console", typed.console);
  pick_end("--on-poweroff", typed.on_poweroff, spec.on_poweroff);
  pick_end("--on-reboot", typed.on_reboot, spec.on_reboot);
  pick_end("--on-crash", typed.on_crash, spec.on_crash);
  if (typed.no_reboot) spec.on_reboot = EndAction::Destroy;
  for (const std::string& net : typed.nets) spec.nets.push_back(parse_net_option("--net", net));
  if (spec.nets.size() > kMaxNets) throw HostError::usage(fmt::format("--net: {} interfaces; a domain has at most {}", spec.nets.size(), kMaxNets));
  assign_macs(spec.name, spec.nets);
  return spec;
}

DomainSpec run_spec(const Typed& typed, std::span<const std::string> words, std::span<const std::string_view> engines) {
  if (typed.target.empty()) throw HostError::usage("run: no kernel: write pvisor run KERNEL [-- ARGS]");
  DomainSpec spec = common_spec(typed, typed.target, engines);
  spec.kernel = typed.target;
  spec.cmdline = join_kernel_args(typed.has_append ? "--append" : "--", typed.append, words);
  spec.ramdisk = typed.initrd;
  for (const std::string& disk : typed.disks) spec.disks.push_back(parse_disk_option("--disk", disk));
  assign_vdevs("--disk", spec.disks);
  return spec;
}

DomainSpec boot_spec(const Typed& typed, bool has_words, std::span<const std::string_view> engines) {
  static constexpr std::string_view kAdvice = "name another menu by --config PLACE or give one by --menu FILE";
  if (typed.has_append || has_words) {
    throw HostError::usage(fmt::format("boot: {}: the kernel's command line is in the menu on the disk; {}",
                                       has_words ? "words after --" : "--append", kAdvice));
  }
  if (typed.has_initrd) {
    throw HostError::usage(fmt::format("boot: --initrd: the ramdisk is named in the menu on the disk; {}", kAdvice));
  }
  std::vector<DiskSpec> disks;
  if (!typed.target.empty()) disks.push_back({.path = typed.target});
  for (const std::string& disk : typed.disks) disks.push_back(parse_disk_option("--disk", disk));
  if (disks.empty()) throw HostError::usage("boot: no disk: write pvisor boot DISK");
  DomainSpec spec = common_spec(typed, disks.front().path, engines);
  spec.bootloader = true;
  spec.kernel = typed.loader;
  spec.cmdline = typed.config;
  check_cmdline("--config", spec.cmdline);
  spec.ramdisk = typed.menu;
  spec.disks = std::move(disks);
  assign_vdevs("--disk", spec.disks);
  return spec;
}

void up_line(const Typed& typed, bool has_words, std::span<const std::string_view> engines, CommandLine& line) {
  if (typed.target.empty()) throw HostError::usage("up: no file: write pvisor up DOMAINS.json");
  if (has_words) throw HostError::usage("up: words after --: a kernel's command line is the key cmdline in the file");
  line.config_file = typed.target;
  line.policy_file = typed.policy;
  line.no_reboot = typed.no_reboot;
  if (!typed.engine.empty()) line.engine_override = pick_engine(typed, engines);
}

}  // namespace

void check_engine(std::string_view place, std::string_view engine, std::span<const std::string_view> engines) {
  if (std::find(engines.begin(), engines.end(), engine) != engines.end()) return;
  throw HostError::usage(fmt::format("{}: unknown engine '{}': there is {}", place, escaped(engine, 64), fmt::join(engines, ", ")));
}

CommandLine parse_command_line(std::span<const std::string> args, std::span<const std::string_view> engines) {
  const auto dashes = static_cast<std::size_t>(std::find(args.begin(), args.end(), "--") - args.begin());
  const auto after_dashes = args.subspan(std::min(dashes + 1, args.size()));
  const bool has_words = dashes < args.size();
  const TypedWords words = type_words(args.first(dashes), engines);
  CommandLine line;
  line.text = words.text;
  if (!line.text.empty()) return line;
  if (!words.command) refuse_command(words, args);
  refuse_extras(words);

  const Typed& typed = words.typed;
  const std::string_view command = kCommands[*words.command];
  if (!typed.timeout.empty()) line.plan.timeout_ns = parse_duration_ns("--timeout", typed.timeout);
  line.plan.seed = pick_seed(typed);
  line.plan.statistics = typed.statistics;
  if (typed.strict && typed.debug_unconfined) throw HostError::usage("--strict and --debug-unconfined: one of them");
  line.plan.is_strict = typed.strict;
  line.plan.is_unconfined = typed.debug_unconfined;
  if (command == "run") {
    line.plan.domains.push_back(run_spec(typed, after_dashes, engines));
  } else if (command == "boot") {
    line.plan.domains.push_back(boot_spec(typed, has_words, engines));
  } else if (command == "up") {
    up_line(typed, has_words, engines, line);
  } else {
    if (has_words) throw HostError::usage("doctor: words after --: it takes none");
    line.doctor = true;
  }
  check_interfaces("--net", line.plan.domains);
  return line;
}

}  // namespace pvisor
