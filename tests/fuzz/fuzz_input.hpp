// SPDX-License-Identifier: MIT
// FuzzInput: takes a fuzzer's bytes apart from the front into numbers, choices and pieces. Once they are used up it gives zeroes
// and empty pieces, so every input means something, and a seed is written by putting values one after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace pvisor {

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool is_used_up() const { return rest_.empty(); }

  /// Little-endian.
  template <class T>
  [[nodiscard]] T take() {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    const auto piece = take_bytes(sizeof(T));
    if (!piece.empty()) std::memcpy(&value, piece.data(), piece.size());
    return value;
  }
  /// A byte's choice among `count` things. Precondition: 1 to 256 of them.
  [[nodiscard]] std::size_t below(std::size_t count) { return take<std::uint8_t>() % count; }
  template <class T, std::size_t N>
  [[nodiscard]] const T& one_of(const T (&choices)[N]) {
    return choices[below(N)];
  }

  /// As many as are left.
  [[nodiscard]] std::span<const std::byte> take_bytes(std::size_t count) {
    const auto piece = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(piece.size());
    return std::as_bytes(piece);
  }
  [[nodiscard]] std::string_view take_text(std::size_t count) {
    const auto piece = take_bytes(count);
    return {reinterpret_cast<const char*>(piece.data()), piece.size()};
  }
  [[nodiscard]] std::span<const std::byte> take_all() { return take_bytes(rest_.size()); }

 private:
  std::span<const std::uint8_t> rest_;
};

/// Ends the run: what must hold does not. An abort is what libFuzzer, the sanitizers and the replay all notice.
#define FUZZ_REQUIRE(condition)                                                          \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

}  // namespace pvisor
