// SPDX-License-Identifier: MIT
// Does with a file system whatever a boot could do: looks up what is listed, some levels deep, and reads both ends of each file.
// Names cannot be promised to be sane, but they may not be empty or longer than a directory entry can hold.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "fuzz/sparse_disk.hpp"

namespace pvloader {

template <typename Reader, typename FoundFile, typename Entry, typename Visitor>
class FileWalk {
public:
  explicit FileWalk(Reader& reader) : reader_(reader) {}

  void visit(const std::string& path = "/", unsigned depth = 0) {
    if (visits_left_ == 0) return;
    --visits_left_;
    FoundFile found;
    if (reader_.lookup(path, found) != Status::Ok) return;
    if (!found.is_directory()) {
      read_ends(found);
    } else if (depth < kDeepest) {
      for (const std::string& name : names_in(found)) visit(path + "/" + name, depth + 1);
    }
  }

private:
  static constexpr unsigned kDeepest = 3;
  static constexpr unsigned kMostVisits = 24;
  static constexpr std::size_t kMostNames = 8;
  static constexpr std::size_t kLongestName = 260 * 3;  // of FAT, in UTF-8

  std::vector<std::string> names_in(const FoundFile& folder) {
    std::vector<std::string> names;
    const auto collect = [](void* context, const Entry& entry) {
      auto& list = *static_cast<std::vector<std::string>*>(context);
      FUZZ_REQUIRE(!entry.name.empty() && entry.name.size() <= kLongestName);
      if (entry.name != "." && entry.name != "..") list.emplace_back(entry.name);
      return list.size() < kMostNames;
    };
    (void)reader_.list(folder, Visitor{collect, &names});
    return names;
  }

  void read_ends(const FoundFile& file) {
    std::array<std::byte, 1500> piece;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), piece.size()));
    (void)reader_.read(file, 0, std::span(piece).first(count));
    (void)reader_.read(file, file.size() - count, std::span(piece).first(count));
    FUZZ_REQUIRE(reader_.read(file, file.size(), std::span(piece).first(1)) != Status::Ok);
  }

  Reader& reader_;
  unsigned visits_left_ = kMostVisits;
};

}  // namespace pvloader
