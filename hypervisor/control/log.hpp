// SPDX-License-Identifier: MIT
// What pvisor tells its operator: lines "pvisor: ..." on standard error. Guests can cause lines, so they are limited: at most
// ten a second, then a count of what was left out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pvisor {

class Log {
 public:
  static constexpr std::uint32_t kLinesPerSecond = 10;

  /// `write` gets whole lines; `now` is in nanoseconds.
  Log(std::function<void(std::string_view)> write, std::function<std::uint64_t()> now);
  /// Tells how many lines were left out last.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  /// One line, limited.
  void line(std::string_view text);
  /// Several lines, unlimited: for what happens once in a domain's life.
  void text(std::string_view text);

 private:
  void tell_left_out();

  std::function<void(std::string_view)> write_;
  std::function<std::uint64_t()> now_;
  std::uint64_t second_ = 0;
  std::uint32_t lines_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace pvisor
