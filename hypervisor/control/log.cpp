// SPDX-License-Identifier: MIT
#include "control/log.hpp"

#include <fmt/format.h>

#include <utility>

namespace pvisor {

Log::Log(std::function<void(std::string_view)> write, std::function<std::uint64_t()> now)
    : write_(std::move(write)), now_(std::move(now)) {}

Log::~Log() { tell_left_out(); }

void Log::tell_left_out() {
  if (left_out_ > 0) write_(fmt::format("pvisor: {} lines were left out\n", std::exchange(left_out_, 0)));
}

void Log::line(std::string_view text) {
  const std::uint64_t second = now_() / 1'000'000'000U;
  if (second != second_) {
    second_ = second;
    lines_ = 0;
    tell_left_out();
  }
  if (lines_ == kLinesPerSecond) {
    ++left_out_;
    return;
  }
  ++lines_;
  write_(fmt::format("pvisor: {}\n", text));
}

void Log::text(std::string_view text) {
  tell_left_out();
  write_(fmt::format("pvisor: {}{}", text, text.ends_with('\n') ? "" : "\n"));
}

}  // namespace pvisor
