// SPDX-License-Identifier: MIT
#include "control/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>

#include "base/checked.hpp"
#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "builder/domain_builder.hpp"

namespace pvisor {

namespace {

struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
};

/// Digits, then anything. Nothing if there are no digits or too many.
std::optional<Quantity> split(std::string_view text) {
  Quantity quantity;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  if (error != std::errc{}) return std::nullopt;
  quantity.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return quantity;
}

HostError wrong(std::string_view place, std::string_view text, std::string_view remedy) {
  return HostError::usage(fmt::format("{} '{}': {}", place, escaped(text, 64), remedy));
}

std::optional<std::uint64_t> nanoseconds_per(std::string_view unit) {
  if (unit == "ms") return 1'000'000U;
  if (unit.empty() || unit == "s") return 1'000'000'000U;
  if (unit == "m") return 60'000'000'000U;
  return std::nullopt;
}

constexpr std::uint64_t kMaxDurationNs = 365ULL * 24 * 3600 * 1'000'000'000;

}  // namespace

std::uint64_t check_memory_mib(std::string_view place, std::uint64_t mib) {
  if (mib < kMinMemoryMib || mib > kMaxMemoryMib) {
    throw HostError::usage(fmt::format("{}: {} MiB is out of range; give {}M to {}G", place, mib, kMinMemoryMib,
                                       kMaxMemoryMib / 1024));
  }
  return mib;
}

std::uint64_t parse_memory_mib(std::string_view place, std::string_view text) {
  static constexpr std::string_view kRemedy = "not a size; write a number with K, M or G, such as 64M";
  const auto quantity = split(text);
  if (!quantity) throw wrong(place, text, kRemedy);
  if (quantity->unit == "K" || quantity->unit == "k") {
    if (quantity->number % 1024 != 0) throw wrong(place, text, "not a whole number of MiB; write a multiple of 1024K");
    return check_memory_mib(place, quantity->number / 1024);
  }
  if (quantity->unit.empty() || quantity->unit == "M" || quantity->unit == "m") {
    return check_memory_mib(place, quantity->number);
  }
  if (quantity->unit != "G" && quantity->unit != "g") throw wrong(place, text, kRemedy);
  const auto mib = checked_mul<std::uint64_t>(quantity->number, 1024);
  if (!mib) throw wrong(place, text, "too large; the limit is 64G");
  return check_memory_mib(place, *mib);
}

std::uint64_t parse_duration_ns(std::string_view place, std::string_view text) {
  static constexpr std::string_view kRemedy = "not a time; write a number with ms, s or m, such as 10s";
  const auto quantity = split(text);
  if (!quantity) throw wrong(place, text, kRemedy);
  const auto unit = nanoseconds_per(quantity->unit);
  if (!unit) throw wrong(place, text, kRemedy);
  const auto nanoseconds = checked_mul(quantity->number, *unit);
  if (!nanoseconds || *nanoseconds == 0 || *nanoseconds > kMaxDurationNs) {
    throw wrong(place, text, "out of range; give 1ms to a year, or leave it out for no limit");
  }
  return *nanoseconds;
}

std::uint64_t parse_seed(std::string_view place, std::string_view text) {
  const auto quantity = split(text);
  if (!quantity || !quantity->unit.empty()) throw wrong(place, text, "not a seed; write a number from 0 to 18446744073709551615");
  return quantity->number;
}

std::uint32_t check_vcpus(std::string_view place, std::string_view text) {
  const auto quantity = split(text);
  if (!quantity || !quantity->unit.empty()) throw wrong(place, text, "not a number of virtual CPUs; write one, such as 2");
  if (quantity->number == 0 || quantity->number > kMaxVcpus) {
    throw wrong(place, text, fmt::format("out of range: a domain has 1 to {} virtual CPUs", kMaxVcpus));
  }
  return static_cast<std::uint32_t>(quantity->number);
}

}  // namespace pvisor
