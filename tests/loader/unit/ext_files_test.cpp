// SPDX-License-Identifier: MIT
// Large, sparse and fragmented files, and how few reads they take.
#include <doctest/doctest.h>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMiB = 1 << 20;

bool no_tools(std::initializer_list<const char*> names) {
    if (have_tools(names)) {
        return false;
    }
    MESSAGE("skipped: no e2fsprogs");
    return true;
}

// A file with `bytes` of data at each of these offsets and holes between.
void write_sparse(const fs::path& path, std::size_t size, const std::vector<std::size_t>& offsets, std::size_t bytes) {
    std::ofstream file(path, std::ios::binary);
    for (const std::size_t offset : offsets) {
        const auto data = make_pattern(bytes, static_cast<std::uint32_t>(offset / 512 + 1));
        file.seekp(static_cast<std::streamoff>(offset));
        file.write(static_cast<const char*>(static_cast<const void*>(data.data())),
                   static_cast<std::streamsize>(data.size()));
    }
    file.close();
    fs::resize_file(path, size);
}

void check_same(MountedExt& mounted, const fs::path& host, const std::string& path) {
    std::vector<std::byte> content;
    REQUIRE(mounted.read_all(path, content) == Status::Ok);
    const auto expected = read_host_file(host);
    REQUIRE(content.size() == expected.size());
    CHECK(content == expected);
}

}  // namespace

TEST_CASE("A file of 100 MiB in extents takes few reads") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "kernel", make_pattern(100 * kMiB + 100, 5));
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 4096", 128));
    REQUIRE(mounted.status == Status::Ok);
    check_same(mounted, dir / "root" / "kernel", "/kernel");
    CHECK(mounted.disk.reads < 20);
}

TEST_CASE("A file of 20 MiB in block pointers takes about one read for each block of pointers") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "kernel", make_pattern(20 * kMiB, 5));
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext2 -b 4096", 32));
    REQUIRE(mounted.status == Status::Ok);
    check_same(mounted, dir / "root" / "kernel", "/kernel");
    CHECK(mounted.disk.reads < 30);
}

TEST_CASE("A sparse file that needs three levels of pointers reads its data and its holes") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    // With 1 KiB blocks the third level begins at 12 + 256 + 65536 blocks.
    const std::size_t third = (12 + 256 + 65536) * 1024;
    write_sparse(dir / "root" / "sparse", third + 9 * kMiB,
                 {0, 11 * 1024, 12 * 1024, 268 * 1024, 5 * kMiB, third - 2048, third, third + 300 * 1024, third + 8 * kMiB},
                 3000);
    for (const std::string options : {"-t ext2 -b 1024", "-t ext4 -b 1024", "-t ext4 -b 4096", "-t ext3 -b 2048"}) {
        CAPTURE(options);
        MountedExt mounted(make_ext_image((dir / "root").string(), options, 16));
        REQUIRE(mounted.status == Status::Ok);
        check_same(mounted, dir / "root" / "sparse", "/sparse");
        CHECK(mounted.disk.reads < 120);
    }
}

TEST_CASE("A full file that fills the third level of pointers reads back") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "full", make_pattern(67 * kMiB + 77, 8));
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext2 -b 1024", 80));
    REQUIRE(mounted.status == Status::Ok);
    check_same(mounted, dir / "root" / "full", "/full");
}

TEST_CASE("A file of thousands of extents needs a tree and reads back") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i < 9000; ++i) {
        offsets.push_back(i * 8192);
    }
    write_sparse(dir / "root" / "comb", 9000 * 8192, offsets, 1024);
    for (const std::string options : {"-t ext4 -b 1024", "-t ext4 -b 1024 -O ^metadata_csum", "-t ext2 -b 1024"}) {
        CAPTURE(options);
        MountedExt mounted(make_ext_image((dir / "root").string(), options, 64));
        REQUIRE(mounted.status == Status::Ok);
        check_same(mounted, dir / "root" / "comb", "/comb");
    }
}

TEST_CASE("Blocks that were reserved and never written read as zeros") {
    if (no_tools({"mke2fs", "debugfs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(3000, 1));
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8,
                                      "debugfs -w -R 'fallocate /file 10 19' $IMAGE && "
                                      "debugfs -w -R 'sif /file size 20480' $IMAGE"));
    REQUIRE(mounted.status == Status::Ok);
    std::vector<std::byte> content;
    REQUIRE(mounted.read_all("/file", content) == Status::Ok);
    std::vector<std::byte> expected = make_pattern(3000, 1);
    expected.resize(20480);
    CHECK(content == expected);
}

TEST_CASE("A file's declared size is known before anything is read, up to the largest") {
    if (no_tools({"mke2fs", "debugfs"})) {
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(3000, 1));
    MountedExt huge(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8,
                                   "debugfs -w -R 'sif /file size 0x7fffffffffffffff' $IMAGE"));
    REQUIRE(huge.status == Status::Ok);
    ExtFile file;
    REQUIRE(huge.ext->open("/file", file) == Status::Ok);
    CHECK(file.size() == INT64_MAX);
    std::vector<std::byte> some(5000);
    CHECK(huge.ext->read(file, 0, some) == Status::Ok);
    CHECK(huge.ext->read(file, file.size() - some.size(), some) == Status::Corrupt);
    CHECK(huge.ext->read(file, file.size() - 1, some) == Status::OutOfRange);
    CHECK(huge.ext->read(file, UINT64_MAX, some) == Status::OutOfRange);

    MountedExt negative(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8,
                                       "debugfs -w -R 'sif /file size 0x8000000000000000' $IMAGE"));
    REQUIRE(negative.status == Status::Ok);
    CHECK(negative.ext->open("/file", file) == Status::Corrupt);
}

TEST_CASE("A disk that fails gives an error at every read and none is lost") {
    if (no_tools({"mke2fs"})) {
        return;
    }
    TempDir dir;
    fs::create_directories(dir / "root" / "a");
    const auto expected = make_pattern(300000, 1);
    write_host_file(dir / "root" / "a" / "file", expected);
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext2 -b 1024", 8));
    std::uint64_t fail_after = 0;
    for (;; ++fail_after) {
        REQUIRE(fail_after < 1000);
        mounted.disk.reads = 0;
        mounted.disk.fail_after = fail_after;
        Status status = mounted.mount();
        std::vector<std::byte> content;
        if (status == Status::Ok) {
            status = mounted.read_all("/a/file", content);
        }
        if (status == Status::Ok) {
            CHECK(content == expected);
            break;
        }
        CHECK(status == Status::IoError);
    }
    CHECK(fail_after > 5);
}
