// SPDX-License-Identifier: MIT
#include "devices/io/virtual_io.hpp"

#include <utility>

namespace pvisor {

void VirtualIo::submit(std::unique_ptr<IoRequest> request) {
  IoProgress::start(*request);
  const std::int64_t result = IoProgress::execute(*request);
  const auto flight = flights_.insert(flights_.end(), Flight{std::move(request), result, nullptr});
  flight->timer = std::make_unique<Timer>(timers_, [this, flight] { land(flight); });
  flight->timer->arm(clock_.now_ns() + choices_.delay_ns());
}

void VirtualIo::land(std::list<Flight>::iterator flight) {
  Flight landed = std::move(*flight);  // its timer, whose callback this is, lives until the end of this function
  flights_.erase(flight);
  choices_.completed(*landed.request, landed.result);
  IoRequest& request = *landed.request;
  request.complete(std::move(landed.request), landed.result);
}

}  // namespace pvisor
