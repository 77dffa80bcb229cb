// SPDX-License-Identifier: MIT
// Cache modes, sectors of 4096 bytes, and real block devices where there may be some.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "base/host_error.hpp"
#include "devices/block/disk_image.hpp"
#include "support/block_connection_world.hpp"

using namespace pvisor;

namespace {

std::shared_ptr<DiskImage> open_tuned(const std::string& path, DiskTuning tuning) {
  return DiskImage::open(path, DiskAccess::ReadWrite, FileRoot::whole(), tuning);
}

/// A loop device over a file, or nothing if this host lets us have none. The kernel frees it when nobody has it open.
class LoopDevice {
 public:
  [[nodiscard]] static std::unique_ptr<LoopDevice> make(int file, std::uint32_t sector_size) {
    const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const int number = control.is_open() ? ::ioctl(control.get(), LOOP_CTL_GET_FREE) : -1;
    if (number < 0) return nullptr;
    std::unique_ptr<LoopDevice> device(new LoopDevice("/dev/loop" + std::to_string(number)));
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(file);
    config.block_size = sector_size;
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    device->fd_.reset(::open(device->path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!device->fd_.is_open() || ::ioctl(device->fd_.get(), LOOP_CONFIGURE, &config) != 0) return nullptr;
    return device;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit LoopDevice(std::string path) : path_(std::move(path)) {}
  std::string path_;
  UniqueFd fd_;
};

struct TunedWorld : BlockConnectionWorld {
  void tune(const std::string& path, DiskTuning tuning) {
    connection.reset();
    image.reset();
    image = open_tuned(path, tuning);
    connect();
    REQUIRE(connection != nullptr);
  }
  /// Writes pages 8 to 15 of the disk, reads them back, and looks whether their neighbours are whole.
  void check_pages() {
    const std::string before = disk.read(0, 65536);
    for (std::uint32_t i = 0; i < 8; ++i) std::memset(guest.page(TestGuest::kDataFrame + i), 'a' + static_cast<int>(i), 4096);
    auto request = test_request(PV_BLKIF_OP_WRITE, 1, 64 - 8, {});
    request.nr_segments = 8;
    for (std::uint32_t i = 0; i < 8; ++i) request.seg[i] = test_segment(i);
    CHECK(ask(request).status == PV_BLKIF_RSP_OKAY);
    request.operation = PV_BLKIF_OP_READ;
    for (std::uint32_t i = 0; i < 8; ++i) request.seg[i] = test_segment(8 + i);
    CHECK(ask(request).status == PV_BLKIF_RSP_OKAY);
    std::string expected = before;
    for (std::uint32_t i = 0; i < 8; ++i) {
      CHECK(guest.data(8 + i, 0, 4096) == guest.data(i, 0, 4096));
      expected.replace((56 + i * 8) * 512, 4096, guest.data(i, 0, 4096));
    }
    CHECK(ask(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 2, 0, {})).status == PV_BLKIF_RSP_OKAY);
    REQUIRE(::fsync(image->fd()) == 0);
    CHECK(disk.read(0, 65536) == expected);
  }
};

}  // namespace

TEST_CASE_FIXTURE(TunedWorld, "a disk past the page cache reads and writes what one through it does") {
  try {
    tune(disk.path(), {.cache = DiskCache::Direct});
  } catch (const HostError& refused) {
    MESSAGE("not tested: ", refused.what());
    return;
  }
  CHECK((::fcntl(image->fd(), F_GETFL) & O_DIRECT) != 0);
  check_pages();
  if (image->sector_size() == 512) {
    std::memset(guest.page(TestGuest::kDataFrame) + 1024, 'z', 512);
    CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 3, 5, {test_segment(0, 2, 2)})).status == PV_BLKIF_RSP_OKAY);
    CHECK(disk.read(4) == std::string(512, 5));
    CHECK(disk.read(5) == std::string(512, 'z'));
    CHECK(disk.read(6) == std::string(512, 7));
  }
}

TEST_CASE_FIXTURE(TunedWorld, "a disk of 4096-byte sectors takes pages, and leaves the neighbours of parts of them alone") {
  tune(disk.path(), {.sector_size = 4096});
  CHECK(image->sector_size() == 4096);
  CHECK(image->physical_sector_size() == 4096);
  check_pages();
  const std::string before = disk.read(0, 65536);
  CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 1, 8, {test_segment(0, 0, 0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 1, 9, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_discard(1, 9, 8)).status == PV_BLKIF_RSP_ERROR);
  CHECK(disk.read(0, 65536) == before);
}

TEST_CASE("a file that is no whole number of 4096-byte sectors is refused with what helps") {
  const TestDisk disk(9);
  CHECK(open_tuned(disk.path(), {})->sectors() == 9);
  std::string refusal;
  try {
    (void)open_tuned(disk.path(), {.sector_size = 4096});
  } catch (const HostError& refused) {
    refusal = refused.what();
  }
  CHECK(refusal.find("truncate -s %4096 FILE") != std::string::npos);
}

TEST_CASE_FIXTURE(TunedWorld, "a block device is a disk in every cache mode, with its own sectors where it is used directly") {
  for (const std::uint32_t sector_size : {512U, 4096U}) {
    const auto device = LoopDevice::make(disk.fd(), sector_size);
    if (device == nullptr) {
      MESSAGE("not tested: no loop device of ", sector_size, "-byte sectors can be had here: ", std::strerror(errno));
      continue;
    }
    for (const DiskCache cache : {DiskCache::WriteBack, DiskCache::Unsafe, DiskCache::Direct}) {
      CAPTURE(sector_size);
      tune(device->path(), {.cache = cache});
      CHECK(image->sectors() == 128);
      CHECK(image->physical_sector_size() >= sector_size);
      CHECK(image->sector_size() == (cache == DiskCache::Direct ? sector_size : 512));
      check_pages();
      if (image->sector_size() == 512) {
        CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 3, 5, {test_segment(0, 2, 2)})).status == PV_BLKIF_RSP_OKAY);
        REQUIRE(::fsync(image->fd()) == 0);
        CHECK(disk.read(4) == std::string(512, 5));
        CHECK(disk.read(5) == guest.data(0, 1024));
        CHECK(disk.read(6) == std::string(512, 7));
      } else {
        CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 3, 5, {test_segment(0, 2, 2)})).status == PV_BLKIF_RSP_ERROR);
      }
      const int discarded = ask(test_discard(4, 16, 8)).status;
      CHECK((discarded == PV_BLKIF_RSP_OKAY || discarded == PV_BLKIF_RSP_EOPNOTSUPP));
      REQUIRE(::fsync(image->fd()) == 0);
      if (discarded == PV_BLKIF_RSP_OKAY) CHECK(disk.read(16, 4096) == std::string(4096, '\0'));
    }
    connection.reset();
    image.reset();
  }
}
