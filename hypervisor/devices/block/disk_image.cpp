// SPDX-License-Identifier: MIT
#include "devices/block/disk_image.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <span>
#include <utility>

#include "base/host_error.hpp"
#include "devices/block/disk_format.hpp"
#include "devices/block/disk_lock.hpp"

namespace pvisor {
namespace {

constexpr std::uint64_t kSectorSize = 512;
constexpr std::uint32_t kLargeSector = 4096;

std::string quoted(const std::string& path) { return "disk '" + path + "'"; }

[[noreturn]] void refuse(const std::string& path, const std::string& why) { throw HostError(quoted(path) + ": " + why); }

void check_type(const std::string& path, mode_t mode, const FileRoot& root) {
  if (S_ISREG(mode) || (S_ISBLK(mode) && !root.is_limited())) return;
  if (S_ISDIR(mode)) refuse(path, "is a directory; name the image file inside it");
  if (S_ISFIFO(mode)) refuse(path, "is a pipe; a disk must be a file that can be read at any place, so store it first");
  refuse(path, "is neither a file nor a block device");
}

[[noreturn]] void refuse_open(const std::string& path, DiskAccess access, int error, const FileRoot& root) {
  const bool writing = access != DiskAccess::ReadOnly;
  if (error == ENOENT) refuse(path, "there is no such file; an empty disk is made by: truncate -s 1G FILE");
  if (writing && error == EROFS) refuse(path, "its file system is read-only; attach it with ,ro");
  if (writing && (error == EACCES || error == EPERM)) {
    refuse(path, "no permission to write it; attach it with ,ro or change its permissions");
  }
  throw root.refusal(quoted(path) + ": cannot open it", error);
}

std::span<const std::byte> read_at(int fd, std::span<std::byte> buffer, std::uint64_t offset) {
  const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  return buffer.first(got > 0 ? static_cast<std::size_t>(got) : 0);
}

void check_raw(const std::string& path, int fd, std::uint64_t size) {
  std::array<std::byte, kDiskHeadBytes> head_buffer{};
  std::array<std::byte, kDiskTailBytes> tail_buffer{};
  const auto head = read_at(fd, head_buffer, 0);
  const auto tail = read_at(fd, tail_buffer, size > kDiskTailBytes ? size - kDiskTailBytes : 0);
  const auto format = recognise_disk_format(head, tail);
  if (!format) return;
  refuse(path, "is in " + std::string(format->name) + " format, and only raw disks are read; convert it: " +
                   disk_format_remedy(*format, path));
}

}  // namespace

std::shared_ptr<DiskImage> DiskImage::open(const std::string& path, DiskAccess access, const FileRoot& root, DiskTuning tuning) {
  if (path.empty()) throw HostError::usage("the disk's file name is empty");
  std::shared_ptr<DiskImage> image(new DiskImage(path, access, tuning));
  image->open_file(root);
  image->measure();
  return image;
}

void DiskImage::open_file(const FileRoot& root) {
  struct stat status{};
  const auto check = [&](int fd) {
    if (fd < 0 || ::fstat(fd, &status) != 0) refuse_open(path_, access_, errno, root);
    check_type(path_, status.st_mode, root);
  };
  // Looked at before opening, because opening a device can do something to it; looked at again below in case it changed.
  check(root.open(path_, O_PATH | O_CLOEXEC).get());
  const int mode = access_ == DiskAccess::ReadOnly ? O_RDONLY : O_RDWR;
  fd_ = root.open(path_, mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  check(fd_.get());
  // Not blocking was for a pipe put there meanwhile; reads must wait for the disk.
  if (::fcntl(fd_.get(), F_SETFL, 0) != 0) refuse_open(path_, access_, errno, root);

  switch (lock_disk(fd_.get(), access_)) {
    case DiskLock::Taken:
      return;
    case DiskLock::InUse:
      refuse(path_, access_ != DiskAccess::ReadOnly
                        ? "is in use by another domain or program; end that one, attach it with ,ro to both, or copy the file"
                        : "another domain or program writes it; end that one, or copy the file");
    case DiskLock::Unavailable:
      add_note("its file system has no locks: take care that nothing else writes it");
  }
}

void DiskImage::measure() {
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw HostError::from_errno(quoted(path_), errno);
  auto size = static_cast<std::uint64_t>(status.st_size);
  discard_granularity_ = static_cast<std::uint32_t>(status.st_blksize);
  if (S_ISBLK(status.st_mode)) {
    if (::ioctl(fd_.get(), BLKGETSIZE64, &size) != 0) throw HostError::from_errno(quoted(path_) + ": cannot get its size", errno);
    unsigned int physical = 0;
    if (::ioctl(fd_.get(), BLKPBSZGET, &physical) == 0 && physical >= kSectorSize) physical_sector_size_ = discard_granularity_ = physical;
  }
  if (size == 0) refuse(path_, "is empty; give it a size first: truncate -s 1G FILE");
  check_raw(path_, fd_.get(), size);
  if (tuning_.cache == DiskCache::Direct) go_direct();
  if (tuning_.cache == DiskCache::Unsafe) add_note("cache=unsafe: flushes do nothing; what the guest believes safe is lost if the host stops");
  const std::uint64_t sector_size = tuning_.sector_size;
  if (size % sector_size != 0) {
    refuse(path_, "its size of " + std::to_string(size) + " bytes is no whole number of " + std::to_string(sector_size) +
                      "-byte sectors; round it up with zeros: truncate -s %" + std::to_string(sector_size) + " FILE");
  }
  if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) refuse(path_, "is too large");
  sectors_ = size / kSectorSize;
  physical_sector_size_ = std::max(physical_sector_size_, tuning_.sector_size);
}

/// Direct I/O wants whole sectors of the host's, in place, length and memory. What they are shows when one tries.
void DiskImage::go_direct() {
  if (::fcntl(fd_.get(), F_SETFL, O_DIRECT) != 0) {
    if (errno == EINVAL) refuse(path_, "its file system has no direct I/O; leave out cache=direct");
    throw HostError::from_errno(quoted(path_) + ": cannot switch on direct I/O", errno);
  }
  alignas(kLargeSector) std::array<std::byte, kLargeSector> buffer;
  const auto reads_by = [&](std::size_t size) {
    return ::pread(fd_.get(), buffer.data() + (kLargeSector - size), size, static_cast<off_t>(size)) >= 0;
  };
  if (!reads_by(kSectorSize)) tuning_.sector_size = kLargeSector;
  if (!reads_by(tuning_.sector_size)) {
    refuse(path_, "its host has no direct I/O in sectors of " + std::to_string(tuning_.sector_size) + " bytes; leave out cache=direct");
  }
}

void DiskImage::add_note(const std::string& note) {
  note_ += (note_.empty() ? quoted(path_) + ": " : "; ") + note;
}

}  // namespace pvisor
