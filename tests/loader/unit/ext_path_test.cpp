// SPDX-License-Identifier: MIT
// Paths: dots, symbolic links of every kind, and the errors for what is not there.
#include <doctest/doctest.h>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;
namespace fs = std::filesystem;

namespace {

std::string padded(std::size_t length, const std::string& end) {
    std::string path;
    while (path.size() + end.size() + 2 <= length) {
        path += "./";
    }
    return path + std::string(length - path.size() - end.size(), '/') + end;
}

void fill_folder(const fs::path& root) {
    fs::create_directories(root / "boot" / "grub");
    fs::create_directories(root / "a" / "b");
    write_host_file(root / "boot" / "kernel", make_pattern(2000, 1));
    write_host_file(root / "a" / "b" / "file", make_pattern(3000, 2));
    fs::create_symlink("boot/kernel", root / "relative");
    fs::create_symlink("/boot/kernel", root / "a" / "absolute");
    fs::create_symlink("../../boot/kernel", root / "a" / "b" / "upward");
    fs::create_symlink("../../../../../boot/kernel", root / "a" / "b" / "above-root");
    fs::create_symlink("a/b", root / "to-directory");
    fs::create_symlink("loop", root / "loop");
    fs::create_symlink("pong", root / "ping");
    fs::create_symlink("ping", root / "pong");
    fs::create_symlink("nowhere", root / "dangling");
    fs::create_symlink("growing/x", root / "growing");
    // 1023 is the most that a block of 1 KiB can hold.
    for (const std::size_t length : {58u, 59u, 60u, 61u, 159u, 160u, 1023u}) {
        fs::create_symlink(padded(length, "boot/kernel"), root / ("length" + std::to_string(length)));
    }
    fs::create_symlink("boot/kernel", root / "chain0");
    for (int i = 1; i <= 41; ++i) {
        fs::create_symlink("chain" + std::to_string(i - 1), root / ("chain" + std::to_string(i)));
    }
}

}  // namespace

TEST_CASE("Paths and symbolic links lead to the right file in every format") {
    if (!have_tools({"mke2fs"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    TempDir dir;
    fill_folder(dir / "root");
    const auto kernel = make_pattern(2000, 1);
    const auto file = make_pattern(3000, 2);
    for (const std::string options : {"-t ext2 -b 1024", "-t ext3 -b 4096 -I 128", "-t ext4 -b 1024", "-t ext4 -b 4096",
                                "-t ext4 -b 4096 -O inline_data"}) {
        CAPTURE(options);
        MountedExt mounted(make_ext_image((dir / "root").string(), options, 8));
        REQUIRE(mounted.status == Status::Ok);
        const auto leads_to = [&mounted](const std::string& path, const std::vector<std::byte>& expected) {
            CAPTURE(path);
            std::vector<std::byte> content;
            CHECK(mounted.read_all(path, content) == Status::Ok);
            CHECK(content == expected);
        };
        for (const char* path : {"/boot/kernel", "boot/kernel", "//boot///kernel", "/./boot/./kernel", "/../../boot/kernel",
                                 "/a/b/../../boot/kernel", "/relative", "/a/absolute", "/a/b/upward", "/a/b/above-root",
                                 "/to-directory/upward", "/chain0", "/chain39", "/length58", "/length59", "/length60",
                                 "/length61", "/length159", "/length160", "/length1023"}) {
            leads_to(path, kernel);
        }
        leads_to("/a/b/file", file);
        leads_to("/to-directory/file", file);
        leads_to("/to-directory/../b/file", file);  // ".." of where the link leads, as everywhere
    }
}

TEST_CASE("What is not a file to read is refused with its reason") {
    if (!have_tools({"mke2fs"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    TempDir dir;
    fill_folder(dir / "root");
    REQUIRE(run_tool("mkfifo " + (dir / "root" / "pipe").string()) == 0);
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8));
    REQUIRE(mounted.status == Status::Ok);
    struct Case {
        std::string path;
        Status status;
    };
    const Case cases[] = {
        {"/nowhere", Status::NotFound},
        {"/boot/nowhere", Status::NotFound},
        {"/dangling", Status::NotFound},
        {"/boot/kernel/x", Status::NotDirectory},
        {"/boot/kernel/..", Status::NotDirectory},
        {"/boot", Status::IsDirectory},
        {"/", Status::IsDirectory},
        {"", Status::IsDirectory},
        {"/to-directory", Status::IsDirectory},
        {"/pipe", Status::NotRegular},
        {"/loop", Status::SymlinkLoop},
        {"/ping", Status::SymlinkLoop},
        {"/chain40", Status::SymlinkLoop},
        {"/chain41", Status::SymlinkLoop},
        {"/growing", Status::SymlinkLoop},
        {"/" + std::string(256, 'x'), Status::NotFound},
        {"/" + std::string(65536, 'x'), Status::TooLarge},
        {padded(4095, "nowhere"), Status::NotFound},
        {padded(4096, "nowhere"), Status::TooLarge},
        {padded(3000, "length1023") + "", Status::Ok},
        {padded(4000, "length1023") + std::string(80, '/'), Status::Ok},
    };
    for (const Case& expected : cases) {
        CAPTURE(expected.path.substr(0, 80));
        ExtFile file;
        CHECK(mounted.ext->open(expected.path, file) == expected.status);
    }
    ExtFile directory;
    CHECK(mounted.ext->lookup("/boot", directory) == Status::Ok);
    ExtFile kernel;
    CHECK(mounted.ext->open("/boot/kernel", kernel) == Status::Ok);
    std::set<std::string> names;
    CHECK(list_names(*mounted.ext, kernel, names) == Status::NotDirectory);
}

TEST_CASE("Symbolic links with lengths and texts that cannot be are refused") {
    if (!have_tools({"mke2fs", "debugfs"})) {
        MESSAGE("skipped: no e2fsprogs");
        return;
    }
    TempDir dir;
    fill_folder(dir / "root");
    constexpr const char* kSizes[] = {"0", "4096", "1048576", "0x7fffffff", "0xffffffff"};
    std::string changes = "sif /relative size 12\n";  // one byte more than the text: a NUL
    for (const std::string size : kSizes) {
        for (const bool is_fast : {true, false}) {  // in the inode, and in a block
            const std::string name = (is_fast ? "fast" : "slow") + size;
            fs::create_symlink(is_fast ? "boot/kernel" : padded(60, "boot/kernel"), dir / "root" / name);
            changes += "sif /" + name + " size " + size + "\n";
        }
    }
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8, "printf '" + changes + "' | debugfs -w -f - $IMAGE"));
    REQUIRE(mounted.status == Status::Ok);
    ExtFile file;
    for (const std::string size : kSizes) {
        CAPTURE(size);
        CHECK(mounted.ext->open("/fast" + size, file) == Status::Corrupt);
        CHECK(mounted.ext->open("/slow" + size, file) == Status::Corrupt);
    }
    CHECK(mounted.ext->open("/relative", file) == Status::Corrupt);
}

TEST_CASE("An Ext that is not mounted says so") {
    Ext ext;
    ExtFile file;
    std::byte one[1];
    CHECK(ext.open("/x", file) == Status::NotMounted);
    CHECK(ext.read(file, 0, one) == Status::NotMounted);
    CHECK(ext.list(file, {}) == Status::NotMounted);
}
