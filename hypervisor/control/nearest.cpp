// SPDX-License-Identifier: MIT
#include "control/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pvisor {

namespace {

/// Insertions, deletions, replacements and swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> cells((a.size() + 1) * width);
  const auto at = [&](std::size_t row, std::size_t column) -> std::size_t& { return cells[row * width + column]; };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
      }
    }
  }
  return at(a.size(), b.size());
}

}  // namespace

std::string_view nearest_word(std::string_view typed, std::span<const std::string_view> known) {
  if (typed.empty() || typed.size() > 60) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string_view word : known) {
    const bool is_start = typed.size() >= 3 && word.starts_with(typed);
    const std::size_t apart = is_start ? 1 : distance(typed, word);
    if (apart < best_distance) {
      best = word;
      best_distance = apart;
    }
  }
  return best;
}

std::string suggest(std::string_view typed, std::span<const std::string_view> known) {
  const auto word = nearest_word(typed, known);
  if (!word.empty()) return fmt::format("did you mean {}?", word);
  return fmt::format("known: {}", fmt::join(known, ", "));
}

}  // namespace pvisor
