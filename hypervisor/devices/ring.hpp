// SPDX-License-Identifier: MIT
// BackRing: the back end's half of a shared request/response ring of one page (pvabi/io/ring.h). The guest can write every
// byte of that page at any time: what we consumed and produced is kept here and never read back, each index of the guest is
// read once, and each entry is copied before anybody looks at it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include <pvabi/io/ring.h>

#include "base/assert.hpp"
#include "core/ids.hpp"
#include "core/shared_page.hpp"

namespace pvisor {

template <class Request, class Response>
class BackRing {
 public:
  static constexpr std::size_t kEntrySize = std::max(sizeof(Request), sizeof(Response));
  /// The largest power of two that fits behind the header.
  static constexpr std::uint32_t kEntries =
      std::bit_floor(static_cast<std::uint32_t>((kPageSize - PV_RING_HEADER_SIZE) / kEntrySize));

  /// Takes the ring up where its indices are: a front end may start anywhere, or go on after a pause. Nothing if they
  /// contradict each other.
  [[nodiscard]] static std::optional<BackRing> attach(SharedPage page) {
    const auto rsp_prod = page.load<std::uint32_t>(offsetof(pv_ring_header, rsp_prod));
    BackRing ring(std::move(page), rsp_prod);
    if (!ring.pending()) return std::nullopt;
    return ring;
  }

  /// Requests ready to be taken. Nothing: the index is impossible, the ring is broken and must be left alone from now on.
  [[nodiscard]] std::optional<std::uint32_t> pending() const {
    const auto req_prod = page_.template load<std::uint32_t>(offsetof(pv_ring_header, req_prod));
    const std::uint32_t outstanding = req_prod - rsp_prod_;
    const std::uint32_t taken = req_cons_ - rsp_prod_;
    if (outstanding > kEntries || outstanding < taken) return std::nullopt;
    return outstanding - taken;
  }

  /// A copy of the next request. Precondition: pending() > 0 since the last take().
  [[nodiscard]] Request take() {
    return page_.template read<Request>(place(req_cons_++));
  }

  /// Writes a response, unseen by the guest until publish(). Precondition: fewer responses than requests taken.
  void push_response(const Response& response) {
    PV_CHECK(rsp_prod_ != req_cons_);
    page_.copy_out(place(rsp_prod_++), std::as_bytes(std::span(&response, 1)));
  }

  /// Requests taken and not answered yet.
  [[nodiscard]] std::uint32_t unanswered() const { return req_cons_ - rsp_prod_; }

  /// Shows the guest all responses pushed. True if it asked to be notified of one of them.
  [[nodiscard]] bool publish() {
    const std::uint32_t old = std::exchange(rsp_published_, rsp_prod_);
    if (old == rsp_prod_) return false;
    page_.store(offsetof(pv_ring_header, rsp_prod), rsp_prod_);
    // The guest writes rsp_event and then looks at rsp_prod: a full barrier must lie between our store and this read.
    const std::uint32_t rsp_event = read_after_barrier(offsetof(pv_ring_header, rsp_event));
    return rsp_prod_ - rsp_event < rsp_prod_ - old;
  }

  /// Asks to be notified once `count` requests are ready, and looks once more, as they may have come before the guest could
  /// know. Same answer as pending().
  [[nodiscard]] std::optional<std::uint32_t> final_check(std::uint32_t count = 1) {
    page_.store(offsetof(pv_ring_header, req_event), req_cons_ + count);
    [[maybe_unused]] const auto barrier = read_after_barrier(offsetof(pv_ring_header, rsp_event));
    return pending();
  }

 private:
  BackRing(SharedPage page, std::uint32_t start)
      : page_(std::move(page)), req_cons_(start), rsp_prod_(start), rsp_published_(start) {}

  [[nodiscard]] static std::size_t place(std::uint32_t index) {
    return PV_RING_HEADER_SIZE + (index & (kEntries - 1)) * kEntrySize;
  }
  /// A locked operation that changes nothing: on x86 a full barrier and a read in one.
  [[nodiscard]] std::uint32_t read_after_barrier(std::size_t offset) const {
    return page_.template fetch_or<std::uint32_t>(offset, 0);
  }

  SharedPage page_;
  std::uint32_t req_cons_;
  std::uint32_t rsp_prod_;
  std::uint32_t rsp_published_;
};

}  // namespace pvisor
