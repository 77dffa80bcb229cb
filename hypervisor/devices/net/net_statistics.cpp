// SPDX-License-Identifier: MIT
#include "devices/net/net_statistics.hpp"

#include <fmt/format.h>

#include <string_view>

namespace pvisor {
namespace {

std::string number_of(const NetStatistics::Count& count, std::string_view what) {
  return fmt::format("{} {} {} ({} KiB)", count.frames, count.frames == 1 ? "frame" : "frames", what, (count.bytes + 1023) / 1024);
}

}  // namespace

std::string NetStatistics::to_string() const {
  return fmt::format("{}, {}, {} refused, {} dropped", number_of(sent, "sent"), number_of(received, "received"), refused, dropped);
}

}  // namespace pvisor
