// SPDX-License-Identifier: MIT
#include "devices/block/vdev.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/host_error.hpp"

using namespace pvisor;

TEST_CASE("virtual disks have the numbers that Xen gives their names") {
  CHECK(Vdev::parse("xvda").number == 51712);
  CHECK(Vdev::parse("xvda1").number == 51713);
  CHECK(Vdev::parse("xvdb").number == 51728);
  CHECK(Vdev::parse("xvdp15").number == (202U << 8 | 15U << 4 | 15U));
  CHECK(Vdev::parse("xvda16").number == (1U << 28 | 16U));
  CHECK(Vdev::parse("xvdq").number == (1U << 28 | 16U << 8));
  CHECK(Vdev::parse("xvdz255").number == (1U << 28 | 25U << 8 | 255U));
  CHECK(Vdev::parse("xvdaa").number == (1U << 28 | 26U << 8));
  CHECK(Vdev::parse("sda").number == 2048);
  CHECK(Vdev::parse("sdb3").number == 2048 + 16 + 3);
  CHECK(Vdev::parse("hda").number == 768);
  CHECK(Vdev::parse("hdb1").number == 768 + 64 + 1);
  CHECK(Vdev::parse("hdc").number == 5632);
  CHECK(Vdev::parse("hdd63").number == 5632 + 64 + 63);
}

TEST_CASE("disks without a name get xvda, xvdb and so on, past z") {
  CHECK(Vdev::nth(0).name == "xvda");
  CHECK(Vdev::nth(1) == Vdev{"xvdb", 51728});
  CHECK(Vdev::nth(25).name == "xvdz");
  CHECK(Vdev::nth(26).name == "xvdaa");
  CHECK(Vdev::nth(26 + 26 * 26).name == "xvdaaa");
}

TEST_CASE("names that are no virtual disk are usage errors with advice") {
  for (const char* const name : {"", "xvd", "xvda0", "xvda01", "xvda256", "xvdA", "xvda-1", "xvda1p", "sdq", "sda16", "hde",
                                 "hda64", "xvdzzzzzzzz", "disk", "xvda99999999999999999999"}) {
    CHECK_THROWS_AS((void)Vdev::parse(name), HostError);
  }
  try {
    (void)Vdev::parse("vda");
    FAIL("accepted");
  } catch (const HostError& error) {
    CHECK(error.kind() == HostError::Kind::Usage);
    CHECK(std::string(error.what()).find("xvda") != std::string::npos);
  }
  CHECK_THROWS_WITH((void)Vdev::parse("/dev/xvda"), "'/dev/xvda' is no name of a virtual disk; leave out /dev/: xvda");
}
