// SPDX-License-Identifier: MIT
// XenstoreRing: index checks and copies. Each of the guest's indices is read once for each pass.
#include "xenstore/service_ring.hpp"

#include <pvabi/io/xs_wire.h>

#include <algorithm>
#include <array>
#include <span>

namespace pvisor {
namespace {

using Interface = pv_xenstore_domain_interface;

constexpr std::uint32_t kRingSize = PV_XENSTORE_RING_SIZE;
constexpr std::size_t kRequests = offsetof(Interface, req);
constexpr std::size_t kReplies = offsetof(Interface, rsp);

constexpr std::uint32_t place(std::uint32_t index) { return index % kRingSize; }

}  // namespace

XenstoreRing::XenstoreRing(SharedPage page, XenstoreConnection& connection) : page_(std::move(page)), connection_(connection) {
  for (const std::size_t word : {offsetof(Interface, req_cons), offsetof(Interface, req_prod), offsetof(Interface, rsp_cons),
                                 offsetof(Interface, rsp_prod), offsetof(Interface, connection), offsetof(Interface, error)}) {
    page_.store<std::uint32_t>(word, 0);
  }
  page_.store<std::uint32_t>(offsetof(Interface, server_features), PV_XENSTORE_SERVER_FEATURE_ERROR);
}

XenstoreRing::Turn XenstoreRing::run(std::size_t budget) {
  Turn turn;
  turn.moved = push_output();  // first, so that replies taken by the guest make place for requests
  turn.moved = pull_input(budget) || turn.moved;
  turn.moved = push_output() || turn.moved;
  turn.more = (has_input_ || connection_.has_request()) && connection_.may_serve();
  return turn;
}

bool XenstoreRing::push_output() {
  if (connection_.is_broken()) return false;
  const std::uint32_t used = reply_producer_ - page_.load<std::uint32_t>(offsetof(Interface, rsp_cons));
  if (used > kRingSize) {
    give_up(PV_XENSTORE_ERROR_RINGIDX);
    return false;
  }
  std::uint32_t room = kRingSize - used;
  const std::uint32_t start = reply_producer_;
  while (room > 0) {
    const auto bytes = connection_.output();
    if (bytes.empty()) break;
    const auto length = std::min<std::size_t>({bytes.size(), room, kRingSize - place(reply_producer_)});
    page_.copy_out(kReplies + place(reply_producer_), bytes.first(length));
    connection_.consume_output(length);
    reply_producer_ += static_cast<std::uint32_t>(length);
    room -= static_cast<std::uint32_t>(length);
  }
  if (reply_producer_ == start) return false;
  page_.store(offsetof(Interface, rsp_prod), reply_producer_);
  return true;
}

bool XenstoreRing::pull_input(std::size_t budget) {
  has_input_ = false;
  if (connection_.is_broken()) return false;
  const std::uint32_t available = page_.load<std::uint32_t>(offsetof(Interface, req_prod)) - request_consumer_;
  if (available > kRingSize) {
    give_up(PV_XENSTORE_ERROR_RINGIDX);
    return false;
  }
  std::array<std::byte, kRingSize> copy;
  const std::uint32_t until_end = std::min(available, kRingSize - place(request_consumer_));
  page_.copy_in(kRequests + place(request_consumer_), std::span(copy).first(until_end));
  page_.copy_in(kRequests, std::span(copy).subspan(until_end, available - until_end));

  const auto progress = connection_.receive(std::span(copy).first(available), budget);
  if (connection_.is_broken()) {
    give_up(PV_XENSTORE_ERROR_PROTO);
    return false;
  }
  has_input_ = progress.consumed < available;
  if (progress.consumed == 0) return false;
  request_consumer_ += static_cast<std::uint32_t>(progress.consumed);
  page_.store(offsetof(Interface, req_cons), request_consumer_);
  return true;
}

void XenstoreRing::give_up(std::uint32_t error) {
  connection_.break_off();
  page_.store(offsetof(Interface, error), error);
}

}  // namespace pvisor
