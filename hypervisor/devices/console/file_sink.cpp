// SPDX-License-Identifier: MIT
// FileSink: a guest's console in a file of the host.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "devices/console/sinks.hpp"

namespace pvisor {

FileSink::FileSink(std::string path, std::function<void(const std::string&)> log, std::uint64_t max_bytes,
                   const FileRoot& root)
    : path_(std::move(path)), log_(std::move(log)), max_bytes_(max_bytes), root_(root) {
  open();
}

void FileSink::open() {
  fd_ = root_.open(path_, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
  struct stat status {};
  if (!fd_.is_open() || ::fstat(fd_.get(), &status) != 0) throw root_.refusal("console file " + escaped(path_), errno);
  rotates_ = S_ISREG(status.st_mode);
  if (!rotates_ && (!S_ISCHR(status.st_mode) || root_.is_limited())) throw HostError("console file " + escaped(path_) + ": is no regular file");
  written_ = 0;
}

void FileSink::rotate() {
  const std::string older = path_ + ".1";
  try {
    if (const int error = root_.rename(path_, older); error != 0) throw HostError::from_errno("console file " + escaped(older), error);
    open();
  } catch (const HostError& error) {
    // Better to begin the same file again than to lose the console or to fill the disk.
    if (!fd_.is_open() || ::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) fd_.reset();
    log_(error.what());
    written_ = 0;
  }
}

std::size_t FileSink::write(std::span<const std::byte> bytes) {
  if (rotates_ && written_ >= max_bytes_) rotate();
  for (std::size_t done = 0; done < bytes.size() && fd_.is_open();) {
    const ssize_t got = ::write(fd_.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      // A full disk must not stop the guest: this text is lost, later text may find room again.
      if (!std::exchange(failed_, true)) {
        log_("console file " + escaped(path_) + ": output is lost: " + std::generic_category().message(errno));
      }
      break;
    }
    done += static_cast<std::size_t>(got);
    written_ += static_cast<std::uint64_t>(got);
  }
  return bytes.size();
}

}  // namespace pvisor
