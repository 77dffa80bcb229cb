// SPDX-License-Identifier: MIT
// Opening disk images: what is refused, with which remedy, and who may use an image at the same time.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <span>
#include <string>

#include "base/host_error.hpp"
#include "base/scope_exit.hpp"
#include "support/block_test_world.hpp"
#include "devices/block/disk_format.hpp"
#include "devices/block/disk_image.hpp"

using namespace pvisor;

namespace {

/// The error of opening `path`; empty if it opens.
std::string refusal(const std::string& path, DiskAccess access = DiskAccess::ReadWrite) {
  try {
    (void)DiskImage::open(path, access);
    return {};
  } catch (const HostError& error) {
    return error.what();
  }
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void lock_byte(int fd, off_t byte) {
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  REQUIRE(::fcntl(fd, F_OFD_SETLK, &lock) == 0);
}

}  // namespace

TEST_CASE("a raw file opens with its size in sectors") {
  const TestDisk disk(20);
  const auto image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  CHECK(image->sectors() == 20);
  CHECK(!image->is_read_only());
  CHECK((::fcntl(image->fd(), F_GETFL) & O_ACCMODE) == O_RDWR);
  CHECK((::fcntl(image->fd(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("an image opened read-only cannot be written through its descriptor") {
  const TestDisk disk(1);
  const auto image = DiskImage::open(disk.path(), DiskAccess::ReadOnly);
  CHECK(image->is_read_only());
  CHECK(::pwrite(image->fd(), "x", 1, 0) == -1);
}

TEST_CASE("what is no disk is refused by name") {
  CHECK(refusal("") == "the disk's file name is empty");
  CHECK(contains(refusal("/nonexistent/disk.img"), "disk '/nonexistent/disk.img': there is no such file"));
  CHECK(contains(refusal("/"), "is a directory"));
  CHECK(contains(refusal("/dev/null"), "neither a file nor a block device"));
}

TEST_CASE("a pipe is refused without waiting for its other end") {
  const TestDisk disk(1);
  const std::string fifo = disk.path() + ".fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const ScopeExit remove([&] { ::unlink(fifo.c_str()); });
  CHECK(contains(refusal(fifo), "is a pipe"));
  CHECK(contains(refusal(fifo, DiskAccess::ReadOnly), "is a pipe"));
}

TEST_CASE("a size that is no whole number of sectors is refused with the command that helps") {
  const TestDisk disk(1);
  disk.truncate(513);
  CHECK(contains(refusal(disk.path()), "truncate -s %512 FILE"));
  disk.truncate(0);
  CHECK(contains(refusal(disk.path()), "is empty"));
}

TEST_CASE("disks in other formats are refused with the command that makes them raw") {
  const auto with = [](std::size_t offset, const std::string& magic) {
    const TestDisk disk(4);
    disk.write(offset, magic);
    return refusal(disk.path(), DiskAccess::ReadOnly);
  };
  CHECK(contains(with(0, "QFI\xfb"), "is in qcow2 format"));
  CHECK(contains(with(0, "QFI\xfb"), "qemu-img convert -O raw "));
  CHECK(contains(with(0, "KDMV"), "VMDK"));
  CHECK(contains(with(0, "# Disk DescriptorFile\n"), "VMDK"));
  CHECK(contains(with(0, "vhdxfile"), "VHDX"));
  CHECK(contains(with(0, "conectix"), "-f vpc"));
  CHECK(contains(with(3 * 512, "conectix"), "VHD"));
  CHECK(contains(with(0x40, "\x7f\x10\xda\xbe"), "VDI"));
  CHECK(contains(with(0, "\x1f\x8b"), "gunzip -k "));
  CHECK(contains(with(0, std::string("\xfd" "7zXZ\0", 6)), "xz -dk "));
  CHECK(with(1, "QFI\xfb").empty());
}

TEST_CASE("the remedy quotes names that a shell would take apart") {
  const DiskFormat format{"qcow2", "qemu-img convert -O raw IN OUT"};
  CHECK(disk_format_remedy(format, "a/d.img") == "qemu-img convert -O raw a/d.img a/d.img.raw");
  CHECK(disk_format_remedy(format, "my disk") == "qemu-img convert -O raw 'my disk' 'my disk.raw'");
  CHECK(disk_format_remedy({"gzip", "gunzip -k IN"}, "it's") == "gunzip -k 'it'\\''s'");
}

TEST_CASE("readers share an image; a writer has it alone") {
  const TestDisk disk(8);
  {
    const auto reader = DiskImage::open(disk.path(), DiskAccess::ReadOnly);
    CHECK(refusal(disk.path(), DiskAccess::ReadOnly).empty());
    CHECK(contains(refusal(disk.path(), DiskAccess::ReadWrite), "is in use by another domain or program"));
  }
  const auto writer = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  CHECK(contains(refusal(disk.path(), DiskAccess::ReadOnly), "another domain or program writes it"));
  CHECK(contains(refusal(disk.path(), DiskAccess::ReadWrite), "is in use"));
}

TEST_CASE("QEMU's locks are respected") {
  const TestDisk disk(8);
  constexpr off_t kWriteInUse = 101;
  constexpr off_t kWriteNotShared = 201;
  UniqueFd other(::open(disk.path().c_str(), O_RDWR | O_CLOEXEC));
  SUBCASE("a writer keeps everybody out") {
    lock_byte(other.get(), kWriteInUse);
    CHECK(!refusal(disk.path(), DiskAccess::ReadOnly).empty());
    CHECK(!refusal(disk.path(), DiskAccess::ReadWrite).empty());
  }
  SUBCASE("a reader keeps writers out") {
    lock_byte(other.get(), kWriteNotShared);
    CHECK(refusal(disk.path(), DiskAccess::ReadOnly).empty());
    CHECK(!refusal(disk.path(), DiskAccess::ReadWrite).empty());
  }
}
