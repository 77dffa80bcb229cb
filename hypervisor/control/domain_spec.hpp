// SPDX-License-Identifier: MIT
// DomainSpec: everything pvisor needs to know to start a domain, wherever it was said: on the command line or in JSON.
// Plain values, already checked; nothing of it was opened yet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/quantity.hpp"
#include "devices/block/disk_tuning.hpp"
#include "devices/net/mac_address.hpp"
#include "devices/net/rate_limit.hpp"
#include "devices/net/user_net.hpp"

namespace pvisor {

struct DiskSpec {
  std::string path{};
  bool read_only = false;
  std::string vdev{};   ///< "xvda"; empty until assign_vdevs()
  bool shared = false;  ///< others may write it at the same time
  DiskTuning tuning{};
};

/// Where the frames of an interface go.
struct NetTarget {
  enum class Kind : std::uint8_t { Switch, User, Tap };
  Kind kind = Kind::Switch;
  std::string name{};  ///< of the switch, or of the host's tap device
};

/// Interfaces of one domain.
inline constexpr std::size_t kMaxNets = 8;
/// Forwarded ports of one interface.
inline constexpr std::size_t kMaxForwards = 32;

struct NetSpec {
  NetTarget target{};
  MacAddress mac{};  ///< zero until assign_macs()
  std::optional<NetRate> rate{};
  std::string capture{};  ///< file; empty: none
  UserNetConfig user{};   ///< for Kind::User
};

struct ConsoleSpec {
  enum class Kind : std::uint8_t { Stdio, Pty, File };
  Kind kind = Kind::Stdio;
  std::string file;  ///< for File
};

/// xl's words for what happens when a domain ends.
enum class EndAction : std::uint8_t { Destroy, Restart, Preserve };
inline constexpr std::array<std::string_view, 3> kEndWords{"destroy", "restart", "preserve"};

struct DomainSpec {
  std::string name;
  std::string kernel;       ///< file of the kernel; with `bootloader` of the loader, empty for pvisor's own
  bool bootloader = false;  ///< the loader is started, and again at each reboot
  std::string ramdisk;      ///< with `bootloader` the menu given from the host; empty: none
  std::string cmdline;      ///< with `bootloader` the place of the menu on the guest's disks; empty: the usual ones
  std::uint64_t memory_mib = kDefaultMemoryMib;
  std::uint32_t vcpus = 1;
  std::string engine;  ///< empty until the default is chosen
  std::vector<DiskSpec> disks;
  std::vector<NetSpec> nets;
  ConsoleSpec console;
  EndAction on_poweroff = EndAction::Destroy;
  EndAction on_reboot = EndAction::Restart;
  EndAction on_crash = EndAction::Destroy;
  bool trusted = false;  ///< may run on an engine that contains nothing, where a policy asks for it
};

/// One run of pvisor.
struct RunPlan {
  std::vector<DomainSpec> domains;
  std::optional<std::uint64_t> timeout_ns;
  std::optional<std::uint64_t> seed;  ///< set: deterministic
  bool statistics = false;            ///< tell at the end what each disk and interface did
  bool is_strict = false;             ///< nothing of what confines guests and monitor may be missing
  bool is_unconfined = false;         ///< the monitor keeps its rights, for who debugs it
  std::string image_root;             ///< set: all files lie below it, and their names count from it
};

/// "stdio", "pty" or "file:NAME". Throws HostError::usage naming `place`.
[[nodiscard]] ConsoleSpec parse_console(std::string_view place, const std::string& text);
/// One of kEndWords. Throws HostError::usage naming `place`.
[[nodiscard]] EndAction parse_end_action(std::string_view place, std::string_view word);

/// Letters, digits and ".-_+", a letter or digit first, at most 64: a name goes to xenstore, logs and file names as it is.
[[nodiscard]] bool is_valid_domain_name(const std::string& name);
/// A name from a file's name: its stem with everything else replaced by '-'.
[[nodiscard]] std::string domain_name_from_file(const std::string& path);

}  // namespace pvisor
