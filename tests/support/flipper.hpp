// SPDX-License-Identifier: MIT
// Flipper: the second CPU of a hostile guest: a thread that writes one content after the other over a piece of guest memory for as
// long as it lives.
//
//   Flipper flipper(bytes_of_the_struct, {good, bad});
//   for (...) CHECK(one_outcome_or_the_other(call()));
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <thread>

namespace pvisor {

class Flipper {
 public:
  static constexpr std::size_t kMaxBytes = 128;

  /// Precondition: `place` lies 8-byte aligned and is at most kMaxBytes.
  template <class T>
  Flipper(std::byte* place, const T& one, const T& other) : words_(reinterpret_cast<volatile std::uint64_t*>(place)), count_((sizeof(T) + 7) / 8) {
    static_assert(sizeof(T) <= kMaxBytes);
    std::memcpy(contents_[0].data(), &one, sizeof one);
    std::memcpy(contents_[1].data(), &other, sizeof other);
    thread_ = std::thread([this] { run(); });
    while (rounds_ == 0) std::this_thread::yield();
  }
  Flipper(const Flipper&) = delete;
  Flipper& operator=(const Flipper&) = delete;
  ~Flipper() {
    done_ = true;
    thread_.join();
  }

 private:
  // Not seen by ThreadSanitizer, as no store of a guest is: what races here is the guest with us, and we must bear it.
  __attribute__((no_sanitize("thread"))) void run() {
    while (!done_.load(std::memory_order_relaxed)) {
      for (const auto& content : contents_) {
        for (std::size_t i = 0; i < count_; ++i) words_[i] = content[i];
      }
      rounds_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  volatile std::uint64_t* words_;
  std::size_t count_;
  std::array<std::array<std::uint64_t, kMaxBytes / 8>, 2> contents_{};
  std::atomic<bool> done_{false};
  std::atomic<std::uint64_t> rounds_{0};
  std::thread thread_;
};

}  // namespace pvisor
