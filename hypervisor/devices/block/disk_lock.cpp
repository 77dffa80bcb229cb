// SPDX-License-Identifier: MIT
#include "devices/block/disk_lock.hpp"

#include <fcntl.h>

#include <cerrno>
#include <initializer_list>

namespace pvisor {
namespace {

constexpr off_t kUsedBase = 100;
constexpr off_t kUnsharedBase = 200;
/// Permissions as QEMU numbers them.
enum Permission : off_t { kConsistentRead = 0, kWrite = 1, kResize = 3 };

struct flock one_byte(off_t byte, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

/// 0 or errno.
int take(int fd, off_t byte) {
  struct flock lock = one_byte(byte, F_RDLCK);
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

bool held_by_others(int fd, off_t byte) {
  struct flock lock = one_byte(byte, F_WRLCK);
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

DiskLock lock_disk(int fd, DiskAccess access) {
  const bool writes = access != DiskAccess::ReadOnly;
  const bool shares = access == DiskAccess::SharedReadWrite;
  // Twice the same byte does no harm, so what is not wanted is replaced by what is.
  for (const off_t byte : {kUsedBase + kConsistentRead, kUnsharedBase + kResize, shares ? kUnsharedBase + kResize : kUnsharedBase + kWrite,
                           writes ? kUsedBase + kWrite : kUsedBase + kConsistentRead}) {
    const int error = take(fd, byte);
    // Only somebody's write lock is in the way of a read lock.
    if (error == EAGAIN || error == EACCES) return DiskLock::InUse;
    if (error != 0) return DiskLock::Unavailable;
  }
  // What others do that we do not want, then what we do that they do not want. Our own locks never count: they belong to this
  // very open file.
  if (!shares && held_by_others(fd, kUsedBase + kWrite)) return DiskLock::InUse;
  if (held_by_others(fd, kUsedBase + kResize) || held_by_others(fd, kUnsharedBase + kConsistentRead)) return DiskLock::InUse;
  if (writes && held_by_others(fd, kUnsharedBase + kWrite)) return DiskLock::InUse;
  return DiskLock::Taken;
}

}  // namespace pvisor
