// SPDX-License-Identifier: MIT
// The power goes at any moment: whatever image the host may then have kept, all that a guest was told is flushed is in it.
//
// What the host promises is taken as it is: a write or discard may be kept or lost, and those under way together may come in any
// order, until a flush that was asked for after it had ended has itself ended. What the guest was promised is read off its ring. All
// sequences of two operations on eight sectors, each followed by a flush and a write, are cut after each step.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devices/block/block_connection.hpp"
#include "support/block_test_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kSectors = 8;
constexpr std::size_t kNever = ~std::size_t{0};
using Image = std::string;  ///< one character for each sector

/// An operation as one side saw it, with the moments of its beginning and end.
struct Seen {
  IoKind kind = IoKind::Flush;
  std::uint64_t sector = 0;
  char value = '.';  ///< of the sector afterwards
  std::size_t begun = 0;
  std::size_t ended = kNever;
  [[nodiscard]] bool changes() const { return kind != IoKind::Flush; }
  [[nodiscard]] bool is_before(const Seen& other) const { return ended != kNever && ended < other.begun; }
};

/// Whether a flush that began after `one` had ended has ended, too.
bool is_flushed(const Seen& one, const std::vector<Seen>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Seen& other) {
    return other.kind == IoKind::Flush && other.ended != kNever && one.is_before(other);
  });
}

/// What had ended before something else began stays in front of it.
bool is_possible_order(const std::vector<Seen>& changes, const std::vector<std::size_t>& order) {
  for (std::size_t later = 1; later < order.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (changes[order[later]].is_before(changes[order[earlier]])) return false;
    }
  }
  return true;
}

