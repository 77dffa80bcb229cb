// SPDX-License-Identifier: MIT
// DomainSpec: everything pvisor needs to know to start a domain, wherever it was said: on the command line or in JSON.
// Plain values, already checked; nothing of it was opened yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/quantity.hpp"

namespace pvisor {

struct DiskSpec {
  std::string path;
  bool read_only = false;
  std::string vdev;  ///< "xvda"; empty until assign_vdevs()
};

struct ConsoleSpec {
  std::string file;  ///< empty: standard input and output
};

/// xl's words for what happens when a domain ends.
enum class EndAction : std::uint8_t { Destroy, Restart, Preserve };

struct DomainSpec {
  std::string name;
  std::string kernel;       ///< file of the kernel; with `bootloader` of the loader, empty for pvisor's own
  bool bootloader = false;  ///< the loader is started, and again at each reboot
  std::string ramdisk;      ///< with `bootloader` the menu given from the host; empty: none
  std::string cmdline;      ///< with `bootloader` the place of the menu on the guest's disks; empty: the usual ones
  std::uint64_t memory_mib = kDefaultMemoryMib;
  std::uint32_t vcpus = 1;
  std::string engine;
  std::vector<DiskSpec> disks;
  ConsoleSpec console;
  EndAction on_poweroff = EndAction::Destroy;
  EndAction on_reboot = EndAction::Restart;
  EndAction on_crash = EndAction::Destroy;
};

/// One run of pvisor.
struct RunPlan {
  std::vector<DomainSpec> domains;
  std::optional<std::uint64_t> timeout_ns;
};

/// Letters, digits and ".-_+", a letter or digit first, at most 64: a name goes to xenstore, logs and file names as it is.
[[nodiscard]] bool is_valid_domain_name(const std::string& name);
/// A name from a file's name: its stem with everything else replaced by '-'.
[[nodiscard]] std::string domain_name_from_file(const std::string& path);

}  // namespace pvisor
