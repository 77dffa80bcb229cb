// SPDX-License-Identifier: MIT
#include "devices/block/disk_statistics.hpp"

#include <fmt/format.h>

#include <string_view>

namespace pvisor {
namespace {

constexpr std::uint64_t kKib = 1024;

std::string number_of(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string number_of(const DiskStatistics::Count& count, std::string_view one, std::string_view many) {
  return fmt::format("{} ({} KiB)", number_of(count.requests, one, many), (count.bytes + kKib - 1) / kKib);
}

}  // namespace

void DiskStatistics::count(IoKind kind, std::uint64_t bytes, bool ok) {
  if (!ok) {
    ++failed;
    return;
  }
  if (kind == IoKind::Flush) {
    ++flushes;
    return;
  }
  Count& of_kind = kind == IoKind::Read ? reads : kind == IoKind::Write ? writes : discards;
  ++of_kind.requests;
  of_kind.bytes += bytes;
}

std::string DiskStatistics::to_string() const {
  return fmt::format("{}, {}, {}, {}, {} failed, {} refused", number_of(reads, "read", "reads"), number_of(writes, "write", "writes"),
                     number_of(discards, "discard", "discards"), number_of(flushes, "flush", "flushes"), failed, refused);
}

}  // namespace pvisor
