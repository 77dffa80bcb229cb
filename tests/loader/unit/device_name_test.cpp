// SPDX-License-Identifier: MIT
// Device and file names of GRUB legacy, and the advice for names of GRUB 2.
#include "parse/device_name.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace pvloader;

namespace {

std::string error_text(std::string_view text) {
    char memory[512];
    return std::string(device_error_text(parse_device_name(text), memory));
}

}  // namespace

TEST_CASE("A name holds a disk, a partition and a path, each of which may be absent") {
    const DeviceParse full = parse_device_name("(hd1,4)/boot/vmlinuz");
    REQUIRE(full.is_ok());
    CHECK(full.name.disk == 1U);
    CHECK(full.name.partition == 4U);
    CHECK(full.name.path == "/boot/vmlinuz");

    const DeviceParse device = parse_device_name("(hd0)");
    REQUIRE(device.is_ok());
    CHECK(device.name.disk == 0U);
    CHECK_FALSE(device.name.partition.has_value());
    CHECK(device.name.path.empty());

    const DeviceParse path = parse_device_name("/boot/x)y(z");
    REQUIRE(path.is_ok());
    CHECK_FALSE(path.name.disk.has_value());
    CHECK(path.name.path == "/boot/x)y(z");

    CHECK(parse_device_name("(hd99,99)").is_ok());
    CHECK(parse_device_name("(hd0)/").name.path == "/");
    CHECK(parse_device_name("/a/..b/c../...").is_ok());
}

TEST_CASE("Names that are none are refused with the reason") {
    struct Case {
        const char* text;
        DeviceError error;
    };
    const Case cases[] = {
        {"", DeviceError::Empty},
        {"(hd0", DeviceError::MissingParenthesis},
        {"(", DeviceError::MissingParenthesis},
        {"(hd0,0/boot", DeviceError::MissingParenthesis},
        {"()", DeviceError::NotADisk},
        {"(fd0)", DeviceError::NotADisk},
        {"(cd)/k", DeviceError::NotADisk},
        {"(xvda1)/k", DeviceError::NotADisk},
        {"(hd)", DeviceError::BadDiskNumber},
        {"(hd-1)", DeviceError::BadDiskNumber},
        {"(hd+1)", DeviceError::BadDiskNumber},
        {"(hd 0)", DeviceError::BadDiskNumber},
        {"(hd0x1)", DeviceError::BadDiskNumber},
        {"(hd65536)", DeviceError::BadDiskNumber},
        {"(hd4294967296)", DeviceError::BadDiskNumber},
        {"(hd99999999999999999999999999)", DeviceError::BadDiskNumber},
        {"(hd0,)", DeviceError::BadPartition},
        {"(hd0,-1)", DeviceError::BadPartition},
        {"(hd0,65536)", DeviceError::BadPartition},
        {"(hd0,18446744073709551616)", DeviceError::BadPartition},
        {"(hd0,1x)", DeviceError::BadPartition},
        {"(hd0,a)", DeviceError::BadPartition},
        {"(hd0,0,a)", DeviceError::BsdPartition},
        {"(hd0,msdos1)", DeviceError::Grub2Partition},
        {"(hd0,gpt2)/k", DeviceError::Grub2Partition},
        {"($root)/k", DeviceError::Grub2Variable},
        {"(hd0)+1", DeviceError::BlockList},
        {"+1", DeviceError::BlockList},
        {"(hd0)0+1", DeviceError::BlockList},
        {"vmlinuz", DeviceError::NotAbsolute},
        {"hd0,0", DeviceError::NotAbsolute},
        {"(hd0)k", DeviceError::NotAbsolute},
        {"/..", DeviceError::ParentDirectory},
        {"/a/../b", DeviceError::ParentDirectory},
        {"(hd0)/a/..", DeviceError::ParentDirectory},
    };
    for (const Case& item : cases) {
        CAPTURE(item.text);
        CHECK(parse_device_name(item.text).error == item.error);
        CHECK_FALSE(to_text(item.error).empty());
    }
}

TEST_CASE("The path's length has a cap") {
    const std::string path = "/" + std::string(kMaxPathBytes - 1, 'a');
    CHECK(parse_device_name(path).is_ok());
    CHECK(parse_device_name("(hd0,0)" + path).is_ok());
    CHECK(parse_device_name(path + "a").error == DeviceError::PathTooLong);
    CHECK(parse_device_name("/" + std::string(65536, 'a')).error == DeviceError::PathTooLong);
}

TEST_CASE("A GRUB 2 name is answered with what to write instead") {
    CHECK(error_text("(hd0,msdos1)") ==
          "GRUB 2 names partitions otherwise and counts them from 1; write (hd0,0)");
    CHECK(error_text("(hd1,gpt2)/boot/k") ==
          "GRUB 2 names partitions otherwise and counts them from 1; write (hd1,1)/boot/k");
    CHECK_FALSE(parse_device_name("(hd0,msdos0)").write_instead.has_value());
    CHECK_FALSE(parse_device_name("(hd0,msdos)").write_instead.has_value());
    CHECK_FALSE(parse_device_name("(hd0,msdos1,bsd2)").write_instead.has_value());
    CHECK_FALSE(parse_device_name("(hd0,gpt99999999999)").write_instead.has_value());
}

TEST_CASE("What to write instead is escaped and cut to the memory there is") {
    CHECK(error_text("(hd0,gpt1)/\x1B[2Jk").ends_with("; write (hd0,0)/\\x1b[2Jk"));
    CHECK(error_text("(hd0,gpt1)/" + std::string(1000, 'x')).size() <= 512);
}

TEST_CASE("Random names never yield a number out of range or a path outside the text") {
    std::mt19937 random(99);
    const char alphabet[] = "(()hd0019,,)/.-+msdosgpt$a";
    for (int round = 0; round < 100000; ++round) {
        std::string text = random() % 2 == 0 ? "(hd0," : "";
        for (std::size_t i = 0, n = random() % 12; i < n; ++i) text += alphabet[random() % (sizeof alphabet - 1)];
        const DeviceParse parse = parse_device_name(text);
        if (!parse.is_ok()) continue;
        REQUIRE(parse.name.disk.value_or(0) <= kMaxDeviceNumber);
        REQUIRE(parse.name.partition.value_or(0) <= kMaxDeviceNumber);
        REQUIRE(parse.name.path.size() <= text.size());
        REQUIRE((parse.name.path.empty() || parse.name.path.front() == '/'));
        REQUIRE((parse.name.disk.has_value() || !parse.name.path.empty()));
    }
}
