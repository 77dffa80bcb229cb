// SPDX-License-Identifier: MIT
#include "devices/console/console_device.hpp"

#include <utility>

#include "core/domain.hpp"

namespace pvisor {

ConsoleDevice::ConsoleDevice(Console& console, WorkQueue& work) : console_(console), work_(work, [this] { turn(ConsoleRing::Rest::StaysInRing); }) {
  console_.set_ring_callback([this] { work_.post(); });
}

ConsoleDevice::~ConsoleDevice() { console_.set_ring_callback({}); }

void ConsoleDevice::attach(Domain& domain) {
  ring_.reset();
  auto page = domain.memory().share(domain.image().console);
  if (!page) return;  // an image without such a page: the guest has no console
  ring_.emplace(std::move(*page));
  channel_ = domain.events().bind_backend(kConsolePort, [this] { work_.post(); });
  work_.post();  // input may be waiting
}

void ConsoleDevice::detach() {
  if (ring_) ring_->finish(console_);
  ring_.reset();
  channel_.reset();
}

void ConsoleDevice::catch_up() { turn(ConsoleRing::Rest::IsKept); }

void ConsoleDevice::turn(ConsoleRing::Rest rest) {
  if (!ring_) return;
  const ConsoleRing::Moved moved = ring_->run(console_, rest);
  if (moved.anything && channel_) channel_->notify();
  if (moved.broken) {
    console_.log("console: the guest broke its ring's indices; its console is off");
    ring_.reset();
    return;
  }
  // Only after progress: a sink without room posts the work item itself when it has some.
  if (moved.anything && ring_->has_output()) work_.post();
}

}  // namespace pvisor
