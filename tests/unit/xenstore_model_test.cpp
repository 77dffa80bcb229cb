// SPDX-License-Identifier: MIT
// Random operation sequences with fixed seeds against the reference model: replies, listings, counts, watch events, and for
// transactions: what a successful commit did equals the same requests made at once at that moment. The fuzz target
// `xenstore_model` does the same with inputs that it learns from.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "support/xenstore_rig.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

StoreQuotas tight() {
  StoreQuotas quotas;
  quotas.nodes = 25;
  quotas.watches = 4;
  return quotas;
}

class RandomRequests {
 public:
  explicit RandomRequests(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t limit) { return random_() % limit; }
  int guest() { return static_cast<int>(1 + below(2)); }

  StoreRequest next() {
    constexpr std::uint32_t kTypes[] = {PV_XS_READ,  PV_XS_DIRECTORY, PV_XS_GET_PERMS, PV_XS_WRITE,    PV_XS_WRITE,
                                        PV_XS_WRITE, PV_XS_MKDIR,     PV_XS_RM,        PV_XS_SET_PERMS};
    StoreRequest request{kTypes[below(std::size(kTypes))], path(), ""};
    if (request.type == PV_XS_WRITE) request.rest = std::to_string(below(1000));
    if (request.type == PV_XS_SET_PERMS) {
      for (std::size_t words = 1 + below(6); words > 0; --words) {
        request.rest += z(std::string(1, "nrwb"[below(4)]) + "0123"[below(4)]);
      }
    }
    return request;
  }
  StoreRequest next_watch() {
    constexpr std::uint32_t kTypes[] = {PV_XS_WATCH, PV_XS_WATCH, PV_XS_UNWATCH};
    return {kTypes[below(std::size(kTypes))], path(), z("tu"[below(2)] + std::string())};
  }

 private:
  std::string path() {
    std::string path = below(5) == 0 ? "data" : "/s";
    for (std::size_t depth = 1 + below(4); depth > 0; --depth) path += std::string("/") + "abc"[below(3)];
    return path;
  }
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("random operations and watches of three domains agree with the reference model") {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    XenstoreRig rig(tight());
    RandomRequests random(seed);
    for (int i = 0; i < 4000; ++i) {
      CAPTURE(i);
      const int who = static_cast<int>(random.below(XenstoreRig::kDomains));
      const StoreRequest request = random.below(12) == 0 ? random.next_watch() : random.next();
      CAPTURE(who);
      CAPTURE(request.type);
      CAPTURE(request.path);
      REQUIRE(rig.request(who, request));
      if (i % 100 == 0) REQUIRE(rig.counts_agree());
      if (i % 500 == 0) REQUIRE(rig.replace_domain(random.guest()));
    }
    CHECK(rig.counts_agree());
  }
}

TEST_CASE("a committed transaction equals its requests made at once at the commit") {
  std::map<std::string, int> outcomes;
  for (unsigned seed = 100; seed < 110; ++seed) {
    CAPTURE(seed);
    XenstoreRig rig{StoreQuotas{}};
    RandomRequests random(seed);
    for (int round = 0; round < 150; ++round) {
      CAPTURE(round);
      const std::uint32_t transaction = rig.begin(1);
      for (std::size_t left = 1 + random.below(8); left > 0; --left) {
        if (random.below(6) == 0) REQUIRE(rig.request(random.below(2) == 0 ? 0 : 2, random.next()));
        (void)rig.request_inside(1, transaction, random.next());
      }
      std::string outcome;
      REQUIRE(rig.commit(1, transaction, &outcome));
      ++outcomes[outcome];
      REQUIRE(rig.counts_agree());
      REQUIRE(rig.contents_agree({"/s", "/s/a", "/s/b", "/s/a/b", "/s/c"}));
    }
  }
  CHECK(outcomes[kOk] > 100);
  CHECK(outcomes["!EAGAIN"] > 20);
}

TEST_CASE("many open transactions of three domains, and domains that end, never upset the store") {
  for (unsigned seed = 200; seed < 210; ++seed) {
    CAPTURE(seed);
    XenstoreRig rig(tight());
    RandomRequests random(seed);
    for (int i = 0; i < 3000; ++i) {
      CAPTURE(i);
      const int who = random.guest();
      const std::size_t open = rig.open_transactions(who);
      const std::size_t choice = random.below(20);
      if (choice == 0 && open < 10) {
        REQUIRE(rig.begin(who) != 0);
      } else if (choice == 1 && open != 0) {
        const std::uint32_t last = rig.open_transaction(who, open - 1);
        REQUIRE((random.below(4) != 0 ? rig.commit(who, last) : rig.abort(who, last)));
      } else if (choice == 2 && random.below(10) == 0) {
        REQUIRE(rig.replace_domain(who));
      } else if (open != 0 && random.below(3) != 0) {
        (void)rig.request_inside(who, rig.open_transaction(who, random.below(open)), random.next());
      } else {
        REQUIRE(rig.request(random.below(4) == 0 ? 0 : who, random.next()));
      }
      if (i % 20 == 0) REQUIRE(rig.counts_agree());
    }
    CHECK(rig.counts_agree());
  }
}

TEST_CASE("a rig that starts over is as a new one, whatever was done with it") {
  XenstoreRig rig(tight());
  const std::size_t nodes_at_first = rig.nodes();
  RandomRequests random(300);
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    REQUIRE(rig.nodes() == nodes_at_first);
    REQUIRE(rig.watches() == 0);
    REQUIRE(rig.open_transactions(1) == 0);
    REQUIRE(rig.counts_agree());
    REQUIRE(rig.contents_agree({"/", "/s", "/s/a", "/local/domain", "/local/domain/1", "/local/domain/2/data"}));
    REQUIRE(rig.request(2, {PV_XS_WATCH, "/s", z("t")}));
    const std::uint32_t transaction = rig.begin(1);
    for (int i = 0; i < 20; ++i) {
      REQUIRE(rig.request(i % XenstoreRig::kDomains, random.next()));
      (void)rig.request_inside(1, transaction, random.next());
    }
    if (round % 5 == 0) REQUIRE(rig.replace_domain(2));
    rig.start_over();
  }
}
