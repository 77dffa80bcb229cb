// SPDX-License-Identifier: MIT
// How the shim reads and writes the guest's memory. At level 0 all of it is one mapped window, so a range check is enough.
// Within it a page may be unmapped or read-only (update_va_mapping, grants): then a copy faults, and the home goes on at the
// label behind it. No libc: its memcpy uses vector registers, and a local call must leave the
// guest's alone.
#include "shim/shim.hpp"

// uint64_t shim_copy(to, from, bytes): how many bytes could not be copied. In words as far as possible: they are what guests and
// we write, and a load as wide as the store it looks for need not wait for it.
asm(".text\n"
    "        .globl shim_copy, shim_copy_touch, shim_copy_touched\n"
    "        .type shim_copy, @function\n"
    "shim_copy:\n"
    "shim_copy_touch:\n"
    "        jmp 2f\n"
    "1:      movq (%rsi), %rax\n"
    "        movq %rax, (%rdi)\n"
    "        addq $8, %rsi\n"
    "        addq $8, %rdi\n"
    "        subq $8, %rdx\n"
    "2:      cmpq $8, %rdx\n"
    "        jae 1b\n"
    "        jmp 4f\n"
    "3:      movb (%rsi), %al\n"
    "        movb %al, (%rdi)\n"
    "        incq %rsi\n"
    "        incq %rdi\n"
    "        decq %rdx\n"
    "4:      testq %rdx, %rdx\n"
    "        jnz 3b\n"
    "shim_copy_touched:\n"
    "        movq %rdx, %rax\n"
    "        ret\n"
    "        .size shim_copy, .-shim_copy\n");

namespace pvisor::shim {

namespace {

[[nodiscard]] bool in_window(const VcpuPage& page, uint64_t address, uint64_t bytes) {
  const uint64_t offset = address - page.window_base;
  return offset <= page.window_bytes && bytes <= page.window_bytes - offset;
}

[[nodiscard]] bool copy_bytes(void* to, const void* from, uint64_t bytes) {
  return shim_copy(to, from, bytes) == 0;
}

}  // namespace

bool copy_from_guest(const VcpuPage& page, void* to, uint64_t from, uint64_t bytes) {
  return in_window(page, from, bytes) && copy_bytes(to, reinterpret_cast<const void*>(from), bytes);
}

bool copy_to_guest(const VcpuPage& page, uint64_t to, const void* from, uint64_t bytes) {
  return in_window(page, to, bytes) && copy_bytes(reinterpret_cast<void*>(to), from, bytes);
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
