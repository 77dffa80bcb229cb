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

HostFile::HostFile(const std::string& path, const std::string& what, const FileRoot& root)
    : place_(fmt::format("{} {}", what, escaped(path))), fd_(root.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {
  if (!fd_.is_open()) throw root.refusal(place_, errno);
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw HostError::from_errno(place_, errno);
  if (S_ISDIR(status.st_mode)) throw HostError(place_ + ": is a directory; name a file");
  if (!S_ISREG(status.st_mode) && (!S_ISFIFO(status.st_mode) || root.is_limited())) {
    throw HostError(place_ + ": is a device; name a regular file");
  }
}

std::vector<std::byte> HostFile::read(std::uint64_t limit) const {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw HostError::from_errno(place_, errno);
  const auto refuse_size = [&] { return HostError(fmt::format("{}: larger than the limit of {} bytes", place_, limit)); };
  const bool is_regular = S_ISREG(status.st_mode);
  if (is_regular && static_cast<std::uint64_t>(status.st_size) > limit) throw refuse_size();
  if (!is_regular) ::fcntl(fd_.get(), F_SETFL, 0);  // a pipe from the shell: wait for its writer

  std::vector<std::byte> bytes(std::min<std::uint64_t>(static_cast<std::uint64_t>(status.st_size) + 1, limit + 1));
  std::size_t used = 0;
  for (;;) {
    if (used > limit) throw refuse_size();
    if (used == bytes.size()) bytes.resize(std::min<std::uint64_t>(bytes.size() * 2 + 4096, limit + 1));
    const ssize_t got = is_regular ? ::pread(fd_.get(), bytes.data() + used, bytes.size() - used, static_cast<off_t>(used))
                                   : ::read(fd_.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw HostError::from_errno(place_, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

std::vector<std::byte> read_host_file(const std::string& path, const std::string& what, std::uint64_t limit, const FileRoot& root) {
  return HostFile(path, what, root).read(limit);
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
