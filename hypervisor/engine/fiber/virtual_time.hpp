// SPDX-License-Identifier: MIT
// What the fiber engine does differently in a deterministic run: this thread's CPU counter is virtual time, for guests and for
// ourselves (the C library's clock reads it too), guests are placed by their order, and a guest that makes no call is found by
// a timer that is set anew at each entry, so that it never disturbs one that does.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/engine.hpp"

namespace pvisor::fiber {

/// One at a time on a thread, and only the thread that made it runs guests.
class VirtualTime {
 public:
  /// Throws HostError where the host cannot make rdtsc fault.
  explicit VirtualTime(const std::uint64_t* now_ns);
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  /// Where the next guest goes: the first place that no other has.
  [[nodiscard]] std::uint64_t next_place();
  /// This memory is now at the place that was given last. It is free again when the memory is gone.
  void taken(const std::shared_ptr<Ram>& ram);

 private:
  std::vector<std::weak_ptr<Ram>> places_;
  std::size_t given_ = 0;
};

/// The time of this thread's VirtualTime, for its signal handler; nullptr if it has none.
extern constinit thread_local const std::uint64_t* volatile virtual_now_ns;

/// This thread runs guests in virtual time.
[[nodiscard]] inline bool is_virtual_time() { return virtual_now_ns != nullptr; }
/// In a signal handler: if the interrupted instruction reads the CPU's counter, gives it virtual time and steps over it.
[[nodiscard]] bool answer_counter(ucontext_t& context);

}  // namespace pvisor::fiber
