// SPDX-License-Identifier: MIT
#include "engine/fiber/virtual_time.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>

#include "base/host_error.hpp"

namespace pvisor::fiber {

namespace {

/// Between the program's own places and those of libraries and stacks, and inside what AddressSanitizer allows.
constexpr std::uint64_t kFirstPlace = 0x2000'0000'0000;
/// More than the largest guest needs.
constexpr std::uint64_t kPlaceBytes = 0x20'0000'0000;
constexpr std::size_t kPlaces = 256;

}  // namespace

constinit thread_local const std::uint64_t* volatile virtual_now_ns = nullptr;

VirtualTime::VirtualTime(const std::uint64_t* now_ns) {
  virtual_now_ns = now_ns;
  if (::prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0) return;
  virtual_now_ns = nullptr;
  throw HostError::from_errno("deterministic: this host cannot trap rdtsc (PR_SET_TSC)", errno);
}

VirtualTime::~VirtualTime() {
  ::prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
  virtual_now_ns = nullptr;
}

std::uint64_t VirtualTime::next_place() {
  const auto free = std::find_if(places_.begin(), places_.end(), [](const auto& ram) { return ram.expired(); });
  given_ = static_cast<std::size_t>(free - places_.begin());
  if (given_ == kPlaces) throw HostError("deterministic: no place is left for another guest; start fewer domains");
  return kFirstPlace + given_ * kPlaceBytes;
}

void VirtualTime::taken(const std::shared_ptr<Ram>& ram) {
  places_.resize(std::max(places_.size(), given_ + 1));
  places_[given_] = ram;
}

bool answer_counter(ucontext_t& context) {
  const std::uint64_t* now = virtual_now_ns;
  if (now == nullptr) return false;
  auto& regs = context.uc_mcontext.gregs;
  // Byte by byte: what lies behind a shorter instruction may not be mapped.
  const auto* code = reinterpret_cast<const std::uint8_t*>(regs[REG_RIP]);
  if (code[0] != 0x0f) return false;
  const bool is_rdtsc = code[1] == 0x31;
  const bool is_rdtscp = code[1] == 0x01 && code[2] == 0xf9;
  if (!is_rdtsc && !is_rdtscp) return false;
  regs[REG_RAX] = static_cast<greg_t>(*now & 0xffff'ffff);
  regs[REG_RDX] = static_cast<greg_t>(*now >> 32);
  if (is_rdtscp) regs[REG_RCX] = 0;  // the CPU's number
  regs[REG_RIP] += is_rdtscp ? 3 : 2;
  return true;
}

}  // namespace pvisor::fiber
