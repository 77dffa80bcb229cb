// SPDX-License-Identifier: MIT
#include "control/cli.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pvabi/version.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/disk_option.hpp"
#include "control/kernel_args.hpp"
#include "control/nearest.hpp"
#include "control/quantity.hpp"

#ifndef PVISOR_VERSION
#define PVISOR_VERSION "0.1"
#endif

namespace pvisor {

namespace {

constexpr std::array<std::string_view, 3> kCommands{"boot", "run", "up"};

/// What was typed, before it means anything.
struct Typed {
  std::string target;  ///< DISK, KERNEL or DOMAINS.json
  std::string engine, memory, vcpus, append, initrd, name, timeout, loader, config, menu;
  std::vector<std::string> disks;
  bool no_reboot = false;
};

/// The commands as CLI11 knows them.
struct Parser {
  CLI::App app{"pvisor: a paravirtual microhypervisor in user space.", "pvisor"};
  std::array<Typed, kCommands.size()> typed;
  std::array<CLI::App*, kCommands.size()> commands{};

  explicit Parser(std::span<const std::string_view> engines) {
    app.set_version_flag("--version", fmt::format("pvisor {} (ABI {}.{}, as Xen {}.{})", PVISOR_VERSION, PV_ABI_MAJOR,
                                                  PV_ABI_MINOR, PV_XEN_VERSION_MAJOR, PV_XEN_VERSION_MINOR));
    app.require_subcommand(0, 1);
    app.allow_extras();
    app.footer(
        "Exit status: the guest's own (0 to 99); 124 time limit; 125 host failure; 126 wrong usage;\n"
        "130 left by Ctrl-] or SIGINT; 134 guest crash or failed boot.");
    commands[0] = app.add_subcommand("boot", "boot a disk by the menu.lst on it");
    commands[1] = app.add_subcommand("run", "start a kernel; words after -- are its command line");
    commands[2] = app.add_subcommand("up", "start the domains described in a JSON file");
    for (CLI::App* command : commands) command->allow_extras();
    add_common(*commands[0], typed[0], engines);
    add_common(*commands[1], typed[1], engines);
    add_domain(*commands[0], typed[0]);
    add_domain(*commands[1], typed[1]);
    add_boot(*commands[0], typed[0]);
    commands[1]->add_option("KERNEL", typed[1].target, "ELF file of the kernel");
    add_common(*commands[2], typed[2], engines);
    commands[2]->add_option("DOMAINS.json", typed[2].target, "description of the domains");
  }

  static void add_common(CLI::App& command, Typed& typed, std::span<const std::string_view> engines) {
    command.add_option("--engine", typed.engine, fmt::format("how guests run: {}", fmt::join(engines, ", ")))
        ->type_name("NAME");
    command.add_option("--timeout", typed.timeout, "end everything after this time: 500ms, 10s, 2m")->type_name("TIME");
    command.add_flag("--no-reboot", typed.no_reboot, "a reboot ends the domain")->disable_flag_override();
  }

  static void add_domain(CLI::App& command, Typed& typed) {
    command.add_option("--memory", typed.memory, "size of the guest's memory, 64M if not given")->type_name("SIZE");
    command.add_option("--vcpus", typed.vcpus, "number of virtual CPUs, 1 to 32; 1 if not given")->type_name("N");
    command.add_option("--disk", typed.disks, "a disk: FILE[,ro][,vdev=xvdb]; may be repeated")
        ->type_name("DISK")
        ->allow_extra_args(false);
    command.add_option("--name", typed.name, "name of the domain")->type_name("NAME");
    command.add_option("--append", typed.append, "command line of the kernel")->type_name("TEXT");
    command.add_option("--initrd", typed.initrd, "ramdisk of the kernel")->type_name("FILE");
  }

