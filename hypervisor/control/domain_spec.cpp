// SPDX-License-Identifier: MIT
#include "control/domain_spec.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/escape.hpp"
#include "base/host_error.hpp"

namespace pvisor {

namespace {

constexpr std::size_t kMaxName = 64;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name_char(char c) { return is_letter_or_digit(c) || std::string_view(".-_+").find(c) != std::string_view::npos; }

}  // namespace

bool is_valid_domain_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

std::string domain_name_from_file(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string().substr(0, kMaxName);
  std::replace_if(name.begin(), name.end(), [](char c) { return !is_name_char(c); }, '-');
  if (name.empty() || !is_letter_or_digit(name.front())) name = "guest";
  return name;
}

ConsoleSpec parse_console(std::string_view place, const std::string& text) {
  static constexpr std::string_view kFile = "file:";
  if (text == "stdio") return {};
  if (text == "pty") return {ConsoleSpec::Kind::Pty, {}};
  if (text.starts_with(kFile) && text.size() > kFile.size()) return {ConsoleSpec::Kind::File, text.substr(kFile.size())};
  throw HostError::usage(fmt::format("{}: expected stdio, pty or file:NAME, found '{}'", place, escaped(text, 64)));
}

EndAction parse_end_action(std::string_view place, std::string_view word) {
  const auto found = std::find(kEndWords.begin(), kEndWords.end(), word);
  if (found != kEndWords.end()) return static_cast<EndAction>(found - kEndWords.begin());
  throw HostError::usage(fmt::format("{}: expected one of {}, found '{}'", place, fmt::join(kEndWords, ", "), escaped(word, 64)));
}

}  // namespace pvisor
