// SPDX-License-Identifier: MIT
// StorePath: checking and taking apart.
#include "xenstore/path.hpp"

#include <algorithm>

namespace pvisor {
namespace {

// Not std::isalnum: its answer depends on the host's locale.
bool is_allowed(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool is_digit = c >= '0' && c <= '9';
  return is_letter || is_digit || c == '-' || c == '/' || c == '_' || c == '@';
}

}  // namespace

std::optional<StorePath> StorePath::parse(std::string_view text, DomainId relative_to) {
  // '@' begins the names of special watches, which are not nodes.
  if (text.empty() || text.front() == '@') return std::nullopt;
  const bool absolute = text.front() == '/';
  if (text.size() > (absolute ? kMaxAbsolute : kMaxRelative)) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), is_allowed)) return std::nullopt;
  if (text.size() > 1 && text.back() == '/') return std::nullopt;
  if (text.find("//") != std::string_view::npos) return std::nullopt;
  if (absolute) return StorePath(std::string(text));
  return StorePath(home(relative_to).text_ + '/' + std::string(text));
}

StorePath StorePath::home(DomainId domain) { return StorePath("/local/domain/" + std::to_string(domain.value())); }

StorePath StorePath::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == 0 ? root() : StorePath(text_.substr(0, slash));
}

std::string_view StorePath::leaf() const { return std::string_view(text_).substr(text_.rfind('/') + 1); }

StorePath StorePath::child(std::string_view name) const {
  std::string text = is_root() ? std::string() : text_;
  text += '/';
  text += name;
  return StorePath(std::move(text));
}

bool path_is_within(std::string_view path, std::string_view top) {
  if (top == "/") return path.starts_with('/');
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

}  // namespace pvisor
