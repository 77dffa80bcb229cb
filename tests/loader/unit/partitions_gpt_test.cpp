// SPDX-License-Identifier: MIT
// The loader's GPT reader: tables that sfdisk made, then damaged.
#include "parse/partitions.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "disk_image_support.hpp"
#include "parse/crc32.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

using Kind = PartitionTable::Kind;

constexpr std::size_t kDiskBytes = 16 << 20;
constexpr std::size_t kFirstHeader = 512;
constexpr std::size_t kLastHeader = kDiskBytes - 512;

// Two partitions, in the first and the third place.
const std::vector<std::byte>& gpt_image() {
    static const std::vector<std::byte> image = [] {
        TempDir dir;
        const auto path = dir / "disk.img";
        std::ofstream(path).close();
        std::filesystem::resize_file(path, kDiskBytes);
        std::ofstream(dir / "script") << "label: gpt\nunit: sectors\n1 : start=2048, size=4096\n3 : start=8192, size=8192\n";
        REQUIRE(run_tool("sfdisk --no-reread --no-tell-kernel " + path.string() + " < " + (dir / "script").string()) == 0);
        return read_host_file(path);
    }();
    return image;
}

bool no_tool() {
    if (have_tools({"sfdisk"})) {
        return false;
    }
    MESSAGE("skipped: no sfdisk");
    return true;
}

void check_both_partitions(const PartitionTable& table) {
    CHECK(table.kind == Kind::Gpt);
    REQUIRE(table.count == 2);
    CHECK(table.partitions[0].index == 0);
    CHECK(table.partitions[0].first_byte == 2048 * 512);
    CHECK(table.partitions[0].bytes == 4096 * 512);
    CHECK(table.partitions[1].index == 2);
    CHECK(table.partitions[1].first_byte == 8192 * 512);
    CHECK(table.partitions[1].bytes == 8192 * 512);
}

void fix_header_crc(std::vector<std::byte>& disk, std::size_t header) {
    const auto bytes = std::span(disk).subspan(header, 92);
    store_le(bytes, 16, 0, 4);
    store_le(bytes, 16, crc32_of(bytes), 4);
}

}  // namespace

TEST_CASE("A GPT of sfdisk gives its partitions by place") {
    if (no_tool()) {
        return;
    }
    MemoryDisk disk(gpt_image());
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    check_both_partitions(table);
    CHECK_FALSE(table.from_backup);
    CHECK(table.skipped == 0);
    CHECK(disk.aligned);
}

TEST_CASE("When any byte of the first GPT header is damaged the backup is used") {
    if (no_tool()) {
        return;
    }
    MemoryDisk disk(gpt_image());
    for (std::size_t at = 0; at < 92; ++at) {
        CAPTURE(at);
        disk.bytes[kFirstHeader + at] ^= std::byte{0xFF};
        PartitionTable table;
        REQUIRE(read_partitions(disk, table) == Status::Ok);
        CHECK(table.from_backup);
        check_both_partitions(table);
        disk.bytes[kFirstHeader + at] ^= std::byte{0xFF};
    }
}

TEST_CASE("When any GPT entry is damaged the backup is used") {
    if (no_tool()) {
        return;
    }
    MemoryDisk disk(gpt_image());
    disk.bytes[1024 + 127 * 128 + 5] ^= std::byte{1};
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.from_backup);
    check_both_partitions(table);
}

TEST_CASE("A GPT whose two headers are damaged is refused without partitions") {
    if (no_tool()) {
        return;
    }
    MemoryDisk disk(gpt_image());
    disk.bytes[kFirstHeader + 20] ^= std::byte{1};
    disk.bytes[kLastHeader + 20] ^= std::byte{1};
    PartitionTable table;
    CHECK(read_partitions(disk, table) == Status::Corrupt);
    CHECK(table.kind == Kind::Gpt);
    CHECK(table.count == 0);
}

