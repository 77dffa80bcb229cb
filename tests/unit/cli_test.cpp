// SPDX-License-Identifier: MIT
// The command line: what is accepted, and the exact words of every refusal.
#include "control/cli.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_error.hpp"
#include "control/disk_option.hpp"
#include "control/nearest.hpp"
#include "control/quantity.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::string_view, 2> kEngines{"fiber", "other"};

CommandLine parse(std::vector<std::string> args) { return parse_command_line(args, kEngines); }
DomainSpec only_domain(std::vector<std::string> args) { return parse(std::move(args)).plan.domains.at(0); }

/// The refusal's text; fails the test if there is none, or if it is not a usage error of one line.
std::string refusal(std::vector<std::string> args) {
  try {
    (void)parse(std::move(args));
  } catch (const HostError& error) {
    CHECK(error.kind() == HostError::Kind::Usage);
    CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return error.what();
  }
  FAIL("not refused");
  return {};
}

}  // namespace

TEST_CASE("run takes a kernel and gives it the words after the dashes") {
  const DomainSpec spec = only_domain({"run", "dir/my kernel.elf", "--", "a", "--memory", "b"});
  CHECK(spec.kernel == "dir/my kernel.elf");
  CHECK(spec.cmdline == "a --memory b");
  CHECK(spec.name == "my-kernel");
  CHECK(spec.engine.empty());
  CHECK(spec.memory_mib == 64);
  CHECK_FALSE(spec.bootloader);
  CHECK(spec.on_reboot == EndAction::Restart);
}

