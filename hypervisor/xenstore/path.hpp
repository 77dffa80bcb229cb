// SPDX-License-Identifier: MIT
// StorePath: an absolute, valid path of the xenstore tree. Only parse() makes one from text, so whoever holds a StorePath
// needs no further check. Rules as in Xen's docs/misc/xenstore.txt: letters, digits and -/_@ only, no doubled or trailing
// slash, relative paths count from the caller's home.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.hpp"

namespace pvisor {

class StorePath {
 public:
  static constexpr std::size_t kMaxAbsolute = 3072;
  static constexpr std::size_t kMaxRelative = 2048;

  /// Nothing if the text is no valid path. Text without a leading slash is taken relative to the domain's home.
  [[nodiscard]] static std::optional<StorePath> parse(std::string_view text, DomainId relative_to = kMonitorDomain);
  [[nodiscard]] static StorePath root() { return StorePath("/"); }
  /// /local/domain/<id>
  [[nodiscard]] static StorePath home(DomainId domain);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_root() const { return text_.size() == 1; }
  /// The node above; the root's is the root.
  [[nodiscard]] StorePath parent() const;
  /// The last component; empty for the root.
  [[nodiscard]] std::string_view leaf() const;
  /// Precondition: `name` is the leaf of an existing path.
  [[nodiscard]] StorePath child(std::string_view name) const;

  auto operator<=>(const StorePath&) const = default;

 private:
  explicit StorePath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// True if `path` is `top` or lies below it. Both are texts of absolute paths.
[[nodiscard]] bool path_is_within(std::string_view path, std::string_view top);

}  // namespace pvisor
