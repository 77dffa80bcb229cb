// SPDX-License-Identifier: MIT
#include "base/file_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/escape.hpp"

namespace pvisor {

FileRoot::FileRoot(const std::string& folder) : name_(folder), folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!folder_.is_open()) throw HostError::from_errno("image root " + escaped(folder), errno);
}

const FileRoot& FileRoot::whole() {
  static const FileRoot root;
  return root;
}

UniqueFd FileRoot::open(const std::string& path, int flags, mode_t mode) const {
  if (!is_limited()) return UniqueFd(::open(path.c_str(), flags, mode));
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, folder_.get(), path.c_str(), &how, sizeof how)));
}

int FileRoot::rename(const std::string& from, const std::string& to) const {
  if (!is_limited()) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  const auto slash = from.rfind('/');
  const bool is_deeper = slash != std::string::npos;
  const UniqueFd parent = open(is_deeper ? from.substr(0, slash) : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!parent.is_open()) return errno;
  const std::size_t name_at = is_deeper ? slash + 1 : 0;
  const int result = ::renameat(parent.get(), from.c_str() + name_at, parent.get(), to.c_str() + name_at);
  return result == 0 ? 0 : errno;
}

HostError FileRoot::refusal(const std::string& place, int error) const {
  if (!is_limited() || (error != EXDEV && error != ELOOP)) return HostError::from_errno(place, error);
  return HostError(place + ": its way leaves the image root " + escaped(name_) + " or has a symbolic link in it");
}

}  // namespace pvisor
