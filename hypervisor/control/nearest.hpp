// SPDX-License-Identifier: MIT
// "Did you mean ...?": the known word that is nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pvisor {

/// Empty if no word is near enough to be a likely slip. Long input is not compared: nobody slips by 60 letters.
[[nodiscard]] std::string_view nearest_word(std::string_view typed, std::span<const std::string_view> known);
/// "did you mean X?", or "known: A, B, C" when nothing is near.
[[nodiscard]] std::string suggest(std::string_view typed, std::span<const std::string_view> known);

}  // namespace pvisor
