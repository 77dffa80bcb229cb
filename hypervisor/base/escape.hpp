// SPDX-License-Identifier: MIT
// Text from a guest, an image or a peer, made safe to show: control bytes, escapes and non-ASCII become \xNN.
#pragma once

#include <string>
#include <string_view>

namespace pvisor {

/// At most `limit` bytes of `text` are shown; a longer text ends in "...".
[[nodiscard]] std::string escaped(std::string_view text, std::size_t limit = 256);

}  // namespace pvisor
