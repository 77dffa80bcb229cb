// SPDX-License-Identifier: MIT
// SharedPage: one page of guest memory that both sides use while the guest runs: a ring, a grant table, shared_info.
// Words are read and written atomically, one access each; bulk bytes are copied. It keeps the memory alive, not the domain.
//
// Every value read here is hostile: read it once, check the copy, use the copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "base/assert.hpp"
#include "core/fetch_watch.hpp"
#include "core/ids.hpp"
#include "engine/engine.hpp"

namespace pvisor {

/// 32 bits at an address that a guest chose, aligned or not.
struct [[gnu::packed, gnu::may_alias]] GuestWord {
  std::uint32_t value;
};

/// Copies one structure of the ABI from guest memory, each byte of it read once. In loads of 32 bits, as guests mostly write
/// their arguments a moment before: a load that is wider than the stores it looks for waits until they have reached the cache.
/// Stored in words of 64, for the same reason.
template <class T>
void copy_structure(std::byte* from, T& to) {
  static_assert(std::is_trivially_copyable_v<T>);
  if constexpr (sizeof(T) % sizeof(std::uint32_t) == 0 && sizeof(T) <= 32) {
    const auto* source = reinterpret_cast<const volatile GuestWord*>(from);
    auto* target = reinterpret_cast<std::byte*>(&to);
#pragma GCC unroll 4
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= sizeof(T); at += sizeof(std::uint64_t)) {
      const std::uint64_t low = source++->value;
      const std::uint64_t word = low | static_cast<std::uint64_t>(source++->value) << 32;
      std::memcpy(target + at, &word, sizeof word);
    }
    if constexpr (sizeof(T) % sizeof(std::uint64_t) != 0) {
      const std::uint32_t last = source->value;
      std::memcpy(target + sizeof(T) - sizeof last, &last, sizeof last);
    }
  } else {
    std::memcpy(&to, from, sizeof to);
  }
  announce_fetch(from, sizeof(T));
}

class SharedPage {
 public:
  /// `page` is kPageSize bytes inside `ram`.
  SharedPage(std::shared_ptr<Ram> ram, std::byte* page) : ram_(std::move(ram)), page_(page) {}

  /// One atomic load. Acquire: what the guest wrote before it published this word is visible after.
  template <class T>
  [[nodiscard]] T load(std::size_t offset) const {
    const T value = word<T>(offset).load(std::memory_order_acquire);
    announce_fetch(page_ + offset, sizeof(T));
    return value;
  }
  /// One atomic store. Release: what was written before is visible to a guest that sees this word.
  template <class T>
  void store(std::size_t offset, T value) const {
    word<T>(offset).store(value, std::memory_order_release);
  }
  /// Replaces `expected` by `desired` if it is still there; both orders are sequentially consistent.
  template <class T>
  [[nodiscard]] bool compare_exchange(std::size_t offset, T expected, T desired) const {
    return word<T>(offset).compare_exchange_strong(expected, desired);
  }
  template <class T>
  T fetch_or(std::size_t offset, T bits) const {
    return word<T>(offset).fetch_or(bits);
  }
  template <class T>
  T fetch_and(std::size_t offset, T bits) const {
    return word<T>(offset).fetch_and(bits);
  }

  void copy_in(std::size_t offset, std::span<std::byte> out) const {
    PV_CHECK(offset <= kPageSize && out.size() <= kPageSize - offset);
    std::memcpy(out.data(), page_ + offset, out.size());
    announce_fetch(page_ + offset, out.size());
  }
  void copy_out(std::size_t offset, std::span<const std::byte> in) const {
    PV_CHECK(offset <= kPageSize && in.size() <= kPageSize - offset);
    std::memcpy(page_ + offset, in.data(), in.size());
  }
  /// Copies one structure of the ABI. The guest may change it meanwhile: the copy is what counts.
  template <class T>
  [[nodiscard]] T read(std::size_t offset) const {
    PV_CHECK(offset <= kPageSize && sizeof(T) <= kPageSize - offset);
    T value;
    copy_structure(page_ + offset, value);
    return value;
  }
  template <class T>
  void write(std::size_t offset, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    copy_out(offset, std::as_bytes(std::span(&value, 1)));
  }

 private:
  template <class T>
  [[nodiscard]] std::atomic_ref<T> word(std::size_t offset) const {
    static_assert(std::is_unsigned_v<T>);
    PV_CHECK(offset % sizeof(T) == 0 && offset + sizeof(T) <= kPageSize);
    return std::atomic_ref<T>(*reinterpret_cast<T*>(page_ + offset));
  }

  std::shared_ptr<Ram> ram_;
  std::byte* page_;
};

}  // namespace pvisor
