// SPDX-License-Identifier: MIT
// The back half of a shared ring against front ends that are correct, wrong and hostile.
#include "devices/ring.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>

#include <pvabi/io/blkif.h>

#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

using Ring = BackRing<pv_blkif_request, pv_blkif_response>;
static_assert(Ring::kEntries == PV_BLKIF_RING_ENTRIES && Ring::kEntrySize == PV_BLKIF_RING_ENTRY_SIZE);

/// A front end on one page.
struct Front {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(1);
  SharedPage page{ram, ram->bytes().data()};

  explicit Front(std::uint32_t start) {
    set(offsetof(pv_ring_header, req_prod), start);
    set(offsetof(pv_ring_header, rsp_prod), start);
    set(offsetof(pv_ring_header, req_event), start + 1);
    set(offsetof(pv_ring_header, rsp_event), start + 1);
  }
  void set(std::size_t offset, std::uint32_t value) const { page.store(offset, value); }
  [[nodiscard]] std::uint32_t get(std::size_t offset) const { return page.load<std::uint32_t>(offset); }
  void write_request(std::uint32_t index, std::uint64_t id) const {
    pv_blkif_request request{};
    request.id = id;
    page.write(PV_RING_HEADER_SIZE + (index % Ring::kEntries) * Ring::kEntrySize, request);
  }
  [[nodiscard]] std::uint64_t response_id(std::uint32_t index) const {
    return page.read<pv_blkif_response>(PV_RING_HEADER_SIZE + (index % Ring::kEntries) * Ring::kEntrySize).id;
  }
  void produce(std::uint32_t index) const { set(offsetof(pv_ring_header, req_prod), index); }
};

pv_blkif_response response(std::uint64_t id) {
  pv_blkif_response out{};
  out.id = id;
  return out;
}

}  // namespace

TEST_CASE("indices wrap around 32 bits under load") {
  constexpr std::uint32_t kStart = 0xffff'fff0;
  const Front front(kStart);
  auto ring = Ring::attach(front.page);
  REQUIRE(ring);
  std::uint32_t index = kStart;
  for (int round = 0; round < 10; ++round) {
    for (std::uint32_t i = 0; i < 7; ++i) front.write_request(index + i, index + i);
    front.produce(index + 7);
    CHECK(ring->pending() == 7U);
    for (std::uint32_t i = 0; i < 7; ++i) {
      const auto request = ring->take();
      CHECK(request.id == index + i);
      ring->push_response(response(request.id));
    }
    CHECK(ring->publish());
    for (std::uint32_t i = 0; i < 7; ++i) CHECK(front.response_id(index + i) == index + i);
    index += 7;
    CHECK(front.get(offsetof(pv_ring_header, rsp_prod)) == index);
    front.set(offsetof(pv_ring_header, rsp_event), index + 1);
  }
}

TEST_CASE("an exactly full ring is full, not empty") {
  const Front front(5);
  auto ring = Ring::attach(front.page);
  front.produce(5 + Ring::kEntries);
  CHECK(ring->pending() == Ring::kEntries);
}

TEST_CASE("one request more than the ring holds breaks it") {
  const Front front(5);
  auto ring = Ring::attach(front.page);
  front.produce(5 + Ring::kEntries + 1);
  CHECK(!ring->pending());
}

TEST_CASE("an index that moves backwards breaks the ring, also while requests are unanswered") {
  const Front front(100);
  auto ring = Ring::attach(front.page);
  front.produce(99);
  CHECK(!ring->pending());
  front.produce(104);
  REQUIRE(ring->pending() == 4U);
  for (int i = 0; i < 4; ++i) (void)ring->take();
  front.produce(103);
  CHECK(!ring->pending());
}

TEST_CASE("taken requests count as outstanding until they are answered") {
  const Front front(0);
  auto ring = Ring::attach(front.page);
  front.produce(Ring::kEntries);
  for (std::uint32_t i = 0; i < Ring::kEntries; ++i) (void)ring->take();
  CHECK(ring->pending() == 0U);
  CHECK(ring->unanswered() == Ring::kEntries);
  front.produce(Ring::kEntries + 1);
  CHECK(!ring->pending());
  ring->push_response(response(0));
  CHECK(ring->pending() == 1U);
}

