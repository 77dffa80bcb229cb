// SPDX-License-Identifier: MIT
// ConfigObject: one JSON object being read key by key. Every refusal names the file, the key's path and what was expected.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pvisor {

class ConfigObject {
 public:
  /// `known` are the keys this object may have; any other is refused with the nearest of them. `path` is "" for the whole
  /// file, else such as "domains[0].disk[1]".
  ConfigObject(std::string file, std::string path, const nlohmann::json& value, std::span<const std::string_view> known);

  [[nodiscard]] bool has(std::string_view key) const { return value_.contains(key); }
  /// The value, or `fallback` if the key is absent.
  [[nodiscard]] std::string text(std::string_view key, std::string fallback) const;
  [[nodiscard]] bool boolean(std::string_view key, bool fallback) const;
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t fallback) const;
  /// The array's elements; none if the key is absent. At most `limit`.
  [[nodiscard]] nlohmann::json array(std::string_view key, std::size_t limit) const;
  /// One of `words`, as its index.
  [[nodiscard]] std::size_t choice(std::string_view key, std::span<const std::string_view> words, std::size_t fallback) const;

  /// "FILE: domains[0].memory", for refusals.
  [[nodiscard]] std::string place(std::string_view key) const;
  [[nodiscard]] std::string path(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view why) const;

 private:
  [[nodiscard]] const nlohmann::json* find(std::string_view key) const;
  std::string file_;
  std::string path_;
  const nlohmann::json& value_;
};

}  // namespace pvisor
