// SPDX-License-Identifier: MIT
// What tests of the block back end share: a guest made of plain memory with a front end's half of the ring, a disk file,
// and a BlockIo whose requests end when and how the test says.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pvabi/grant_table.h>
#include <pvabi/io/blkif.h>

#include "base/assert.hpp"
#include "base/unique_fd.hpp"
#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/guest_memory.hpp"
#include "core/work_queue.hpp"
#include "devices/block/disk_image.hpp"
#include "devices/io/block_io.hpp"
#include "support/fake_ram.hpp"

namespace pvisor {

/// A temporary file of a given size, removed with the object. Sector n is filled with the byte n + 1.
class TestDisk {
 public:
  explicit TestDisk(std::size_t sectors) {
    const char* const folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/pvisor-disk-XXXXXX";
    fd_.reset(::mkstemp(path_.data()));
    PV_CHECK(fd_.is_open());
    for (std::size_t i = 0; i < sectors; ++i) {
      const std::string sector(512, static_cast<char>(i + 1));
      PV_CHECK(::pwrite(fd_.get(), sector.data(), sector.size(), static_cast<off_t>(i * 512)) == 512);
    }
  }
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;
  ~TestDisk() { ::unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::string read(std::size_t sector, std::size_t bytes = 512) const {
    std::string out(bytes, '\0');
    const ssize_t got = ::pread(fd_.get(), out.data(), bytes, static_cast<off_t>(sector * 512));
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  void truncate(std::size_t bytes) const { PV_CHECK(::ftruncate(fd_.get(), static_cast<off_t>(bytes)) == 0); }
  void write(std::size_t offset, const std::string& bytes) const {
    PV_CHECK(::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes.size()));
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

/// Keeps requests until the test ends them.
class HeldBlockIo final : public BlockIo {
 public:
  void submit(std::unique_ptr<IoRequest> request) override { held.push_back(std::move(request)); }
  [[nodiscard]] std::string_view name() const override { return "held"; }
  [[nodiscard]] std::size_t in_flight() const override { return held.size(); }

  /// Ends the oldest request with `result`, without doing anything.
  void finish(std::int64_t result) {
    auto request = std::move(held.front());
    held.pop_front();
    IoRequest* const raw = request.get();
    raw->complete(std::move(request), result);
  }
  /// Does the oldest request for real and ends it.
  void execute() {
    IoRequest& request = *held.front();
    IoProgress::start(request);
    const auto offset = static_cast<off_t>(request.offset);
    const auto count = static_cast<int>(IoProgress::vector_count(request));
    ssize_t answer = 0;
    if (request.kind == IoKind::Read) answer = ::preadv(request.fd, IoProgress::vectors(request), count, offset);
    if (request.kind == IoKind::Write) answer = ::pwritev(request.fd, IoProgress::vectors(request), count, offset);
    if (request.kind == IoKind::Discard) answer = ::fallocate(request.fd, kDiscardMode, offset, static_cast<off_t>(request.discard_length));
    finish(answer < 0 ? -errno : answer);
  }
  void execute_all() {
    while (!held.empty()) execute();
  }

  std::deque<std::unique_ptr<IoRequest>> held;
};

/// A guest without a vCPU: memory, grants, ports, and the front end's half of a block ring in frame kRingFrame.
class TestGuest final : private EventSink, private EventPeers {
 public:
  static constexpr std::uint64_t kRamPages = 96;
  static constexpr std::uint64_t kRingFrame = 1;
  static constexpr std::uint64_t kDataFrame = 8;  ///< first of the pages for data
  static constexpr std::uint32_t kRingGrant = 8;
  static constexpr std::uint32_t kDataGrant = 16;  ///< grant kDataGrant + n is page kDataFrame + n, writable

  static constexpr std::uint64_t kTotalPages = kRamPages + 1 + GrantTable::kMaxFrames;

  /// `memory_pages` is kTotalPages of memory, new or used before: ring, shared_info and grant table are made anew.
  explicit TestGuest(std::shared_ptr<FakeRam> memory_pages = std::make_shared<FakeRam>(kTotalPages))
      : ram(std::move(memory_pages)),
        memory(ram, GuestVirt(0x100000), kRamPages),
        events(DomainId(7), 1, *this, *this),
        grants(DomainId(7), memory, GuestFrame(kRamPages + 1)) {
    for (const std::uint64_t frame : {kRingFrame, kRamPages, kRamPages + 1}) std::memset(page(frame), 0, kPageSize);
    grant(kRingGrant, kRingFrame);
    for (std::uint32_t i = 0; i < 64; ++i) grant(kDataGrant + i, kDataFrame + i);
    port = Port(static_cast<std::uint32_t>(events.alloc_unbound(kMonitorDomain)));
    start_ring(0);
  }

  void grant(std::uint32_t ref, std::uint64_t frame, std::uint16_t flags = PV_GTF_PERMIT_ACCESS, std::uint16_t domain = 0) const {
    const pv_grant_entry_v1 entry{flags, domain, static_cast<std::uint32_t>(frame)};
    std::memcpy(ram->page(kRamPages + 1).data() + ref * sizeof(entry), &entry, sizeof(entry));
  }
  [[nodiscard]] std::uint16_t grant_flags(std::uint32_t ref) const {
    pv_grant_entry_v1 entry{};
    std::memcpy(&entry, ram->page(kRamPages + 1).data() + ref * sizeof(entry), sizeof(entry));
    return entry.flags;
  }
  [[nodiscard]] std::uint32_t granted_frame(std::uint32_t ref) const {
    pv_grant_entry_v1 entry{};
    std::memcpy(&entry, ram->page(kRamPages + 1).data() + ref * sizeof(entry), sizeof(entry));
    return entry.frame;
  }
  [[nodiscard]] std::byte* page(std::uint64_t frame) const { return ram->page(frame).data(); }
  [[nodiscard]] std::string data(std::uint32_t index, std::size_t offset = 0, std::size_t bytes = 512) const {
    return {reinterpret_cast<const char*>(page(kDataFrame + index)) + offset, bytes};
  }
  [[nodiscard]] pv_blkif_sring& ring() const { return *reinterpret_cast<pv_blkif_sring*>(page(kRingFrame)); }

  /// As a front end does before it connects.
  void start_ring(std::uint32_t index) {
    req_prod = rsp_cons = index;
    ring().header.req_prod = ring().header.rsp_prod = index;
    ring().header.req_event = ring().header.rsp_event = index + 1;
  }
  /// Writes a request behind the others, not yet shown.
  void put(const pv_blkif_request& request) { ring().ring[req_prod++ % PV_BLKIF_RING_ENTRIES].req = request; }
  /// Shows what was put and rings.
  void push() {
    ring().header.req_prod = req_prod;
    (void)events.send(port);
  }
  void request(const pv_blkif_request& one) {
    put(one);
    push();
  }
  /// Takes the responses that have come, and asks to be told of the next.
  std::vector<pv_blkif_response> responses() {
    std::vector<pv_blkif_response> out;
    for (; rsp_cons != ring().header.rsp_prod; ++rsp_cons) {
      out.push_back(ring().ring[rsp_cons % PV_BLKIF_RING_ENTRIES].rsp);
    }
    ring().header.rsp_event = rsp_cons + 1;
    return out;
  }
  [[nodiscard]] std::uint32_t notifications() const { return notifications_; }
  /// Runs work items until none is left.
  void run() {
    for (int turns = 0; !work.empty(); ++turns) {
      PV_CHECK(turns < 1000);
      work.run_turn();
    }
  }

  std::shared_ptr<FakeRam> ram;
  GuestMemory memory;
  EventChannels events;
  GrantTable grants;
  WorkQueue work;
  Port port;
  std::uint32_t req_prod = 0;
  std::uint32_t rsp_cons = 0;

 private:
  void raise_event(Port, VcpuId) override { ++notifications_; }
  void unmask_event(Port, VcpuId) override {}
  void clear_event(Port) override {}
  void port_leads_out(Port, bool) override {}
  EventChannels* find_events(DomainId) override { return nullptr; }
  std::uint32_t notifications_ = 0;
};

/// One segment: whole page `index` of the guest's data pages unless told otherwise.
inline pv_blkif_request_segment test_segment(std::uint32_t index, std::uint8_t first = 0, std::uint8_t last = 7) {
  return {TestGuest::kDataGrant + index, first, last, {0, 0}};
}

inline pv_blkif_request test_request(std::uint8_t operation, std::uint64_t id, std::uint64_t sector,
                                     std::initializer_list<pv_blkif_request_segment> segments) {
  pv_blkif_request request{};
  request.operation = operation;
  request.nr_segments = static_cast<std::uint8_t>(segments.size());
  request.id = id;
  request.sector_number = sector;
  std::copy(segments.begin(), segments.end(), request.seg);
  return request;
}

/// An entry of another layout, as the ring's union has it.
template <class Entry>
pv_blkif_request test_entry(const Entry& entry) {
  pv_blkif_request request{};
  std::memcpy(static_cast<void*>(&request), &entry, sizeof(entry));
  return request;
}

inline pv_blkif_request test_discard(std::uint64_t id, std::uint64_t sector, std::uint64_t count, std::uint8_t flag = 0) {
  pv_blkif_request_discard discard{};
  discard.operation = PV_BLKIF_OP_DISCARD;
  discard.flag = flag;
  discard.id = id;
  discard.sector_number = sector;
  discard.nr_sectors = count;
  return test_entry(discard);
}

/// Segments are in the page that `page_grant` grants.
inline pv_blkif_request test_indirect(std::uint8_t operation, std::uint64_t id, std::uint64_t sector, std::uint16_t count,
                                      std::uint32_t page_grant) {
  pv_blkif_request_indirect indirect{};
  indirect.operation = PV_BLKIF_OP_INDIRECT;
  indirect.indirect_op = operation;
  indirect.nr_segments = count;
  indirect.id = id;
  indirect.sector_number = sector;
  indirect.indirect_grefs[0] = page_grant;
  return test_entry(indirect);
}

}  // namespace pvisor
