// SPDX-License-Identifier: MIT
#include "control/domain_spec.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

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

}  // namespace pvisor
