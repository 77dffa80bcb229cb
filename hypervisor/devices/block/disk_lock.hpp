// SPDX-License-Identifier: MIT
// Locks on disk images, in QEMU's way, so that two monitors, or a monitor and QEMU, do not write the same image.
//
// Byte 100 + p of the file read-locked: somebody uses permission p. Byte 200 + p read-locked: somebody wants that nobody
// else uses p. First take, then look for contradictions: of two who come at the same time at least one notices.
// The locks belong to the open file description (OFD) and end with it.
#pragma once

#include <cstdint>

namespace pvisor {

enum class DiskAccess : std::uint8_t {
  ReadOnly,
  ReadWrite,
  SharedReadWrite,  ///< others who also share it may write it at the same time
};

enum class DiskLock : std::uint8_t {
  Taken,
  InUse,        ///< somebody else writes it, or reads it and we wanted to write
  Unavailable,  ///< this file system has no locks
};

/// `fd` must be open for reading.
[[nodiscard]] DiskLock lock_disk(int fd, DiskAccess access);

}  // namespace pvisor