  static void add_boot(CLI::App& command, Typed& typed) {
    command.add_option("DISK", typed.target, "file of the disk, xvda in the guest");
    for (const char* refused : {"--append", "--initrd"}) command.get_option(refused)->group("");  // known, to refuse with advice
    command.add_option("--loader", typed.loader, "another loader than pvisor's own")->type_name("FILE");
    command.add_option("--config", typed.config, "place of the menu: '(hd0,1)/boot/grub/menu.lst'")->type_name("PLACE");
    command.add_option("--menu", typed.menu, "a menu.lst from the host")->type_name("FILE");
  }
};

/// All option names of a command, such as "--memory".
std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string suggest_option(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = nearest_word(word, views);
  if (near.empty()) return "see pvisor --help";
  return fmt::format("did you mean {}?", near);
}

/// A word that no option or argument of `command` took.
[[noreturn]] void refuse_extra(const Parser& parser, const CLI::App& command, std::string word) {
  const std::string& name = command.get_name();
  if (!word.starts_with("-")) {
    const std::string advice = name == "run" ? "words for the kernel come after --" : "one is enough; see pvisor --help";
    throw HostError::usage(fmt::format("{}: unexpected '{}': {}", name, escaped(word, 64), advice));
  }
  word = word.substr(0, word.find('='));
  for (const CLI::App* other : parser.commands) {
    const auto names = option_names(*other);
    if (std::find(names.begin(), names.end(), word) == names.end()) continue;
    throw HostError::usage(fmt::format("{}: {} belongs to pvisor {}", name, word, other->get_name()));
  }
  throw HostError::usage(
      fmt::format("{}: unknown option {}: {}", name, escaped(word, 64), suggest_option(word, option_names(command))));
}

[[noreturn]] void refuse_command(const Parser& parser, std::span<const std::string> args) {
  if (args.empty()) throw HostError::usage("no command: write pvisor boot DISK, run KERNEL or up DOMAINS.json");
  const std::string word = args.front().substr(0, args.front().find('='));
  if (!word.starts_with("-")) {
    throw HostError::usage(fmt::format("unknown command '{}': {}", escaped(word, 64), suggest(word, kCommands)));
  }
  for (const CLI::App* command : parser.commands) {
    const auto names = option_names(*command);
    if (std::find(names.begin(), names.end(), word) == names.end()) continue;
    throw HostError::usage(fmt::format("{} stands before the command: write pvisor {} {} ...", word, command->get_name(), word));
  }
  throw HostError::usage(fmt::format("unknown option {}: {}", escaped(word, 64), suggest_option(word, {"--help", "--version"})));
}

std::string pick_engine(const Typed& typed, std::span<const std::string_view> engines) {
  if (typed.engine.empty()) return std::string(engines.front());
  check_engine("--engine", typed.engine, engines);
  return typed.engine;
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
  if (typed.no_reboot) spec.on_reboot = EndAction::Destroy;
  return spec;
}

DomainSpec run_spec(const CLI::App& command, const Typed& typed, std::span<const std::string> words,
                    std::span<const std::string_view> engines) {
  if (typed.target.empty()) throw HostError::usage("run: no kernel: write pvisor run KERNEL [-- ARGS]");
  DomainSpec spec = common_spec(typed, typed.target, engines);
  spec.kernel = typed.target;
  spec.cmdline = join_kernel_args(command.count("--append") != 0 ? "--append" : "--", typed.append, words);
  spec.ramdisk = typed.initrd;
  for (const std::string& disk : typed.disks) spec.disks.push_back(parse_disk_option("--disk", disk));
  assign_vdevs("--disk", spec.disks);
  return spec;
}

DomainSpec boot_spec(const CLI::App& command, const Typed& typed, bool has_words, std::span<const std::string_view> engines) {
  if (command.count("--append") != 0 || has_words) {
    throw HostError::usage(fmt::format(
        "boot: {}: the kernel's command line is in the menu on the disk; name another menu by --config PLACE or give one by --menu FILE",
        has_words ? "words after --" : "--append"));
  }
  if (command.count("--initrd") != 0) {
    throw HostError::usage(
        "boot: --initrd: the ramdisk is named in the menu on the disk; name another menu by --config PLACE or give one by --menu FILE");
  }
  std::vector<DiskSpec> disks;
  if (!typed.target.empty()) disks.push_back({typed.target, false, {}});
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

/// Runs CLI11; text to print if --help or --version was asked for.
std::string parse_words(Parser& parser, std::span<const std::string> words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    parser.app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return parser.app.help();
  } catch (const CLI::CallForVersion& version) {
    return std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    throw HostError::usage(fmt::format("{} (see pvisor --help)", escaped(error.what(), 160)));
  }
  return {};
}

}  // namespace

void check_engine(std::string_view place, std::string_view engine, std::span<const std::string_view> engines) {
  if (std::find(engines.begin(), engines.end(), engine) != engines.end()) return;
  throw HostError::usage(fmt::format("{}: unknown engine '{}': there is {}", place, escaped(engine, 64), fmt::join(engines, ", ")));
}

CommandLine parse_command_line(std::span<const std::string> args, std::span<const std::string_view> engines) {
  const auto dashes = static_cast<std::size_t>(std::find(args.begin(), args.end(), "--") - args.begin());
  const auto words = args.subspan(std::min(dashes + 1, args.size()));
  const bool has_words = dashes < args.size();
  Parser parser(engines);
  CommandLine line;
  line.text = parse_words(parser, args.first(dashes));
  if (!line.text.empty()) return line;

  const auto chosen = std::find_if(parser.commands.begin(), parser.commands.end(), [](const CLI::App* a) { return a->parsed(); });
  if (chosen == parser.commands.end() || !parser.app.remaining().empty()) refuse_command(parser, args);
  const CLI::App& command = **chosen;
  const Typed& typed = parser.typed[static_cast<std::size_t>(chosen - parser.commands.begin())];
  const auto extras = command.remaining();
  const auto bad_option = std::find_if(extras.begin(), extras.end(), [](const std::string& w) { return w.starts_with("-"); });
  if (!extras.empty()) refuse_extra(parser, command, bad_option != extras.end() ? *bad_option : extras.front());

  if (!typed.timeout.empty()) line.plan.timeout_ns = parse_duration_ns("--timeout", typed.timeout);
  if (command.get_name() == "run") {
    line.plan.domains.push_back(run_spec(command, typed, words, engines));
  } else if (command.get_name() == "boot") {
    line.plan.domains.push_back(boot_spec(command, typed, has_words, engines));
  } else {
    if (typed.target.empty()) throw HostError::usage("up: no file: write pvisor up DOMAINS.json");
    if (has_words) throw HostError::usage("up: words after --: a kernel's command line is the key cmdline in the file");
    line.config_file = typed.target;
    line.no_reboot = typed.no_reboot;
    if (!typed.engine.empty()) line.engine_override = pick_engine(typed, engines);
  }
  return line;
}

}  // namespace pvisor
