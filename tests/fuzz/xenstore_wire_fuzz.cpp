// SPDX-License-Identifier: MIT
// The xenstore page as a guest can write it: well-formed requests with any payload, any bytes in the ring, any indices, and reading
// or not reading what comes back. Nothing a guest does there may upset the store, break the stream without need, or make its
// connection hold more than a bounded amount.
#include <pvabi/io/xs_wire.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "fuzz/fuzz_input.hpp"
#include "support/fake_ram.hpp"
#include "support/xenstore_client.hpp"
#include "xenstore/service_ring.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

using Interface = pv_xenstore_domain_interface;

constexpr std::size_t kMaxSteps = 24;
constexpr std::size_t kMessage = sizeof(pv_xsd_sockmsg) + PV_XENSTORE_PAYLOAD_MAX;

/// Domain 1's side of its page.
class Guest {
 public:
  explicit Guest(Store& store)
      : page_(ram(), ram()->page(0).data()), connection_(store, DomainId{1}), ring_(page_, connection_), quotas_(store.quotas()) {}

  void step(FuzzInput& input) {
    switch (input.below(8)) {
      case 0:
      case 1:
      case 2: return put_request(input);
      case 3:
        stream_may_break_ = true;
        return put(input.take_text(input.take<std::uint8_t>()));
      case 4: return scribble(input);
      case 5: return take_replies();
      default: return run(input.below(9));
    }
  }
  void run(std::size_t budget) {
    (void)ring_.run(budget);
    FUZZ_REQUIRE(connection_.output_bytes() <= (quotas_.outstanding + 2 * quotas_.pending_events) * kMessage);
    // Reported if and only if it is so.
    FUZZ_REQUIRE(connection_.is_broken() == (word(offsetof(Interface, error)) != 0) || has_scribbled_);
    FUZZ_REQUIRE(stream_may_break_ || has_scribbled_ || !connection_.is_broken());
  }

 private:
  static const std::shared_ptr<FakeRam>& ram() {
    static const auto memory = std::make_shared<FakeRam>(1);
    return memory;
  }
  std::uint32_t word(std::size_t offset) const { return page_.load<std::uint32_t>(offset); }

  void put_request(FuzzInput& input) {
    const std::uint32_t type = input.take<std::uint8_t>() % 24U;
    const std::uint32_t transaction = input.take<std::uint8_t>() % 4U;
    put(request_bytes(type, input.take_text(input.take<std::uint8_t>()), transaction));
  }
  /// What fits; the rest of a message is lost then, as with a guest that does not wait.
  void put(std::string_view bytes) {
    const std::uint32_t producer = word(offsetof(Interface, req_prod));
    const std::uint32_t room = PV_XENSTORE_RING_SIZE - (producer - word(offsetof(Interface, req_cons)));
    if (bytes.size() > room) stream_may_break_ = true;
    const auto fitting = bytes.substr(0, std::min<std::size_t>(bytes.size(), room % (PV_XENSTORE_RING_SIZE + 1)));
    for (std::uint32_t i = 0; i < fitting.size(); ++i) page_.copy_out((producer + i) % PV_XENSTORE_RING_SIZE, bytes_of(fitting.substr(i, 1)));
    page_.store(offsetof(Interface, req_prod), producer + static_cast<std::uint32_t>(fitting.size()));
  }
  void scribble(FuzzInput& input) {
    constexpr std::size_t kWords[] = {offsetof(Interface, req_cons), offsetof(Interface, req_prod), offsetof(Interface, rsp_cons),
                                      offsetof(Interface, rsp_prod), offsetof(Interface, error)};
    page_.store(input.one_of(kWords), input.take<std::uint32_t>());
    has_scribbled_ = true;
  }
  /// Everything that is there, as whole messages of known kinds.
  void take_replies() {
    std::uint32_t consumer = word(offsetof(Interface, rsp_cons));
    const std::uint32_t producer = word(offsetof(Interface, rsp_prod));
    for (; !has_scribbled_ && consumer != producer; ++consumer) {
      const auto byte = page_.read<std::byte>(PV_XENSTORE_RING_SIZE + consumer % PV_XENSTORE_RING_SIZE);
      FUZZ_REQUIRE(replies_.feed(std::span(&byte, 1)) == 1);
      if (replies_.is_complete()) FUZZ_REQUIRE(replies_.take().header.type < 24);
    }
    page_.store(offsetof(Interface, rsp_cons), producer);
  }

  SharedPage page_;
  XenstoreConnection connection_;
  XenstoreRing ring_;
  StoreQuotas quotas_;
  RequestDecoder replies_;
  bool stream_may_break_ = false;  ///< what it wrote may be no message
  bool has_scribbled_ = false;     ///< indices may make no sense any more
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static StoreWithGuests world;  // the end of domain 1 must leave it as it was, so the next run can have it
  static XenstoreClient other(world.store, 2);
  FuzzInput input(data, size);
  {
    Guest guest(world.store);
    for (std::size_t step = 0; step < kMaxSteps && !input.is_used_up(); ++step) guest.step(input);
    guest.run(8);
    FUZZ_REQUIRE(other.write("data/alive", "yes") == kOk);
  }
  FUZZ_REQUIRE(world.store.tree().is_consistent());
  world.store.release_domain(DomainId{1});
  FUZZ_REQUIRE(world.store.nodes_of(DomainId{1}) == 0 && world.store.tree().is_consistent());
  add_home(world.store, 1);
  return 0;
}
