// SPDX-License-Identifier: MIT
// RateLimit: how much a guest may send, in xl's words: so many bytes in each interval, and no more than that saved up. A packet is
// let through while anything is left, and what it takes beyond that is paid back before the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pvisor {

struct NetRate {
  std::uint64_t bytes = 0;        ///< in each interval
  std::uint64_t interval_ns = 0;

  /// "10Mb/s", "1MB/s@20ms": b bits or B bytes with K, M, G of 1000; without an interval one of 50 ms. Nothing for anything else.
  [[nodiscard]] static std::optional<NetRate> parse(std::string_view text);
  bool operator==(const NetRate&) const = default;
};

class RateLimit {
 public:
  explicit RateLimit(const NetRate& rate) : rate_(rate), credit_(static_cast<double>(rate.bytes)) {}

  /// Whether a packet may be sent now.
  [[nodiscard]] bool is_open(std::uint64_t now_ns);
  void take(std::size_t bytes) { credit_ -= static_cast<double>(bytes); }
  /// When a packet may be sent again. Precondition: not now.
  [[nodiscard]] std::uint64_t opens_at() const;

 private:
  NetRate rate_;
  double credit_;  ///< bytes
  std::uint64_t since_ns_ = 0;
};

}  // namespace pvisor
