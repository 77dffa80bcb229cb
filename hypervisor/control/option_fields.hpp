// SPDX-License-Identifier: MIT
// The value of an option in parts: fields with commas between them, where a comma of the text's own is written twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pvisor {

/// Takes one field off `text`: up to a single comma, with doubled commas made one.
[[nodiscard]] inline std::string take_field(std::string_view& text) {
  std::string field;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == ',') {
      if (i + 1 == text.size() || text[i + 1] != ',') break;
      ++i;
    }
    field += text[i];
  }
  text.remove_prefix(std::min(i, text.size()));
  return field;
}

}  // namespace pvisor
