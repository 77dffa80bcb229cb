// SPDX-License-Identifier: MIT
// The only file that includes CLI11: its header takes longer to compile than all of control.
#include "control/cli_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pvabi/version.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"

#ifndef PVISOR_VERSION
#define PVISOR_VERSION "0.1"
#endif

namespace pvisor {

namespace {

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
    commands[3] = app.add_subcommand("doctor", "say what can work on this machine, and what is missing for the rest");
    for (CLI::App* command : commands) command->allow_extras();
    add_common(*commands[0], typed[0], engines);
    add_common(*commands[1], typed[1], engines);
    add_domain(*commands[0], typed[0]);
    add_domain(*commands[1], typed[1]);
    add_boot(*commands[0], typed[0]);
    commands[1]->add_option("KERNEL", typed[1].target, "ELF file of the kernel");
    add_common(*commands[2], typed[2], engines);
    commands[2]->add_option("DOMAINS.json", typed[2].target, "description of the domains");
    commands[2]
        ->add_option("--policy", typed[2].policy, "what a description from others may do: its image root, and whom it may trust")
        ->type_name("FILE");
  }

  static void add_common(CLI::App& command, Typed& typed, std::span<const std::string_view> engines) {
    command.add_option("--engine", typed.engine, fmt::format("how guests run: {}", fmt::join(engines, ", ")))
        ->type_name("NAME");
    command.add_option("--timeout", typed.timeout, "end everything after this time: 500ms, 10s, 2m")->type_name("TIME");
    command.add_flag("--no-reboot", typed.no_reboot, "a reboot ends the domain")->disable_flag_override();
    command.add_flag("--deterministic", typed.deterministic, "virtual time and no live input: a run that repeats exactly")
        ->disable_flag_override();
    command.add_option("--seed", typed.seed, "with --deterministic: the number that decides all choices, 0 if not given")
        ->type_name("N");
    command.add_flag("--statistics", typed.statistics, "at the end lines that say how long a boot loader took, and what each disk and interface did")
        ->disable_flag_override();
    command.add_flag("--strict", typed.strict, "refuse to start if anything is missing that confines guests or pvisor itself (see pvisor doctor)")
        ->disable_flag_override();
    command.add_flag("--debug-unconfined", typed.debug_unconfined, "let pvisor itself keep its rights while guests run, for who debugs it")
        ->disable_flag_override();
  }

  static void add_domain(CLI::App& command, Typed& typed) {
    command.add_option("--memory", typed.memory, "size of the guest's memory, 64M if not given")->type_name("SIZE");
    command.add_option("--vcpus", typed.vcpus, "number of virtual CPUs, 1 to 32; 1 if not given")->type_name("N");
    command.add_option("--disk", typed.disks, "a disk: FILE[,ro][,shared][,vdev=xvdb][,cache=writeback|direct|unsafe][,sector=4096]; may be repeated")
        ->type_name("DISK")
        ->allow_extra_args(false);
    command.add_option("--net", typed.nets, "a network interface: user, switch:NAME or tap:NAME, then [,mac=ADDRESS][,rate=10Mb/s][,capture=FILE][,hostfwd=tcp:127.0.0.1:8080-:80][,host_loopback]; may be repeated")
        ->type_name("NET")
        ->allow_extra_args(false);
    command.add_option("--console", typed.console, "the guest's console: stdio, pty or file:FILE; stdio if not given")
        ->type_name("WHERE");
    command.add_option("--name", typed.name, "name of the domain")->type_name("NAME");
    command.add_option("--append", typed.append, "command line of the kernel")->type_name("TEXT");
    command.add_option("--initrd", typed.initrd, "ramdisk of the kernel")->type_name("FILE");
    command.add_option("--on-poweroff", typed.on_poweroff, "destroy (if not given), restart or preserve")->type_name("WORD");
    command.add_option("--on-reboot", typed.on_reboot, "restart (if not given), destroy or preserve")->type_name("WORD");
    command.add_option("--on-crash", typed.on_crash, "destroy (if not given), restart or preserve")->type_name("WORD");
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

TypedWords type_words(std::span<const std::string> words, std::span<const std::string_view> engines) {
  Parser parser(engines);
  TypedWords result;
  for (std::size_t i = 0; i < kCommands.size(); ++i) result.options[i] = option_names(*parser.commands[i]);
  result.text = parse_words(parser, words);
  const auto chosen = std::find_if(parser.commands.begin(), parser.commands.end(), [](const CLI::App* a) { return a->parsed(); });
  if (chosen == parser.commands.end() || !parser.app.remaining().empty()) return result;
  const auto index = static_cast<std::size_t>(chosen - parser.commands.begin());
  result.command = index;
  result.typed = std::move(parser.typed[index]);
  result.extras = (*chosen)->remaining();
  const auto count = [&](const char* name) { return (*chosen)->get_option_no_throw(name) != nullptr && (*chosen)->count(name) != 0; };
  result.typed.has_append = count("--append");
  result.typed.has_initrd = count("--initrd");
  return result;
}

}  // namespace pvisor
