// SPDX-License-Identifier: MIT
// FetchWatch: in builds with PVISOR_WATCH_FETCHES (the option watch_fetches, on with sanitizers) a test is told of every read
// of guest memory, right after it, and may change the bytes as a guest on another CPU could. A second read of the same field
// then sees other bytes, so that what would need a race becomes a plain wrong result. In other builds nobody is ever told.
//
// GuestMemory and SharedPage are the only doors to guest memory, and announce what they load or copy. Atomic
// read-modify-writes are not announced: they are one access by nature.
#pragma once

#include <cstddef>
#include <span>

namespace pvisor {

#if defined(PVISOR_WATCH_FETCHES)
inline constexpr bool kFetchesWatched = true;
#else
inline constexpr bool kFetchesWatched = false;
#endif

class FetchWatch {
 public:
  /// `bytes` of guest memory have just been read by this thread.
  virtual void fetched(std::span<std::byte> bytes) = 0;

  static inline thread_local FetchWatch* current = nullptr;

 protected:
  ~FetchWatch() = default;
};

inline void announce_fetch([[maybe_unused]] std::byte* bytes, [[maybe_unused]] std::size_t size) {
  if constexpr (kFetchesWatched) {
    if (FetchWatch::current != nullptr && size > 0) FetchWatch::current->fetched({bytes, size});
  }
}

}  // namespace pvisor