/// Calls `check` with every image that a host may have kept.
void for_each_image(const std::vector<Seen>& host, const std::function<void(const Image&)>& check) {
  std::vector<Seen> changes;
  std::copy_if(host.begin(), host.end(), std::back_inserter(changes), [](const Seen& seen) { return seen.changes(); });
  for (std::size_t kept = 0; kept < std::size_t{1} << changes.size(); ++kept) {
    std::vector<std::size_t> order;
    bool possible = true;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if ((kept >> i & 1) != 0) order.push_back(i);
      else possible = possible && !is_flushed(changes[i], host);
    }
    if (!possible) continue;
    do {
      if (!is_possible_order(changes, order)) continue;
      Image image(kSectors, 'o');
      for (const std::size_t i : order) image[changes[i].sector] = changes[i].value;
      check(image);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

/// What a guest may find in a sector: what no flushed change has replaced.
bool may_find(const std::vector<Seen>& guest, std::uint64_t sector, char value) {
  const auto is_replaced = [&](const Seen* old) {
    return std::any_of(guest.begin(), guest.end(), [&](const Seen& change) {
      return change.changes() && change.sector == sector && is_flushed(change, guest) && (old == nullptr || old->is_before(change));
    });
  };
  if (value == 'o' && !is_replaced(nullptr)) return true;
  return std::any_of(guest.begin(), guest.end(), [&](const Seen& change) {
    return change.changes() && change.sector == sector && change.value == value && !is_replaced(&change);
  });
}

/// Keeps what the host was asked for, and when.
class RecordingIo final : public BlockIo {
 public:
  explicit RecordingIo(std::size_t& clock) : clock_(clock) {}
  void submit(std::unique_ptr<IoRequest> request) override {
    Seen seen{request->kind, request->offset / 512, '.', ++clock_, kNever};
    if (request->kind == IoKind::Write) seen.value = static_cast<char>(IoSpanRaw::bytes(request->spans.front()).front());
    log.push_back(seen);
    held_.emplace_back(log.size() - 1, std::move(request));
  }
  [[nodiscard]] std::string_view name() const override { return "recording"; }
  [[nodiscard]] std::size_t in_flight() const override { return held_.size(); }
  void finish(std::size_t which) {
    auto [index, request] = std::move(held_[which]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    log[index].ended = ++clock_;
    const std::int64_t result = request->kind == IoKind::Write ? 512 : 0;
    IoRequest* const raw = request.get();
    raw->complete(std::move(request), result);
  }
  std::vector<Seen> log;

 private:
  std::size_t& clock_;
  std::vector<std::pair<std::size_t, std::unique_ptr<IoRequest>>> held_;
};

/// Operation 0 is a flush, 1 to 8 write a sector, 9 to 16 discard one.
constexpr std::size_t kOperations = 1 + 2 * kSectors;
constexpr std::size_t kFlush = 0;

struct World {
  explicit World(DiskCache cache = DiskCache::WriteBack)
      : image(DiskImage::open(disk.path(), DiskAccess::ReadWrite, FileRoot::whole(), {.cache = cache})) {
    connection = BlockConnection::open({DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image, [](const char*) {}},
                                       GrantRef(TestGuest::kRingGrant), guest.port, error);
    REQUIRE(connection != nullptr);
  }
  void put(std::size_t operation) {
    const std::size_t id = seen.size();
    const std::uint64_t sector = (operation + kSectors - 1) % kSectors;
    if (operation == kFlush) {
      guest.put(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, id, 0, {}));
      seen.push_back({IoKind::Flush, 0, '.', ++clock, kNever});
    } else if (operation <= kSectors) {
      const char value = static_cast<char>('A' + id);
      std::fill_n(guest.page(TestGuest::kDataFrame + id), 512, static_cast<std::byte>(value));
      guest.put(test_request(PV_BLKIF_OP_WRITE, id, sector, {test_segment(static_cast<std::uint32_t>(id), 0, 0)}));
      seen.push_back({IoKind::Write, sector, value, ++clock, kNever});
    } else {
      guest.put(test_discard(id, sector, 1));
      seen.push_back({IoKind::Discard, sector, '.', ++clock, kNever});
    }
    guest.push();
    step();
  }
  void finish(std::size_t which) {
    io.finish(which);
    step();
  }
  /// The monitor works, the guest looks at its ring, and the power may go.
  void step() {
    cut();
    guest.run();
    for (const auto& response : guest.responses()) {
      CHECK(response.status == PV_BLKIF_RSP_OKAY);
      seen.at(response.id).ended = ++clock;
    }
    cut();
  }
  void cut() {
    for_each_image(io.log, [&](const Image& kept) {
      for (std::uint64_t sector = 0; sector < kSectors; ++sector) losses += may_find(seen, sector, kept[sector]) ? 0 : 1;
    });
  }
  void start_anew() {
    io.log.clear();
    seen.clear();
  }

  std::size_t clock = 0;
  std::size_t losses = 0;  ///< sectors, over all cuts, in which the guest finds what it may not
  TestDisk disk{kSectors};
  RecordingIo io{clock};
  RingPages ring_pages;
  TestGuest guest;
  std::shared_ptr<DiskImage> image;
  std::string error;
  std::vector<Seen> seen;  ///< by the guest
  std::unique_ptr<BlockConnection> connection;
};

/// One after the other, each answered before the next.
void run_in_turn(World& world, std::initializer_list<std::size_t> operations) {
  world.start_anew();
  for (const std::size_t operation : operations) {
    world.put(operation);
    while (world.io.in_flight() > 0) world.finish(0);
  }
}

/// All at once; `order` says which of those under way ends next.
void run_at_once(World& world, std::initializer_list<std::size_t> operations, std::size_t order) {
  world.start_anew();
  for (const std::size_t operation : operations) world.put(operation);
  while (world.io.in_flight() > 0) {
    const std::size_t count = world.io.in_flight();
    world.finish(order % count);
    order /= count;
  }
}

}  // namespace

TEST_CASE("whenever the power goes, what was flushed is there: two operations in turn, a flush and a write") {
  World world;
  for (std::size_t first = 0; first < kOperations; ++first) {
    for (std::size_t second = 0; second < kOperations; ++second) run_in_turn(world, {first, second, kFlush, 1});
  }
  CHECK(world.losses == 0);
}

TEST_CASE("whenever the power goes, what was flushed is there: two operations and a flush at once, ending in any order") {
  World world;
  for (std::size_t first = 0; first < kOperations; ++first) {
    for (std::size_t second = 0; second < kOperations; ++second) {
      for (std::size_t order = 0; order < 6; ++order) run_at_once(world, {first, second, kFlush}, order);
    }
  }
  CHECK(world.losses == 0);
}

TEST_CASE("the judge of power cuts sees what cache=unsafe loses") {
  World world(DiskCache::Unsafe);
  run_in_turn(world, {3, kFlush});
  CHECK(world.losses > 0);
}
