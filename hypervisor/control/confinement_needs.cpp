// SPDX-License-Identifier: MIT
// What the domains of a plan will need of the host while they run.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "control/confinement.hpp"

namespace pvisor {

namespace {

constexpr int kOnlyPlace = O_PATH | O_CLOEXEC;
constexpr std::uint16_t kFirstFreePort = 1024;

/// Opened, to be named to the host; closed if there is no such thing.
void add_place(std::vector<UniqueFd>& places, UniqueFd place) {
  if (place.is_open()) places.push_back(std::move(place));
}

/// A console file that grows is renamed, and begun anew beside it.
void add_log_folder(ConfinementNeeds& needs, const std::string& file, const FileRoot& root) {
  struct stat status {};
  const UniqueFd opened = root.open(file, kOnlyPlace);
  if (!opened.is_open() || ::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const std::string folder = std::filesystem::path(file).parent_path();
  add_place(needs.log_folders, root.open(folder.empty() ? "." : folder, kOnlyPlace | O_DIRECTORY));
}

void add_user_net(ConfinementNeeds& needs, const UserNetConfig& config) {
  needs.opens_sockets = true;
  for (const HostForward& forward : config.forwards) needs.binds_low_ports = needs.binds_low_ports || forward.host_port < kFirstFreePort;
  // libslirp asks the host's name server, and looks anew who that is. Where the file is a link, its target's folder is that of a service,
  // which replaces the file.
  std::error_code error;
  const std::filesystem::path servers = std::filesystem::canonical("/etc/resolv.conf", error);
  if (error) return;
  const bool is_link = servers.parent_path() != "/etc";
  add_place(needs.readable_files, UniqueFd(::open(is_link ? servers.parent_path().c_str() : servers.c_str(), kOnlyPlace)));
}

}  // namespace

ConfinementNeeds needs_of(std::span<const HostedDomain> domains, const FileRoot& root) {
  ConfinementNeeds needs;
  for (const HostedDomain& domain : domains) {
    needs.runs_guests = needs.runs_guests || !domain.engine->traits().isolates_memory;
    if (domain.spec.console.kind == ConsoleSpec::Kind::File) add_log_folder(needs, domain.spec.console.file, root);
    for (const NetSpec& net : domain.spec.nets) {
      if (net.target.kind == NetTarget::Kind::User) add_user_net(needs, net.user);
    }
  }
  return needs;
}

}  // namespace pvisor
