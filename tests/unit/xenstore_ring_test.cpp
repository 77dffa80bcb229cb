// SPDX-License-Identifier: MIT
// The xenstore page: bytes through the ring at every index, hostile indices, a guest that does not read.
#include <doctest/doctest.h>

#include <pvabi/io/xs_wire.h>

#include <cstring>
#include <memory>

#include "support/xenstore_client.hpp"
#include "xenstore/service_ring.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

class OnePage final : public Ram {
 public:
  [[nodiscard]] std::span<std::byte> bytes() const override { return page_; }

 private:
  alignas(kPageSize) mutable std::array<std::byte, kPageSize> page_{};
};

/// The guest's half of the ring, as its kernel would drive it.
struct RingRig {
  RingRig()
      : ram(std::make_shared<OnePage>()),
        page(ram, ram->bytes().data()),
        connection(world.store, DomainId{1}),
        ring(page, connection) {}

  std::uint32_t index(std::size_t offset) const { return page.load<std::uint32_t>(offset); }
  void set_index(std::size_t offset, std::uint32_t value) const { page.store(offset, value); }
  static constexpr std::size_t kReqCons = offsetof(pv_xenstore_domain_interface, req_cons);
  static constexpr std::size_t kReqProd = offsetof(pv_xenstore_domain_interface, req_prod);
  static constexpr std::size_t kRspCons = offsetof(pv_xenstore_domain_interface, rsp_cons);
  static constexpr std::size_t kRspProd = offsetof(pv_xenstore_domain_interface, rsp_prod);
  static constexpr std::size_t kError = offsetof(pv_xenstore_domain_interface, error);

  /// Puts in what fits and returns how much that was.
  std::size_t put(std::string_view bytes) const {
    std::uint32_t prod = index(kReqProd);
    std::size_t done = 0;
    for (; done < bytes.size() && prod - index(kReqCons) < PV_XENSTORE_RING_SIZE; ++done, ++prod) {
      page.copy_out(prod % PV_XENSTORE_RING_SIZE, bytes_of(bytes.substr(done, 1)));
    }
    set_index(kReqProd, prod);
    return done;
  }
  std::string get(std::size_t limit = PV_XENSTORE_RING_SIZE) const {
    std::string bytes;
    std::uint32_t cons = index(kRspCons);
    for (; cons != index(kRspProd) && bytes.size() < limit; ++cons) {
      bytes.push_back(static_cast<char>(page.read<std::byte>(PV_XENSTORE_RING_SIZE + cons % PV_XENSTORE_RING_SIZE)));
    }
    set_index(kRspCons, cons);
    return bytes;
  }

  StoreWithGuests world;
  std::shared_ptr<OnePage> ram;
  SharedPage page;
  XenstoreConnection connection;
  XenstoreRing ring;
};

std::string ok_reply(std::uint32_t type, std::uint32_t id) { return encode_message({type, id, 0, 0}, kOk); }

}  // namespace

TEST_CASE("requests and replies of any size pass through the ring many times round") {
  RingRig rig;
  for (std::uint32_t i = 0; i < 200; ++i) {
    const std::string value((i * 37) % 2000, static_cast<char>('a' + i % 26));
    std::string request = request_bytes(PV_XS_WRITE, z("data/x") + value, 0, i) + request_bytes(PV_XS_READ, z("data/x"), 0, i);
    std::string got;
    for (int turn = 0; turn < 100 && got.size() < 16 + 3 + 16 + value.size(); ++turn) {
      request.erase(0, rig.put(request));
      rig.ring.run(32);
      got += rig.get();
    }
    REQUIRE(got == ok_reply(PV_XS_WRITE, i) + encode_message({PV_XS_READ, i, 0, 0}, value));
  }
  CHECK(rig.index(RingRig::kReqCons) > 100 * PV_XENSTORE_RING_SIZE);
}

TEST_CASE("a turn says whether the guest is to be notified and whether more could be served") {
  RingRig rig;
  CHECK_FALSE(rig.ring.run(8).moved);
  for (int i = 0; i < 3; ++i) rig.put(request_bytes(PV_XS_READ, z("data")));
  const auto first = rig.ring.run(2);
  CHECK(first.moved);
  CHECK(first.more);
  const auto second = rig.ring.run(2);
  CHECK(second.moved);
  CHECK_FALSE(second.more);
  CHECK_FALSE(rig.ring.run(2).moved);
}

TEST_CASE("an exactly full ring is served, not taken for an empty one") {
  RingRig rig;
  std::string bytes;
  while (bytes.size() < PV_XENSTORE_RING_SIZE) {
    const std::size_t left = PV_XENSTORE_RING_SIZE - bytes.size();
    bytes += request_bytes(PV_XS_READ, std::string(left >= 128 ? 48 : left - 16, 'x'));
  }
  REQUIRE(bytes.size() == PV_XENSTORE_RING_SIZE);
  CHECK(rig.put(bytes) == PV_XENSTORE_RING_SIZE);
  CHECK(rig.ring.run(100).moved);
  CHECK(rig.index(RingRig::kReqCons) == PV_XENSTORE_RING_SIZE);
  CHECK_FALSE(rig.connection.is_broken());
}

