// SPDX-License-Identifier: MIT
#include "core/seeded_director.hpp"

#include <variant>

namespace pvisor {

namespace {

/// What a record in the hash is about.
enum What : std::uint64_t { kHypercall = 1, kFault, kPreempted, kDied, kEvent, kIo, kConsole };

constexpr std::uint64_t kShortestIoNs = 10'000;
constexpr std::uint64_t kLongestIoNs = 1'000'000;

/// The finalizer of SplitMix64: every bit of the result depends on every bit of `word`.
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

}  // namespace

std::uint64_t SeededDirector::next_random() { return mix(random_ += kGolden); }

void SeededDirector::add(std::uint64_t word) { hash_ = mix((hash_ + kGolden) ^ word); }

void SeededDirector::begin(std::uint64_t what, DomainId domain, std::uint64_t detail) {
  add(what);
  add(clock_.now_ns());
  add(domain.value());
  add(detail);
}

std::size_t SeededDirector::pick(std::size_t count) { return count == 1 ? 0 : static_cast<std::size_t>(below(count)); }

std::uint32_t SeededDirector::slice_calls(std::uint32_t most) { return 1 + static_cast<std::uint32_t>(below(most)); }

void SeededDirector::exited(DomainId domain, VcpuId vcpu, const Exit& exit) {
  ++exits_;
  if (const auto* call = std::get_if<HypercallExit>(&exit)) {
    clock_.advance(kStepNs);
    begin(kHypercall, domain, vcpu.value());
    add(call->number);
    for (const std::uint64_t argument : call->args) add(argument);
  } else if (const auto* fault = std::get_if<FaultExit>(&exit)) {
    begin(kFault, domain, vcpu.value());
    add(fault->vector);
    add(fault->error_code);
    add(fault->address);
  } else {
    begin(std::holds_alternative<PreemptedExit>(exit) ? kPreempted : kDied, domain, vcpu.value());
  }
}

void SeededDirector::raised(DomainId domain, Port port, VcpuId vcpu) {
  begin(kEvent, domain, vcpu.value());
  add(port.value());
}

std::uint64_t SeededDirector::io_delay_ns() { return kShortestIoNs + below(kLongestIoNs - kShortestIoNs); }

void SeededDirector::io_completed(std::uint64_t kind, std::uint64_t offset, std::int64_t result) {
  begin(kIo, DomainId{0}, kind);
  add(offset);
  add(static_cast<std::uint64_t>(result));
}

void SeededDirector::console_bytes(DomainId domain, std::span<const std::byte> bytes) {
  begin(kConsole, domain, bytes.size());
  for (const std::byte byte : bytes) add(static_cast<std::uint64_t>(byte));
}

}  // namespace pvisor
