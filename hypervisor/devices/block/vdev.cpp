// SPDX-License-Identifier: MIT
// Numbering as in Xen's documentation of block device names.
#include "devices/block/vdev.hpp"

#include <algorithm>
#include <optional>

#include "base/escape.hpp"
#include "base/host_error.hpp"

namespace pvisor {
namespace {

/// Fits the 20 bits that the extended numbering has for it; nobody attaches more.
constexpr std::uint32_t kMaxDisk = (1U << 20) - 1;
constexpr std::uint32_t kMaxPartition = 255;

struct Place {
  std::uint32_t disk = 0;
  std::uint32_t partition = 0;  ///< 0: the whole disk
};

/// "a" is 0, "z" 25, "aa" 26; then the partition in decimal.
std::optional<Place> parse_place(std::string_view text) {
  Place place;
  std::uint64_t letters = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= 'a' && text[at] <= 'z'; ++at) {
    letters = letters * 26 + static_cast<std::uint64_t>(text[at] - 'a') + 1;
    if (letters > kMaxDisk + 1ULL) return std::nullopt;
  }
  if (at == 0) return std::nullopt;
  place.disk = static_cast<std::uint32_t>(letters - 1);
  if (at < text.size() && text[at] == '0') return std::nullopt;
  for (; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    place.partition = place.partition * 10 + static_cast<std::uint32_t>(text[at] - '0');
    if (place.partition > kMaxPartition) return std::nullopt;
  }
  return place;
}

std::optional<std::uint32_t> xvd_number(Place place) {
  if (place.disk < 16 && place.partition < 16) return (202U << 8) | (place.disk << 4) | place.partition;
  return (1U << 28) | (place.disk << 8) | place.partition;
}

std::optional<std::uint32_t> sd_number(Place place) {
  if (place.disk > 15 || place.partition > 15) return std::nullopt;
  return (8U << 8) | (place.disk << 4) | place.partition;
}

std::optional<std::uint32_t> hd_number(Place place) {
  if (place.disk > 3 || place.partition > 63) return std::nullopt;
  const std::uint32_t major = place.disk < 2 ? 3 : 22;
  return (major << 8) | ((place.disk & 1) << 6) | place.partition;
}

std::optional<std::uint32_t> number_of(std::string_view name) {
  const auto number = [&](std::string_view prefix, auto by_place) -> std::optional<std::uint32_t> {
    if (!name.starts_with(prefix)) return std::nullopt;
    const auto place = parse_place(name.substr(prefix.size()));
    return place ? by_place(*place) : std::nullopt;
  };
  if (const auto xvd = number("xvd", xvd_number)) return xvd;
  if (const auto sd = number("sd", sd_number)) return sd;
  return number("hd", hd_number);
}

}  // namespace

Vdev Vdev::parse(std::string_view name) {
  if (const auto number = number_of(name)) return {std::string(name), *number};
  std::string advice = "use xvda, xvdb, ... (or sda to sdp, hda to hdd), with a partition number behind it if wanted: xvda1";
  if (name.starts_with("vd")) advice = "the paravirtual disks of this ABI are called xvda, xvdb, ...";
  if (name.starts_with("/dev/")) advice = "leave out /dev/: " + escaped(name.substr(5), 32);
  throw HostError::usage("'" + escaped(name, 64) + "' is no name of a virtual disk; " + advice);
}

Vdev Vdev::nth(std::size_t index) {
  std::string letters;
  for (std::size_t left = index + 1; left > 0; left = (left - 1) / 26) {
    letters += static_cast<char>('a' + (left - 1) % 26);
  }
  std::reverse(letters.begin(), letters.end());
  return parse("xvd" + letters);
}

}  // namespace pvisor