TEST_CASE("run takes every option of a domain") {
  const CommandLine line = parse({"run", "--engine", "other", "--memory=1G", "--vcpus", "1", "--disk", "a.img", "--disk",
                                  "b,,c.img,ro,vdev=xvdf", "--append", "x=1", "--initrd", "rd", "--name", "n1", "--timeout",
                                  "1500ms", "--no-reboot", "k"});
  const DomainSpec& spec = line.plan.domains.at(0);
  CHECK(line.plan.timeout_ns == 1'500'000'000U);
  CHECK(spec.kernel == "k");
  CHECK(spec.engine == "other");
  CHECK(spec.memory_mib == 1024);
  CHECK(spec.cmdline == "x=1");
  CHECK(spec.ramdisk == "rd");
  CHECK(spec.name == "n1");
  CHECK(spec.on_reboot == EndAction::Destroy);
  REQUIRE(spec.disks.size() == 2);
  CHECK(spec.disks[0].path == "a.img");
  CHECK(spec.disks[0].vdev == "xvda");
  CHECK_FALSE(spec.disks[0].read_only);
  CHECK(spec.disks[1].path == "b,c.img");
  CHECK(spec.disks[1].vdev == "xvdf");
  CHECK(spec.disks[1].read_only);
}

TEST_CASE("boot puts its disk first and hands place and menu to the loader") {
  const DomainSpec spec =
      only_domain({"boot", "--disk", "second.img", "first.img", "--config", "(hd0,1)/m", "--menu", "m.lst", "--loader", "l.elf"});
  CHECK(spec.bootloader);
  CHECK(spec.kernel == "l.elf");
  CHECK(spec.cmdline == "(hd0,1)/m");
  CHECK(spec.ramdisk == "m.lst");
  REQUIRE(spec.disks.size() == 2);
  CHECK(spec.disks[0].path == "first.img");
  CHECK(spec.disks[0].vdev == "xvda");
  CHECK(spec.disks[1].vdev == "xvdb");
}

TEST_CASE("run says where the console is and what happens at each end") {
  const DomainSpec spec = only_domain({"run", "k", "--console", "file:out", "--on-poweroff", "restart", "--on-reboot", "preserve",
                                       "--on-crash", "preserve", "--disk", "d,shared"});
  CHECK(spec.console.kind == ConsoleSpec::Kind::File);
  CHECK(spec.console.file == "out");
  CHECK(spec.on_poweroff == EndAction::Restart);
  CHECK(spec.on_reboot == EndAction::Preserve);
  CHECK(spec.on_crash == EndAction::Preserve);
  CHECK(spec.disks.at(0).shared);
  CHECK(only_domain({"boot", "d", "--console=pty"}).console.kind == ConsoleSpec::Kind::Pty);
}

TEST_CASE("a place for the console or an end that is none is refused with the words there are") {
  CHECK(refusal({"run", "k", "--console", "tty"}) == "--console: expected stdio, pty or file:NAME, found 'tty'");
  CHECK(refusal({"run", "k", "--console", "file:"}) == "--console: expected stdio, pty or file:NAME, found 'file:'");
  CHECK(refusal({"run", "k", "--on-crash", "explode"}) ==
        "--on-crash: expected one of destroy, restart, preserve, found 'explode'");
  CHECK(refusal({"run", "k", "--disk", "d,ro,shared"}) ==
        "--disk: shared means that several write it; a disk that is only read is attached with ro alone");
}

TEST_CASE("a seed is any number of 64 bits, and comes with --deterministic") {
  CHECK_FALSE(parse({"run", "k"}).plan.seed);
  CHECK(parse({"run", "k", "--deterministic"}).plan.seed == 0);
  CHECK(parse({"boot", "d", "--deterministic", "--seed", "18446744073709551615"}).plan.seed == 18446744073709551615U);
  CHECK(parse({"up", "d.json", "--seed=7", "--deterministic"}).plan.seed == 7);
  CHECK(refusal({"run", "k", "--seed", "7"}) == "--seed: has a meaning only with --deterministic");
  const std::string not_a_seed = "not a seed; write a number from 0 to 18446744073709551615";
  for (const char* text : {"-1", "18446744073709551616", "1e3", "0x10", "x"}) {
    CHECK(refusal({"run", "k", "--deterministic", "--seed", text}) == "--seed '" + std::string(text) + "': " + not_a_seed);
  }
}

TEST_CASE("doctor is a command of its own that takes nothing") {
  CHECK(parse({"doctor"}).doctor);
  CHECK_FALSE(parse({"run", "k"}).doctor);
  CHECK(refusal({"doctor", "x"}) == "doctor: unexpected 'x': it takes none");
  CHECK(refusal({"doctor", "--memory", "1M"}) == "doctor: --memory belongs to pvisor boot");
  CHECK(refusal({"doctor", "--", "x"}) == "doctor: words after --: it takes none");
}

TEST_CASE("boot needs no DISK when a disk option names one") {
  const DomainSpec spec = only_domain({"boot", "--disk", "d.img,ro"});
  REQUIRE(spec.disks.size() == 1);
  CHECK(spec.disks[0].read_only);
}

TEST_CASE("up names its file and what overrides it") {
  const CommandLine line = parse({"up", "d.json", "--no-reboot", "--engine", "other", "--timeout", "2m"});
  CHECK(line.config_file == "d.json");
  CHECK(line.no_reboot);
  CHECK(line.engine_override == "other");
  CHECK(line.plan.timeout_ns == 120'000'000'000U);
  CHECK(line.policy_file.empty());
  CHECK(parse({"up", "d.json", "--policy", "p.json"}).policy_file == "p.json");
}

TEST_CASE("a kernel may have a command's name and an append text may be empty") {
  CHECK(only_domain({"run", "boot"}).kernel == "boot");
  CHECK(only_domain({"run", "k", "--append", ""}).cmdline.empty());
}

TEST_CASE("help and version are texts, not plans") {
  CHECK(parse({"--help"}).text.find("boot") != std::string::npos);
  CHECK(parse({"run", "--help"}).text.find("--memory") != std::string::npos);
  CHECK(parse({"--version"}).text.find("pvisor ") == 0);
  CHECK(parse({"--version"}).text.find("ABI 0.1") != std::string::npos);
}

TEST_CASE("wrong commands are refused with the nearest command") {
  CHECK(refusal({}) == "no command: write pvisor boot DISK, run KERNEL or up DOMAINS.json");
  CHECK(refusal({"rnu", "k"}) == "unknown command 'rnu': did you mean run?");
  CHECK(refusal({"frobnicate"}) == "unknown command 'frobnicate': known: boot, run, up, doctor");
  CHECK(refusal({"--memory", "64M", "run", "k"}) == "--memory stands before the command: write pvisor boot --memory ...");
  CHECK(refusal({"--versoin"}) == "unknown option --versoin: did you mean --version?");
  CHECK(refusal({"\x1b[2J"}) == "unknown command '\\x1b[2J': known: boot, run, up, doctor");
}

TEST_CASE("wrong options are refused with the nearest option or the command they belong to") {
  CHECK(refusal({"run", "--memroy", "64M", "k"}) == "run: unknown option --memroy: did you mean --memory?");
  CHECK(refusal({"run", "--mem=64M", "k"}) == "run: unknown option --mem: did you mean --memory?");
  CHECK(refusal({"run", "k", "-z"}) == "run: unknown option -z: see pvisor --help");
  CHECK(refusal({"run", "k", "--menu", "m"}) == "run: --menu belongs to pvisor boot");
  CHECK(refusal({"run", "k", "extra"}) == "run: unexpected 'extra': words for the kernel come after --");
  CHECK(refusal({"boot", "d", "e"}) == "boot: unexpected 'e': one is enough; see pvisor --help");
  CHECK(refusal({"up", "d", "--memory", "1M"}) == "up: --memory belongs to pvisor boot");
}

TEST_CASE("an option without its value or given twice is refused by name") {
  CHECK(refusal({"run", "k", "--memory"}).find("--memory") == 0);
  CHECK(refusal({"run", "k", "--memory", "1M", "--memory", "2M"}).find("--memory") == 0);
}

TEST_CASE("missing arguments are refused with the way to write them") {
  CHECK(refusal({"run"}) == "run: no kernel: write pvisor run KERNEL [-- ARGS]");
  CHECK(refusal({"boot"}) == "boot: no disk: write pvisor boot DISK");
  CHECK(refusal({"up"}) == "up: no file: write pvisor up DOMAINS.json");
  CHECK(refusal({"up", "d.json", "--", "x"}) ==
        "up: words after --: a kernel's command line is the key cmdline in the file");
}

TEST_CASE("boot refuses what belongs into the menu and says where it goes") {
  const std::string advice = "; name another menu by --config PLACE or give one by --menu FILE";
  CHECK(refusal({"boot", "d", "--append", "x"}) ==
        "boot: --append: the kernel's command line is in the menu on the disk" + advice);
  CHECK(refusal({"boot", "d", "--", "x"}) ==
        "boot: words after --: the kernel's command line is in the menu on the disk" + advice);
  CHECK(refusal({"boot", "d", "--initrd", "x"}) == "boot: --initrd: the ramdisk is named in the menu on the disk" + advice);
}

TEST_CASE("an unknown engine is refused with the list") {
  CHECK(refusal({"run", "k", "--engine", "kvm"}) == "--engine: unknown engine 'kvm': there is fiber, other");
}

TEST_CASE("a number of virtual CPUs that no domain can have is refused clearly") {
  CHECK(refusal({"run", "k", "--vcpus", "33"}) == "--vcpus '33': out of range: a domain has 1 to 32 virtual CPUs");
  CHECK(refusal({"run", "k", "--vcpus", "0"}) == "--vcpus '0': out of range: a domain has 1 to 32 virtual CPUs");
  CHECK(refusal({"run", "k", "--vcpus", "two"}) == "--vcpus 'two': not a number of virtual CPUs; write one, such as 2");
}

TEST_CASE("names that could reach a path or a terminal are refused") {
  const std::string rule = "': use letters, digits and . - _ + (at most 64, a letter or digit first)";
  CHECK(refusal({"run", "k", "--name", "../x"}) == "--name '../x" + rule);
  CHECK(refusal({"run", "k", "--name", "a\nb"}) == "--name 'a\\x0ab" + rule);
  CHECK(refusal({"run", "k", "--name", "a b"}) == "--name 'a b" + rule);
  CHECK(refusal({"run", "k", "--name", std::string(65, 'a')}).find("--name") == 0);
}

TEST_CASE("memory sizes have units and limits") {
  CHECK(parse_memory_mib("m", "64") == 64);
  CHECK(parse_memory_mib("m", "64M") == 64);
  CHECK(parse_memory_mib("m", "2g") == 2048);
  CHECK(parse_memory_mib("m", "65536K") == 64);
  const std::string not_a_size = "not a size; write a number with K, M or G, such as 64M";
  CHECK(refusal({"run", "k", "--memory", "lots"}) == "--memory 'lots': " + not_a_size);
  CHECK(refusal({"run", "k", "--memory=-1"}) == "--memory '-1': " + not_a_size);
  CHECK(refusal({"run", "k", "--memory", "64MB"}) == "--memory '64MB': " + not_a_size);
  CHECK(refusal({"run", "k", "--memory", "99999999999999999999"}) == "--memory '99999999999999999999': " + not_a_size);
  CHECK(refusal({"run", "k", "--memory", "1000K"}) ==
        "--memory '1000K': not a whole number of MiB; write a multiple of 1024K");
  CHECK(refusal({"run", "k", "--memory", "0"}) == "--memory: 0 MiB is out of range; give 1M to 64G");
  CHECK(refusal({"run", "k", "--memory", "65G"}) == "--memory: 66560 MiB is out of range; give 1M to 64G");
  CHECK(refusal({"run", "k", "--memory", "18446744073709551615G"}) ==
        "--memory '18446744073709551615G': too large; the limit is 64G");
}

TEST_CASE("times have units and limits") {
  CHECK(parse_duration_ns("t", "10s") == 10'000'000'000U);
  CHECK(parse_duration_ns("t", "3") == 3'000'000'000U);
  const std::string range = "out of range; give 1ms to a year, or leave it out for no limit";
  CHECK(refusal({"run", "k", "--timeout", "0"}) == "--timeout '0': " + range);
  CHECK(refusal({"run", "k", "--timeout", "18446744073709551615m"}) == "--timeout '18446744073709551615m': " + range);
  CHECK(refusal({"run", "k", "--timeout", "10h"}) ==
        "--timeout '10h': not a time; write a number with ms, s or m, such as 10s");
}

TEST_CASE("disk options are refused with their grammar") {
  CHECK(refusal({"run", "k", "--disk", ",ro"}) == "--disk: no file name; write FILE[,ro][,shared][,vdev=xvdb][,cache=direct][,sector=4096]");
  CHECK(refusal({"run", "k", "--disk", "d,readonly"}) ==
        "--disk: 'readonly' is neither ro, rw, shared, vdev=NAME, cache=WORD nor sector=SIZE; a comma in a file name is written twice");
  CHECK(refusal({"run", "k", "--disk", "d,"}) ==
        "--disk: '' is neither ro, rw, shared, vdev=NAME, cache=WORD nor sector=SIZE; a comma in a file name is written twice");
  CHECK(refusal({"run", "k", "--disk", "d,vdev=floppy"}) ==
        "--disk: 'floppy' is no name of a virtual disk; use xvda, xvdb, ... (or sda to sdp, hda to hdd), with a partition "
        "number behind it if wanted: xvda1");
  CHECK(refusal({"run", "k", "--disk", "a,vdev=xvdb", "--disk", "b,vdev=xvdb"}) ==
        "--disk: two disks are xvdb; give each its own vdev");
}

TEST_CASE("disks without a name take the free ones in order") {
  std::vector<DiskSpec> disks{{.path = "a"}, {.path = "b", .vdev = "xvda"}, {.path = "c"}};
  assign_vdevs("--disk", disks);
  CHECK(disks[0].vdev == "xvdb");
  CHECK(disks[2].vdev == "xvdc");
  std::vector<DiskSpec> many(28);
  assign_vdevs("--disk", many);
  CHECK(many[25].vdev == "xvdz");
  CHECK(many[26].vdev == "xvdaa");
  CHECK(many[27].vdev == "xvdab");
}

TEST_CASE("only likely slips get a suggestion") {
  static constexpr std::array<std::string_view, 2> kWords{"memory", "name"};
  CHECK(nearest_word("memroy", kWords) == "memory");
  CHECK(nearest_word("nmae", kWords) == "name");
  CHECK(nearest_word("zzzz", kWords).empty());
  CHECK(nearest_word(std::string(100'000, 'm'), kWords).empty());
}
