// SPDX-License-Identifier: MIT
// How the shim reads and writes the guest's memory. At level 0 all of it is one mapped window, so a range check is enough.
// No libc: its memcpy uses vector registers, and a local call must leave the guest's alone.
#include "shim/shim.hpp"

namespace pvisor::shim {

namespace {

[[nodiscard]] bool in_window(const VcpuPage& page, uint64_t address, uint64_t bytes) {
  const uint64_t offset = address - page.window_base;
  return offset <= page.window_bytes && bytes <= page.window_bytes - offset;
}

/// In words as far as possible. They are what guests and we write: a load as wide as the store it looks for need not wait for it.
void copy_bytes(void* to, const void* from, uint64_t bytes) {
  auto* target = static_cast<volatile uint8_t*>(to);
  const auto* source = static_cast<const volatile uint8_t*>(from);
  for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t)) {
    *reinterpret_cast<volatile uint64_t*>(target) = *reinterpret_cast<const volatile uint64_t*>(source);
    target += sizeof(uint64_t);
    source += sizeof(uint64_t);
  }
  for (; bytes > 0; --bytes) *target++ = *source++;
}

}  // namespace

bool copy_from_guest(const VcpuPage& page, void* to, uint64_t from, uint64_t bytes) {
  if (!in_window(page, from, bytes)) return false;
  copy_bytes(to, reinterpret_cast<const void*>(from), bytes);
  return true;
}

bool copy_to_guest(const VcpuPage& page, uint64_t to, const void* from, uint64_t bytes) {
  if (!in_window(page, to, bytes)) return false;
  copy_bytes(reinterpret_cast<void*>(to), from, bytes);
  return true;
}

volatile uint64_t* guest_words(const VcpuPage& page, uint64_t address, uint64_t count) {
  return in_window(page, address, count * sizeof(uint64_t)) ? reinterpret_cast<volatile uint64_t*>(address) : nullptr;
}

// Single bytes of vcpu_info, whose place was checked when it was set. The monitor uses them at the same time.
uint8_t load_byte(uint64_t address) { return __atomic_load_n(reinterpret_cast<const uint8_t*>(address), __ATOMIC_ACQUIRE); }
void set_byte(uint64_t address, uint8_t value) {
  __atomic_store_n(reinterpret_cast<uint8_t*>(address), value, __ATOMIC_RELEASE);
}
void store_byte(uint64_t address, uint8_t value) {
  __atomic_store_n(reinterpret_cast<uint8_t*>(address), value, __ATOMIC_SEQ_CST);
}

}  // namespace pvisor::shim
