// SPDX-License-Identifier: MIT
// The guest's command line, put together from --append and the words after "--".
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pvisor {

/// --append's text, then the words, with one blank between each two. Words are passed on as they are: a guest sees what the
/// shell gave us. Throws HostError::usage, naming `place`, if the text does not fit the ABI or holds a NUL.
[[nodiscard]] std::string join_kernel_args(std::string_view place, std::string_view append, std::span<const std::string> words);
/// The same limits for a text that needs no joining.
void check_cmdline(std::string_view place, std::string_view cmdline);

}  // namespace pvisor