TEST_CASE("GPT headers with right checksums and impossible numbers are refused") {
    if (no_tool()) {
        return;
    }
    struct Change {
        std::size_t at;
        std::uint64_t value;
        std::size_t width;
    };
    const Change changes[] = {
        {72, 0, 8},          {72, UINT64_MAX, 8},   {72, kDiskBytes / 512, 8}, {72, kDiskBytes / 512 - 1, 8},
        {80, 0, 4},          {80, 0xFFFFFFFF, 4},   {80, 1 << 20, 4},          {84, 0, 4},
        {84, 1, 4},          {84, 0x80000000, 4},   {84, 129, 4},              {84, 8192, 4},
        {24, 2, 8},
    };
    for (const Change& change : changes) {
        CAPTURE(change.at);
        CAPTURE(change.value);
        MemoryDisk disk(gpt_image());
        for (const std::size_t header : {kFirstHeader, kLastHeader}) {
            store_le(disk.bytes, header + change.at, change.value, change.width);
            fix_header_crc(disk.bytes, header);
        }
        PartitionTable table;
        CHECK(read_partitions(disk, table) == Status::Corrupt);
        CHECK(table.count == 0);
    }
    for (const std::uint32_t header_bytes : {0u, 91u, 513u, 0xFFFFFFFFu}) {
        CAPTURE(header_bytes);
        MemoryDisk disk(gpt_image());
        store_le(disk.bytes, kFirstHeader + 12, header_bytes, 4);
        store_le(disk.bytes, kLastHeader + 12, header_bytes, 4);
        PartitionTable table;
        CHECK(read_partitions(disk, table) == Status::Corrupt);
    }
}

TEST_CASE("GPT entries that cannot be are left out with a reason") {
    if (no_tool()) {
        return;
    }
    MemoryDisk disk(gpt_image());
    const auto entries = std::span(disk.bytes).subspan(1024, 128 * 128);
    const auto put = [&entries](std::size_t slot, std::uint64_t first, std::uint64_t last) {
        store_le(entries, slot * 128, 0x1234, 8);
        store_le(entries, slot * 128 + 32, first, 8);
        store_le(entries, slot * 128 + 40, last, 8);
    };
    put(1, 100, 99);
    put(3, 0, 10);
    put(4, 0, UINT64_MAX);
    put(5, 20000, kDiskBytes / 512);
    put(6, 2048 + 4095, 7000);
    store_le(disk.bytes, kFirstHeader + 88, crc32_of(entries), 4);
    fix_header_crc(disk.bytes, kFirstHeader);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    check_both_partitions(table);
    const SkipReason expected[] = {SkipReason::ZeroLength, SkipReason::StartsAtZero, SkipReason::PastEndOfDisk,
                                   SkipReason::PastEndOfDisk, SkipReason::Overlaps};
    REQUIRE(table.all_notes().size() == std::size(expected));
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        CAPTURE(i);
        CHECK(table.notes[i].reason == expected[i]);
    }
}

TEST_CASE("A protective MBR alone, on a disk of any size, is a damaged GPT") {
    for (const std::size_t sectors : {1u, 2u, 3u, 40u}) {
        CAPTURE(sectors);
        MemoryDisk disk(std::vector<std::byte>(sectors * 512));
        store_le(disk.bytes, 446 + 4, 0xEE, 1);
        store_le(disk.bytes, 510, 0xAA55, 2);
        PartitionTable table;
        CHECK(read_partitions(disk, table) == Status::Corrupt);
        CHECK(table.kind == Kind::Gpt);
    }
}

TEST_CASE("On a disk with sectors of 4096 bytes all GPT numbers count such sectors") {
    MemoryDisk disk(std::vector<std::byte>(64 * 4096));
    store_le(disk.bytes, 446 + 4, 0xEE, 1);
    store_le(disk.bytes, 510, 0xAA55, 2);
    const std::span<std::byte> header = std::span(disk.bytes).subspan(4096, 4096);
    const std::span<std::byte> entries = std::span(disk.bytes).subspan(2 * 4096, 128 * 128);
    store_le(entries, 0, 1, 8);
    store_le(entries, 32, 10, 8);
    store_le(entries, 40, 19, 8);
    store_le(header, 0, 0x5452415020494645, 8);
    store_le(header, 12, 92, 4);
    store_le(header, 24, 1, 8);
    store_le(header, 72, 2, 8);
    store_le(header, 80, 128, 4);
    store_le(header, 84, 128, 4);
    store_le(header, 88, crc32_of(entries), 4);
    fix_header_crc(disk.bytes, 4096);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table, 4096) == Status::Ok);
    REQUIRE(table.count == 1);
    CHECK(table.partitions[0].first_byte == 10 * 4096);
    CHECK(table.partitions[0].bytes == 10 * 4096);
    CHECK(read_partitions(disk, table, 520) == Status::Unsupported);
}