TEST_CASE("a producer index too far ahead, or moved back, breaks the connection and nothing is consumed") {
  for (const std::uint32_t producer : {PV_XENSTORE_RING_SIZE + 1u, 0x80000000u, 0xffffffffu}) {
    RingRig rig;
    rig.set_index(RingRig::kReqProd, producer);
    CHECK_FALSE(rig.ring.run(8).moved);
    CHECK(rig.connection.is_broken());
    CHECK(rig.index(RingRig::kReqCons) == 0);
    CHECK(rig.index(RingRig::kError) == PV_XENSTORE_ERROR_RINGIDX);
    CHECK(rig.world.store.is_introduced(DomainId{1}));
  }
}

TEST_CASE("a reply consumer index that makes no sense breaks the connection") {
  for (const std::uint32_t consumer : {1u, 0x80000000u}) {
    RingRig rig;
    rig.set_index(RingRig::kRspCons, consumer);
    rig.put(request_bytes(PV_XS_READ, z("data")));
    rig.ring.run(8);
    CHECK(rig.connection.is_broken());
    CHECK(rig.index(RingRig::kRspProd) == 0);
  }
}

TEST_CASE("a garbage header breaks the connection with the protocol error") {
  RingRig rig;
  rig.put(std::string(16, '\xff'));
  CHECK_FALSE(rig.ring.run(8).moved);
  CHECK(rig.connection.is_broken());
  CHECK(rig.index(RingRig::kError) == PV_XENSTORE_ERROR_PROTO);
  CHECK_FALSE(rig.ring.run(8).more);
}

TEST_CASE("scribbling over the indices that are ours changes nothing") {
  RingRig rig;
  rig.set_index(RingRig::kReqCons, 12345);
  rig.set_index(RingRig::kRspProd, 777);
  const std::string request = request_bytes(PV_XS_WRITE, z("data/x") + "v", 0, 9);
  rig.page.copy_out(0, bytes_of(request));
  rig.set_index(RingRig::kReqProd, static_cast<std::uint32_t>(request.size()));
  CHECK(rig.ring.run(8).moved);
  CHECK(rig.index(RingRig::kReqCons) == request.size());
  CHECK(rig.index(RingRig::kRspProd) == ok_reply(PV_XS_WRITE, 9).size());
  CHECK(rig.get() == ok_reply(PV_XS_WRITE, 9));
}

TEST_CASE("a guest that reads nothing stalls only itself and gets every byte later") {
  RingRig rig;
  rig.world.store.write("/local/domain/1/data/x", std::string(1500, 'v'));
  std::string requests;
  for (std::uint32_t id = 0; id < 200; ++id) requests += request_bytes(PV_XS_READ, z("data/x"), 0, id);
  std::size_t put = 0;
  for (int turn = 0; turn < 50; ++turn) {
    put += rig.put(std::string_view(requests).substr(put));
    rig.ring.run(32);
  }
  CHECK(put < requests.size());
  CHECK(rig.connection.output_bytes() <= 20 * (16 + 1500));
  CHECK_FALSE(rig.ring.run(32).more);  // nothing to do until the guest reads

  std::string got;
  for (int turn = 0; turn < 500; ++turn) {
    got += rig.get(100);
    put += rig.put(std::string_view(requests).substr(put));
    rig.ring.run(32);
  }
  std::string expected;
  for (std::uint32_t id = 0; id < 200; ++id) expected += encode_message({PV_XS_READ, id, 0, 0}, std::string(1500, 'v'));
  for (int turn = 0; turn < 5000 && got.size() < expected.size(); ++turn) {
    got += rig.get();
    put += rig.put(std::string_view(requests).substr(put));
    rig.ring.run(32);
  }
  CHECK(got == expected);
}

TEST_CASE("a watch event caused by somebody else reaches the ring") {
  RingRig rig;
  rig.put(request_bytes(PV_XS_WATCH, z("data") + z("t")));
  rig.ring.run(8);
  rig.get();
  rig.world.store.write("/local/domain/1/data/y", "");
  CHECK(rig.ring.run(8).moved);
  CHECK(rig.get() == encode_message({PV_XS_WATCH_EVENT, 0, 0, 0}, z("data/y") + z("t")));
}

TEST_CASE("random indices written over and over never crash the ring") {
  RingRig rig;
  std::uint32_t value = 1;
  for (int i = 0; i < 20000; ++i) {
    value = value * 1664525 + 1013904223;
    rig.set_index(i % 2 == 0 ? RingRig::kReqProd : RingRig::kRspCons, i % 3 == 0 ? value : value % 2048);
    rig.ring.run(8);
    if (rig.connection.is_broken()) rig.connection.reset();
  }
  CHECK(rig.world.store.tree().is_consistent());
}
