// SPDX-License-Identifier: MIT
// A block ring against a front end that writes whatever it likes wherever it likes: entries, indices, grants, in memory that also
// changes after each look. Whatever reaches the host lies inside the disk and inside granted RAM; each request taken is answered
// once, with no byte of ours in the padding; and in the end nothing is held.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "devices/block/block_connection.hpp"
#include "fuzz/fuzz_input.hpp"
#include "support/block_test_world.hpp"
#include "support/changing_memory.hpp"

using namespace pvisor;

namespace {

constexpr std::size_t kSectors = 64;
constexpr std::uint32_t kGrantSlots = 128;  ///< entries that the fuzzer rewrites; the guest's own lie among them

/// Judges what is about to reach the host, and keeps it until the fuzzer ends it.
class JudgingIo final : public BlockIo {
 public:
  explicit JudgingIo(const TestGuest& guest) : guest_(guest) {}
  void submit(std::unique_ptr<IoRequest> request) override {
    const std::byte* const ram = guest_.page(0);
    std::uint64_t length = 0;
    for (const IoSpan& span : request->spans) {
      const auto bytes = IoSpanRaw::bytes(span);
      FUZZ_REQUIRE(bytes.data() >= ram && bytes.data() + bytes.size() <= ram + TestGuest::kRamPages * kPageSize);
      FUZZ_REQUIRE(guest_.grants.is_in_use(GuestFrame{static_cast<std::uint64_t>(bytes.data() - ram) / kPageSize}));
      length += bytes.size();
    }
    const bool has_data = request->kind == IoKind::Read || request->kind == IoKind::Write;
    FUZZ_REQUIRE(request->spans.empty() == !has_data);
    if (request->kind == IoKind::Discard) length = request->discard_length;
    FUZZ_REQUIRE(request->kind == IoKind::Flush ? length == 0 : length > 0);
    FUZZ_REQUIRE(request->offset <= kSectors * 512 && length <= kSectors * 512 - request->offset);
    lengths_.push_back(static_cast<std::int64_t>(length));
    held_.push_back(std::move(request));
    FUZZ_REQUIRE(held_.size() <= 2 * PV_BLKIF_RING_ENTRIES);  // a ringful, and one that a connection before left
  }
  [[nodiscard]] std::string_view name() const override { return "judging"; }
  [[nodiscard]] std::size_t in_flight() const override { return held_.size(); }

  /// Ends one of them: all of it, part of it or an error.
  void finish(std::size_t which, std::uint8_t how) {
    if (held_.empty()) return;
    which %= held_.size();
    auto request = std::move(held_[which]);
    const std::int64_t length = lengths_[which];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    lengths_.erase(lengths_.begin() + static_cast<std::ptrdiff_t>(which));
    IoRequest* const raw = request.get();
    raw->complete(std::move(request), how % 4 == 0 ? -EIO : how % 4 == 1 ? length / 2 : length);
  }
  void finish_all() {
    while (!held_.empty()) finish(0, 3);
  }

 private:
  const TestGuest& guest_;
  std::vector<std::unique_ptr<IoRequest>> held_;
  std::vector<std::int64_t> lengths_;
};

struct Run {
  Run(std::shared_ptr<FakeRam> ram, std::shared_ptr<DiskImage> disk) : guest(std::move(ram)), io(guest), image(std::move(disk)) {
    memory.spare(guest.ram->page(TestGuest::kRamPages + 1));
    connect(0);
  }

  std::uint64_t ring_frame = 0;  ///< where the back end found the ring

