// SPDX-License-Identifier: MIT
// A block connection between a guest of plain memory and a disk whose requests end when the test says.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "devices/block/block_connection.hpp"
#include "support/block_test_world.hpp"

namespace pvisor {

struct BlockConnectionWorld {
  TestDisk disk{128};
  HeldBlockIo io;
  RingPages ring_pages;
  TestGuest guest;
  std::shared_ptr<DiskImage> image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  std::unique_ptr<BlockConnection> connection;
  std::string error;
  bool broken = false;

  BlockConnectionWorld() { connect(); }

  BlockSetup setup() {
    return {DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image, [this](const char*) {
              broken = true;
              connection.reset();
            }};
  }
  void connect() {
    connection.reset();
    connection = BlockConnection::open(setup(), GrantRef(TestGuest::kRingGrant), guest.port, error);
    guest.run();
  }
  /// Closes the image and connects to it anew.
  void reopen(DiskAccess access) {
    connection.reset();
    image.reset();
    image = DiskImage::open(disk.path(), access);
    connect();
  }
  void make_read_only() { reopen(DiskAccess::ReadOnly); }
  /// Pushes one request, does what it asks for and returns its response.
  pv_blkif_response ask(const pv_blkif_request& request) {
    guest.request(request);
    guest.run();
    io.execute_all();
    guest.run();
    const auto all = guest.responses();
    REQUIRE(all.size() == 1);
    return all.front();
  }
  [[nodiscard]] std::vector<int> statuses() {
    std::vector<int> out;
    guest.run();
    for (const auto& response : guest.responses()) out.push_back(response.status);
    return out;
  }
};

}  // namespace pvisor
