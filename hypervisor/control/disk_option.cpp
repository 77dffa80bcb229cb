// SPDX-License-Identifier: MIT
#include "control/disk_option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/option_fields.hpp"
#include "devices/block/vdev.hpp"

namespace pvisor {

namespace {

DiskCache parse_cache(std::string_view place, std::string_view word) {
  const auto found = std::find(kCacheWords.begin(), kCacheWords.end(), word);
  if (found == kCacheWords.end()) {
    throw HostError::usage(fmt::format("{}: cache={}: there are {}", place, escaped(word, 64), fmt::join(kCacheWords, ", ")));
  }
  return static_cast<DiskCache>(found - kCacheWords.begin());
}

std::uint32_t parse_sector_size(std::string_view place, std::string_view word) {
  if (word != "512" && word != "4096") {
    throw HostError::usage(fmt::format("{}: sector={}: sectors of 512 or 4096 bytes can be had", place, escaped(word, 64)));
  }
  return word == "512" ? 512 : 4096;
}

}  // namespace

std::string check_vdev(std::string_view place, std::string_view vdev) {
  try {
    return Vdev::parse(vdev).name;
  } catch (const HostError& error) {
    throw HostError::usage(fmt::format("{}: {}", place, error.what()));
  }
}

DiskSpec parse_disk_option(std::string_view place, std::string_view text) {
  DiskSpec disk;
  disk.path = take_field(text);
  if (disk.path.empty()) throw HostError::usage(fmt::format("{}: no file name; write FILE[,ro][,shared][,vdev=xvdb][,cache=direct][,sector=4096]", place));
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string word = take_field(text);
    if (word == "ro" || word == "rw") {
      disk.read_only = word == "ro";
    } else if (word == "shared") {
      disk.shared = true;
    } else if (word.starts_with("vdev=")) {
      disk.vdev = check_vdev(place, word.substr(5));
    } else if (word.starts_with("cache=")) {
      disk.tuning.cache = parse_cache(place, word.substr(6));
    } else if (word.starts_with("sector=")) {
      disk.tuning.sector_size = parse_sector_size(place, word.substr(7));
    } else {
      throw HostError::usage(fmt::format("{}: '{}' is neither ro, rw, shared, vdev=NAME, cache=WORD nor sector=SIZE; a comma in a file name is written twice",
                                         place, escaped(word, 64)));
    }
  }
  check_shared(place, disk);
  return disk;
}

void check_shared(std::string_view place, const DiskSpec& disk) {
  if (disk.shared && disk.read_only) {
    throw HostError::usage(fmt::format("{}: shared means that several write it; a disk that is only read is attached with ro alone", place));
  }
}

void assign_vdevs(std::string_view place, std::vector<DiskSpec>& disks) {
  const auto is_taken = [&](const std::string& name) {
    return std::count_if(disks.begin(), disks.end(), [&](const DiskSpec& disk) { return disk.vdev == name; });
  };
  for (const DiskSpec& disk : disks) {
    if (!disk.vdev.empty() && is_taken(disk.vdev) > 1) {
      throw HostError::usage(fmt::format("{}: two disks are {}; give each its own vdev", place, disk.vdev));
    }
  }
  std::size_t next = 0;
  for (DiskSpec& disk : disks) {
    if (!disk.vdev.empty()) continue;
    while (is_taken(Vdev::nth(next).name) != 0) ++next;
    disk.vdev = Vdev::nth(next).name;
  }
}

}  // namespace pvisor
