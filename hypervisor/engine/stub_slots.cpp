// SPDX-License-Identifier: MIT
#include "engine/stub_slots.hpp"

#include <cstring>
#include <initializer_list>

#include <pvabi/hypercalls.h>

namespace pvisor {

void fill_stub_slots(std::span<std::byte, 4096> page, std::uint64_t entry, std::uint64_t entry_whole) {
  // mov $number, %eax; jmp *target(%rip); the target's address at 16.
  constexpr std::size_t kTargetAt = 16;
  std::memset(page.data(), 0xcc, page.size());
  for (std::uint32_t number = 0; number < PV_HYPERCALL_SLOTS; ++number) {
    std::byte code[kTargetAt];
    std::size_t length = 0;
    const auto emit = [&](std::initializer_list<unsigned> bytes) {
      for (const unsigned byte : bytes) code[length++] = static_cast<std::byte>(byte);
    };
    if (number == PV_HC_IRET) emit({0x51, 0x41, 0x53, 0x50});
    emit({0xb8, number, 0, 0, 0, 0xff, 0x25});
    const std::size_t displacement = kTargetAt - (length + 4);
    emit({static_cast<unsigned>(displacement), 0, 0, 0});
    std::byte* slot = page.data() + number * PV_HYPERCALL_STUB_SIZE;
    std::memcpy(slot, code, length);
    const bool whole = number == PV_HC_IRET || number == PV_HC_MULTICALL;
    const std::uint64_t target = whole ? entry_whole : entry;
    std::memcpy(slot + kTargetAt, &target, sizeof target);
  }
}

}  // namespace pvisor
