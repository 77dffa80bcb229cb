// SPDX-License-Identifier: MIT
#include "control/config_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/nearest.hpp"

namespace pvisor {

namespace {

std::string_view kind_of(const nlohmann::json& value) {
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true or false";
  if (value.is_number_float()) return "a fraction";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return "null";
}

std::string expected(std::string_view what, const nlohmann::json& value) {
  return fmt::format("expected {}, found {}", what, kind_of(value));
}

}  // namespace

ConfigObject::ConfigObject(std::string file, std::string path, const nlohmann::json& value,
                           std::span<const std::string_view> known)
    : file_(escaped(file)), path_(std::move(path)), value_(value) {
  if (!value.is_object()) {
    throw HostError::usage(fmt::format("{}: {}", path_.empty() ? file_ : file_ + ": " + path_, expected("an object", value)));
  }
  for (const auto& item : value.items()) {
    const std::string& key = item.key();
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    refuse(escaped(key, 64), fmt::format("unknown key; {}", suggest(key, known)));
  }
}

const nlohmann::json* ConfigObject::find(std::string_view key) const {
  const auto found = value_.find(key);
  return found == value_.end() ? nullptr : &*found;
}

std::string ConfigObject::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string ConfigObject::place(std::string_view key) const { return fmt::format("{}: {}", file_, path(key)); }

void ConfigObject::refuse(std::string_view key, std::string_view why) const {
  throw HostError::usage(fmt::format("{}: {}", place(key), why));
}

std::string ConfigObject::text(std::string_view key, std::string fallback) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) refuse(key, expected("a string", *value));
  return value->get<std::string>();
}

bool ConfigObject::boolean(std::string_view key, bool fallback) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse(key, expected("true or false", *value));
  return value->get<bool>();
}

std::uint64_t ConfigObject::number(std::string_view key, std::uint64_t fallback) const {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  if (value->is_number_integer()) refuse(key, "expected a whole number, found a negative one");
  refuse(key, expected("a whole number", *value));
}

nlohmann::json ConfigObject::array(std::string_view key, std::size_t limit) const {
  const auto* value = find(key);
  if (value == nullptr) return nlohmann::json::array();
  if (!value->is_array()) refuse(key, expected("an array", *value));
  if (value->size() > limit) refuse(key, fmt::format("{} elements; at most {} are allowed", value->size(), limit));
  return *value;
}

std::size_t ConfigObject::choice(std::string_view key, std::span<const std::string_view> words, std::size_t fallback) const {
  if (!has(key)) return fallback;
  const std::string word = text(key, {});
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    refuse(key, fmt::format("expected one of {}, found \"{}\"", fmt::join(words, ", "), escaped(word, 64)));
  }
  return static_cast<std::size_t>(found - words.begin());
}

}  // namespace pvisor