  void connect(std::uint32_t index) {
    connection.reset();
    scribbled = false;
    guest.start_ring(index);
    spare_ring_header();
    connection = BlockConnection::open({DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image,
                                        [this](const char*) { connection.reset(); }},
                                       GrantRef(TestGuest::kRingGrant), guest.port, error);
  }
  /// The indices are polled, in whatever frame the guest has the ring's grant name now.
  void spare_ring_header() {
    ring_frame = guest.granted_frame(TestGuest::kRingGrant);
    if (ring_frame < TestGuest::kRamPages) memory.spare(guest.ram->page(ring_frame).first(PV_RING_HEADER_SIZE));
  }
  void turn() {
    // Of two requests that name the same list of segments each reads it, once.
    const std::uint64_t frame = std::min(ring_frame, TestGuest::kRamPages - 1);
    const auto& entries = reinterpret_cast<const pv_blkif_sring*>(guest.page(frame))->ring;
    const auto lists = std::ranges::count_if(entries, [](const auto& entry) { return entry.req.operation == PV_BLKIF_OP_INDIRECT; });
    const std::size_t before = memory.second_fetches();
    memory.begin_request();
    guest.work.run_turn();
    FUZZ_REQUIRE(lists > 1 || memory.second_fetches() == before);
  }
  /// The guest looks at its responses. What it wrote over the index itself it may not believe, of course.
  void take_responses() {
    const std::uint32_t produced = guest.ring().header.rsp_prod;
    if (connection == nullptr || produced - guest.rsp_cons > PV_BLKIF_RING_ENTRIES) return;
    for (; guest.rsp_cons != produced; ++guest.rsp_cons) {
      if (scribbled) continue;
      const auto& response = guest.ring().ring[guest.rsp_cons % PV_BLKIF_RING_ENTRIES].rsp;
      std::array<std::uint8_t, sizeof response> bytes{};
      std::memcpy(bytes.data(), &response, sizeof response);
      for (std::size_t i = 12; i < bytes.size(); ++i) FUZZ_REQUIRE(bytes[i] == 0);
      FUZZ_REQUIRE(bytes[9] == 0);
      FUZZ_REQUIRE(response.status == PV_BLKIF_RSP_OKAY || response.status == PV_BLKIF_RSP_ERROR || response.status == PV_BLKIF_RSP_EOPNOTSUPP);
    }
  }
  static void fill_segments(FuzzInput& input, std::span<pv_blkif_request_segment> segments) {
    for (auto& segment : segments) {
      segment.gref = static_cast<std::uint32_t>(input.below(kGrantSlots));
      segment.first_sect = static_cast<std::uint8_t>(input.below(9));
      segment.last_sect = static_cast<std::uint8_t>(input.below(9));
    }
  }
  /// Its segments lie in a page that other requests may fill with data.
  pv_blkif_request make_indirect(FuzzInput& input, const pv_blkif_request& request) const {
    const std::size_t count = input.take<std::uint16_t>() % (kMaxIndirectSegments + 2);
    std::array<pv_blkif_request_segment, kMaxIndirectSegments + 1> segments{};
    fill_segments(input, std::span(segments).first(std::min<std::size_t>(count, input.below(16))));
    std::fill(segments.begin() + 16, segments.end(), test_segment(0, 0, 0));
    std::memcpy(guest.page(TestGuest::kDataFrame), segments.data(), sizeof segments);
    return test_indirect(request.nr_segments % 3, request.id, request.sector_number, static_cast<std::uint16_t>(count),
                         input.below(8) == 0 ? static_cast<std::uint32_t>(input.below(kGrantSlots)) : TestGuest::kDataGrant);
  }
  void put(FuzzInput& input) {
    pv_blkif_request request{};
    if (input.below(4) == 0) {
      const auto raw = input.take_bytes(sizeof request);
      if (!raw.empty()) std::memcpy(&request, raw.data(), raw.size());
    } else {
      request.operation = static_cast<std::uint8_t>(input.below(7));
      request.nr_segments = static_cast<std::uint8_t>(input.below(13));
      request.id = input.take<std::uint8_t>();
      request.sector_number = input.below(2 * kSectors);
      if (request.operation == PV_BLKIF_OP_DISCARD) {
        request = test_discard(request.id, request.sector_number, input.below(2 * kSectors), request.nr_segments % 2);
      } else if (request.operation == PV_BLKIF_OP_INDIRECT) {
        request = make_indirect(input, request);
      } else {
        fill_segments(input, std::span(request.seg).first(std::min<std::size_t>(request.nr_segments, std::size(request.seg))));
      }
    }
    scribbled = scribbled || guest.req_prod - guest.rsp_cons >= PV_BLKIF_RING_ENTRIES;  // over a response not taken yet
    guest.put(request);
  }
  void step(FuzzInput& input) {
    switch (input.below(12)) {
      case 0: case 1: case 2: return put(input);
      case 3: return guest.push();
      case 4: return turn();
      case 5: return io.finish(input.below(64), input.take<std::uint8_t>());
      case 6: return take_responses();
      case 7: guest.ring().header.rsp_event = guest.rsp_cons + static_cast<std::uint32_t>(input.below(34)); return;
      case 8: {
        const std::uint64_t frame = input.below(2) == 0 ? TestGuest::kDataFrame + input.below(64) : input.take<std::uint32_t>();
        return guest.grant(static_cast<std::uint32_t>(input.below(kGrantSlots)), frame, input.take<std::uint8_t>(), static_cast<std::uint16_t>(input.below(2) * 5));
      }
      case 9: scribbled = true; guest.req_prod += static_cast<std::uint32_t>(input.below(2) == 0 ? input.below(40) : input.take<std::uint32_t>()); return guest.push();
      case 10: return connect(input.take<std::uint32_t>());
      default: {
        const auto offset = input.take<std::uint16_t>() % kPageSize;
        const auto bytes = input.take_bytes(std::min<std::size_t>(input.below(64), kPageSize - offset));
        scribbled = scribbled || !bytes.empty();
        if (!bytes.empty()) std::memcpy(guest.page(TestGuest::kRingFrame) + offset, bytes.data(), bytes.size());
      }
    }
  }
  void end() {
    connection.reset();
    io.finish_all();
    while (!guest.work.empty()) turn();
    FUZZ_REQUIRE(guest.grants.uses() == 0);
    FUZZ_REQUIRE(ring_pages.size() == 0);
    for (std::uint64_t frame = 0; frame < TestGuest::kRamPages; ++frame) FUZZ_REQUIRE(!guest.memory.is_pinned(GuestFrame{frame}));
  }

  ChangingMemory memory;
  TestGuest guest;
  RingPages ring_pages;
  JudgingIo io;
  std::shared_ptr<DiskImage> image;
  std::string error;
  bool scribbled = false;  ///< the guest wrote over entries: what stands there need not be a response
  std::unique_ptr<BlockConnection> connection;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TestDisk disk(kSectors);
  static const auto ram = std::make_shared<FakeRam>(TestGuest::kTotalPages);
  static std::shared_ptr<DiskImage> image;
  if (image == nullptr || image->flush_failed()) {  // a failed flush stays failed
    image.reset();
    image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  }
  FuzzInput input(data, size);
  Run run(ram, image);
  while (!input.is_used_up()) run.step(input);
  run.end();
  return 0;
}
