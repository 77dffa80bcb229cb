// SPDX-License-Identifier: MIT
// VirtualIo: BlockIo for runs that repeat. The host does the work at once, inside submit(); when the guest hears of it is a
// moment of virtual time that somebody else chooses.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "core/clock.hpp"
#include "core/timers.hpp"
#include "devices/io/block_io.hpp"

namespace pvisor {

class VirtualIo final : public BlockIo {
 public:
  /// What decides and hears. `delay_ns` is asked once for each request, `completed` is told before complete().
  struct Choices {
    std::function<std::uint64_t()> delay_ns;
    std::function<void(const IoRequest& request, std::int64_t result)> completed;
  };
  /// Precondition: timers and clock outlive it.
  VirtualIo(TimerQueue& timers, const Clock& clock, Choices choices)
      : timers_(timers), clock_(clock), choices_(std::move(choices)) {}

  void submit(std::unique_ptr<IoRequest> request) override;
  [[nodiscard]] std::string_view name() const override { return "virtual time"; }
  [[nodiscard]] std::size_t in_flight() const override { return flights_.size(); }

 private:
  struct Flight {
    std::unique_ptr<IoRequest> request;
    std::int64_t result;
    std::unique_ptr<Timer> timer;
  };
  void land(std::list<Flight>::iterator flight);

  TimerQueue& timers_;
  const Clock& clock_;
  Choices choices_;
  std::list<Flight> flights_;
};

}  // namespace pvisor
