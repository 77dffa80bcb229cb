// SPDX-License-Identifier: MIT
// StoreStatus: how a xenstore operation ended. A guest can cause every one of them, so none is an exception.
// On the wire a status travels as the name of an error (see wire.hpp).
#pragma once

#include <cstdint>
#include <utility>

namespace pvisor {

enum class StoreStatus : std::uint8_t {
  Ok,
  Invalid,      ///< EINVAL: malformed path, argument or permission
  Denied,       ///< EACCES: also for a node the caller may not know to be missing
  Exists,       ///< EEXIST: that watch is already set
  Missing,      ///< ENOENT: no such node, watch or transaction
  NoSpace,      ///< ENOSPC: a quota of the domain is used up
  NoMemory,     ///< ENOMEM: what the store holds for the domain has reached its limit
  TooBig,       ///< E2BIG: too many watches, or a directory too long for one reply
  Again,        ///< EAGAIN: the transaction met a conflict
  Busy,         ///< EBUSY: a transaction inside a transaction
  Unsupported,  ///< ENOSYS: unknown request
};

/// A status, and a value that means something when the status is Ok.
template <class T>
struct [[nodiscard]] StoreResult {
  StoreResult(StoreStatus failure) : status(failure) {}  // NOLINT: a refusal reads best as the bare status
  StoreResult(T result) : status(StoreStatus::Ok), value(std::move(result)) {}  // NOLINT
  [[nodiscard]] bool ok() const { return status == StoreStatus::Ok; }

  StoreStatus status;
  T value{};
};

}  // namespace pvisor
