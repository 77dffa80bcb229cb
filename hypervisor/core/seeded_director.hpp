// SPDX-License-Identifier: MIT
// SeededDirector: all choices come from one seed, every call costs one step of virtual time, and all that happens goes into one
// hash. With the same guests, the same seed gives the same hash; another seed gives another order of things, where there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/director.hpp"
#include "core/virtual_clock.hpp"

namespace pvisor {

class SeededDirector final : public Director {
 public:
  /// What a hypercall that reaches the monitor costs.
  static constexpr std::uint64_t kStepNs = 1'000;

  /// Precondition: the clock outlives it.
  SeededDirector(std::uint64_t seed, VirtualClock& clock) : seed_(seed), random_(seed), clock_(clock) {}

  [[nodiscard]] std::size_t pick(std::size_t count) override;
  [[nodiscard]] std::uint32_t slice_calls(std::uint32_t most) override;
  void exited(DomainId domain, VcpuId vcpu, const Exit& exit) override;
  void raised(DomainId domain, Port port, VcpuId vcpu) override;

  /// How long the host takes for an I/O request, in virtual nanoseconds.
  [[nodiscard]] std::uint64_t io_delay_ns();
  /// An I/O request has ended.
  void io_completed(std::uint64_t kind, std::uint64_t offset, std::int64_t result);
  /// A guest printed this.
  void console_bytes(DomainId domain, std::span<const std::byte> bytes);

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t exits() const { return exits_; }

 private:
  [[nodiscard]] std::uint64_t next_random();
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return next_random() % limit; }
  void add(std::uint64_t word);
  /// Begins the record of one happening: what, when, and to whom.
  void begin(std::uint64_t what, DomainId domain, std::uint64_t detail);

  std::uint64_t seed_;
  std::uint64_t random_;
  VirtualClock& clock_;
  std::uint64_t hash_ = 0;
  std::uint64_t exits_ = 0;
};

}  // namespace pvisor
