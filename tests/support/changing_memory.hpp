// SPDX-License-Identifier: MIT
// ChangingMemory: while it lives, each byte of guest memory that the monitor reads is inverted right afterwards, as by a guest
// on another CPU. A second read of a byte within one request is counted: it is the mistake that this class looks for, and
// what came of it is wrong besides. For builds with the option watch_fetches.
//
//   ChangingMemory memory;
//   memory.spare(ring_header);              // words that are polled, by design
//   memory.begin_request();
//   world.call(...);
//   CHECK(memory.second_fetches() == 0);
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "core/fetch_watch.hpp"

namespace pvisor {

class ChangingMemory final : public FetchWatch {
 public:
  ChangingMemory() : outer_(std::exchange(current, this)) {}
  ChangingMemory(const ChangingMemory&) = delete;
  ChangingMemory& operator=(const ChangingMemory&) = delete;
  ~ChangingMemory() {
    PV_CHECK(current == this);
    current = outer_;
  }

  /// Words for which reading anew is the protocol: neither counted nor changed.
  void spare(std::span<std::byte> bytes) { spared_.push_back(bytes); }
  void begin_request() { fetched_.clear(); }

  /// Bytes read again by the request that had read them, over all requests.
  [[nodiscard]] std::size_t second_fetches() const { return second_; }
  /// Bytes read, over all requests: 0 means that nothing was tested.
  [[nodiscard]] std::size_t fetches() const { return bytes_; }

  void fetched(std::span<std::byte> bytes) override {
    if (std::ranges::any_of(spared_, [&](const auto& spared) { return overlap(spared, bytes) != 0; })) return;
    for (const auto& earlier : fetched_) second_ += overlap(earlier, bytes);
    bytes_ += bytes.size();
    const bool goes_on = !fetched_.empty() && fetched_.back().data() + fetched_.back().size() == bytes.data();
    if (goes_on) {  // the next element of an array
      fetched_.back() = {fetched_.back().data(), fetched_.back().size() + bytes.size()};
    } else {
      fetched_.push_back(bytes);
    }
    for (std::byte& byte : bytes) byte = ~byte;
  }

 private:
  [[nodiscard]] static std::size_t overlap(std::span<const std::byte> a, std::span<const std::byte> b) {
    const std::byte* const from = std::max(a.data(), b.data());
    const std::byte* const to = std::min(a.data() + a.size(), b.data() + b.size());
    return to > from ? static_cast<std::size_t>(to - from) : 0;
  }

  FetchWatch* outer_;
  std::vector<std::span<std::byte>> spared_;
  std::vector<std::span<std::byte>> fetched_;
  std::size_t second_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pvisor
