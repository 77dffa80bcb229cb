// SPDX-License-Identifier: MIT
#include "control/host_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/escape.hpp"
#include "base/host_error.hpp"

#ifndef PVISOR_LIBDIR
#define PVISOR_LIBDIR "/usr/local/lib"
#endif

namespace pvisor {

std::vector<std::byte> read_host_file(const std::string& path, const std::string& what, std::uint64_t limit,
                                      const FileRoot& root) {
  const std::string place = fmt::format("{} {}", what, escaped(path));
  const UniqueFd fd = root.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (!fd.is_open()) throw root.refusal(place, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw HostError::from_errno(place, errno);
  if (S_ISDIR(status.st_mode)) throw HostError(place + ": is a directory; name a file");
  if (!S_ISREG(status.st_mode) && (!S_ISFIFO(status.st_mode) || root.is_limited())) {
    throw HostError(place + ": is a device; name a regular file");
  }
  const auto refuse_size = [&] { return HostError(fmt::format("{}: larger than the limit of {} bytes", place, limit)); };
  if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) > limit) throw refuse_size();
  if (S_ISFIFO(status.st_mode)) ::fcntl(fd.get(), F_SETFL, 0);  // a pipe from the shell: wait for its writer

  std::vector<std::byte> bytes(std::min<std::uint64_t>(static_cast<std::uint64_t>(status.st_size) + 1, limit + 1));
  std::size_t used = 0;
  for (;;) {
    if (used > limit) throw refuse_size();
    if (used == bytes.size()) bytes.resize(std::min<std::uint64_t>(bytes.size() * 2 + 4096, limit + 1));
    const ssize_t got = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw HostError::from_errno(place, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

std::string find_own_loader() {
  std::error_code error;
  const std::filesystem::path binary = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::filesystem::path places[] = {binary / "guests" / "loader.elf", PVISOR_LIBDIR "/pvisor/loader.elf",
                                          binary.parent_path() / "lib" / "pvisor" / "loader.elf"};
  for (const auto& place : places) {
    if (std::filesystem::is_regular_file(place, error)) return place.string();
  }
  throw HostError(fmt::format("pvisor's loader is neither {} nor {}: build it, or name one by --loader FILE",
                              places[0].string(), places[1].string()));
}

}  // namespace pvisor