TEST_CASE("random indices never make more than a ringful") {
  const Front front(0);
  auto ring = Ring::attach(front.page);
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    front.produce(static_cast<std::uint32_t>(random()));
    const auto pending = ring->pending();
    if (pending && *pending > Ring::kEntries) FAIL("pending ", *pending);
  }
}

TEST_CASE("indices that contradict each other at the start are refused") {
  const Front front(0);
  front.set(offsetof(pv_ring_header, rsp_prod), 1);
  CHECK(!Ring::attach(front.page));
}

TEST_CASE("what the guest writes over our index is overwritten and never believed") {
  const Front front(0);
  auto ring = Ring::attach(front.page);
  front.write_request(0, 1);
  front.produce(1);
  front.set(offsetof(pv_ring_header, rsp_prod), 0xdead);
  CHECK(ring->pending() == 1U);
  ring->push_response(response(ring->take().id));
  CHECK(ring->publish());
  CHECK(front.get(offsetof(pv_ring_header, rsp_prod)) == 1);
}

TEST_CASE("a notification is due exactly if the event index lies among the new responses") {
  for (const std::uint32_t start : {0U, 0xffff'fffdU}) {
    for (std::uint32_t distance = 0; distance < 8; ++distance) {
      const Front front(start);
      auto ring = Ring::attach(front.page);
      front.produce(start + 6);
      for (std::uint64_t i = 0; i < 3; ++i) ring->push_response(response(ring->take().id));
      front.set(offsetof(pv_ring_header, rsp_event), start + distance);
      CHECK(ring->publish() == (distance >= 1 && distance <= 3));
      CHECK(!ring->publish());
    }
  }
}

TEST_CASE("the last look asks for the next request and sees one that came meanwhile") {
  const Front front(9);
  auto ring = Ring::attach(front.page);
  CHECK(ring->final_check() == 0U);
  CHECK(front.get(offsetof(pv_ring_header, req_event)) == 10);
  front.produce(10);
  CHECK(ring->final_check() == 1U);
}

TEST_CASE("with both sides suppressing notifications none is lost between two threads") {
  constexpr std::uint32_t kRequests = 30'000;
  const Front front(0xffff'0000);
  auto ring = Ring::attach(front.page);
  std::atomic<std::uint32_t> to_back{0};
  std::atomic<std::uint32_t> to_front{0};
  std::thread guest([&] {
    std::uint32_t req = 0xffff'0000;
    std::uint32_t rsp = req;
    std::uint32_t sent = 0;
    std::uint32_t seen = 0;
    while (rsp != 0xffff'0000 + kRequests) {
      const std::uint32_t old = req;
      while (sent < kRequests && req - rsp < Ring::kEntries) {
        front.write_request(req, sent++);
        ++req;
      }
      if (req != old) {
        front.produce(req);
        const auto event = front.page.fetch_or<std::uint32_t>(offsetof(pv_ring_header, req_event), 0);
        if (req - event < req - old) {
          to_back.fetch_add(1);
          to_back.notify_one();
        }
      }
      rsp = front.get(offsetof(pv_ring_header, rsp_prod));
      if (rsp != req) {
        front.set(offsetof(pv_ring_header, rsp_event), rsp + 1);
        (void)front.page.fetch_or<std::uint32_t>(offsetof(pv_ring_header, req_event), 0);
        if (front.get(offsetof(pv_ring_header, rsp_prod)) == rsp) {
          to_front.wait(seen);  // for ever if a notification is lost
          seen = to_front.load();
        }
      }
    }
  });
  std::uint32_t answered = 0;
  std::uint32_t seen = 0;
  bool in_order = true;
  while (answered < kRequests) {
    auto pending = ring->pending();
    if (pending == 0U) pending = ring->final_check();
    REQUIRE(pending);
    if (*pending == 0) {
      to_back.wait(seen);
      seen = to_back.load();
      continue;
    }
    for (std::uint32_t i = 0; i < *pending; ++i) {
      in_order = in_order && ring->take().id == answered++;
      ring->push_response(response(0));
    }
    if (ring->publish()) {
      to_front.fetch_add(1);
      to_front.notify_one();
    }
  }
  guest.join();
  CHECK(in_order);
}
