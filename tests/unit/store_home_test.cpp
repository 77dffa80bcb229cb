// SPDX-License-Identifier: MIT
// A guest's home in the store: what it may write, and that what others rely on stays as it was whatever the guest tries.
#include "control/store_home.hpp"

#include <doctest/doctest.h>

#include "support/fake_engine_world.hpp"
#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

struct HomeRig {
  HomeRig() : domain(world.add_domain()), guest(store, domain.id().value()) {
    store.introduce_domain(domain.id());
    StoreHome(store, 64, false).attach(domain);
  }
  Store store;
  FakeWorld world;
  Domain& domain;
  XenstoreClient guest;
};

}  // namespace

TEST_CASE("a guest reads its whole home and writes only where it is meant to") {
  HomeRig rig;
  CHECK(rig.guest.read("memory/target") == "65536");
  CHECK(rig.guest.write("data/mine", "1") == kOk);
  CHECK(rig.guest.write("control/shutdown", "") == kOk);
  for (const char* name : {"new", "device/vbd", "control/new", "cpu/1", "memory/new", "console/new"}) {
    CAPTURE(name);
    CHECK(rig.guest.write(name, "1") == "!EACCES");
    CHECK(rig.guest.mkdir(name) == "!EACCES");
  }
}

TEST_CASE("what the monitor and others read of a guest's home can be neither changed, removed nor taken over by it") {
  HomeRig rig;
  const std::string owner = std::to_string(rig.domain.id().value());
  for (const char* name : {"name", "domid", "vm", "memory/target", "console/limit", "console/type", "console/ring-ref", "console/port",
                           "console/interactive", "store/port", "cpu/0/availability"}) {
    CAPTURE(name);
    const std::string before = rig.guest.read(name);
    CHECK(rig.guest.write(name, "../../../etc/passwd") == "!EACCES");
    CHECK(rig.guest.rm(name) == "!EACCES");
    CHECK(rig.guest.ask(PV_XS_SET_PERMS, z(name) + z("b" + owner)) == "!EACCES");
    CHECK(rig.guest.read(name) == before);
  }
  for (const char* folder : {"console", "store", "memory", "/local/domain", "/local", "/", "."}) CHECK(rig.guest.rm(folder) != kOk);
}

TEST_CASE("a chain-loaded kernel finds the home as a new domain's, without what the last one left there") {
  HomeRig rig;
  CHECK(rig.guest.write("data/left", "over") == kOk);
  CHECK(rig.guest.write("control/shutdown", "poweroff") == kOk);
  StoreHome(rig.store, 64, false).attach(rig.domain);
  CHECK(rig.guest.read("data/left") == "!ENOENT");
  CHECK(rig.guest.read("control/shutdown") == "");
}
