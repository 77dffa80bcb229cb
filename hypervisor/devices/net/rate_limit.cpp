// SPDX-License-Identifier: MIT
#include "devices/net/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace pvisor {
namespace {

constexpr std::uint64_t kMillisecondNs = 1'000'000;
constexpr std::uint64_t kSecondNs = 1'000 * kMillisecondNs;
constexpr std::uint64_t kDefaultIntervalNs = 50 * kMillisecondNs;
/// Beyond any network; and what is computed from it fits.
constexpr std::uint64_t kMaxBytesPerSecond = 1'000'000'000'000;

/// A number of at least 1, taken off the text.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

template <std::size_t N>
std::optional<std::uint64_t> unit(std::string_view text, const std::array<std::pair<std::string_view, std::uint64_t>, N>& units) {
  for (const auto& [word, factor] : units) {
    if (text == word) return factor;
  }
  return std::nullopt;
}

/// In bits.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> kRates{{{"b/s", 1},
                                                                            {"Kb/s", 1'000},
                                                                            {"Mb/s", 1'000'000},
                                                                            {"Gb/s", 1'000'000'000},
                                                                            {"B/s", 8},
                                                                            {"KB/s", 8'000},
                                                                            {"MB/s", 8'000'000},
                                                                            {"GB/s", 8'000'000'000}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> kTimes{{{"us", 1'000}, {"ms", kMillisecondNs}, {"s", kSecondNs}}};

}  // namespace

std::optional<NetRate> NetRate::parse(std::string_view text) {
  const std::size_t at = text.find('@');
  std::string_view rate = text.substr(0, at);
  const auto number = take_number(rate);
  const auto bits = unit(rate, kRates);
  if (!number || !bits || *number > kMaxBytesPerSecond * 8 / *bits) return std::nullopt;
  std::uint64_t interval = kDefaultIntervalNs;
  if (at != std::string_view::npos) {
    std::string_view time = text.substr(at + 1);
    const auto count = take_number(time);
    const auto ns = unit(time, kTimes);
    if (!count || !ns || *count > kSecondNs / *ns) return std::nullopt;
    interval = *count * *ns;
  }
  const auto bytes = static_cast<double>(*number) * static_cast<double>(*bits) / 8 * static_cast<double>(interval) / kSecondNs;
  // At least one byte in an interval, which then is longer.
  if (bytes < 1) return NetRate{1, static_cast<std::uint64_t>(static_cast<double>(interval) / bytes)};
  return NetRate{static_cast<std::uint64_t>(std::llround(bytes)), interval};
}

bool RateLimit::is_open(std::uint64_t now_ns) {
  const double gained = static_cast<double>(now_ns - since_ns_) / static_cast<double>(rate_.interval_ns) * static_cast<double>(rate_.bytes);
  credit_ = std::min(static_cast<double>(rate_.bytes), credit_ + gained);
  since_ns_ = now_ns;
  return credit_ > 0;
}

std::uint64_t RateLimit::opens_at() const {
  // A whole interval at least: the guest then sends as much at once as it may, instead of packet by packet.
  const double wait = (1 - credit_) / static_cast<double>(rate_.bytes) * static_cast<double>(rate_.interval_ns);
  return since_ns_ + std::max(rate_.interval_ns, static_cast<std::uint64_t>(wait) + 1);
}

}  // namespace pvisor
