// SPDX-License-Identifier: MIT
// The loader's MBR reader: tables that sfdisk made, and tables that nobody should make.
#include "parse/partitions.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "disk_image_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

using Kind = PartitionTable::Kind;

constexpr std::size_t kSector = 512;

std::vector<std::byte> blank_disk(std::size_t sectors) { return std::vector<std::byte>(sectors * kSector); }

void put_entry(std::vector<std::byte>& disk, std::uint32_t sector, std::size_t slot, std::uint8_t type,
               std::uint32_t first, std::uint32_t sectors) {
    const auto table = std::span(disk).subspan(std::size_t{sector} * kSector, kSector);
    store_le(table, 446 + slot * 16 + 4, type, 1);
    store_le(table, 446 + slot * 16 + 8, first, 4);
    store_le(table, 446 + slot * 16 + 12, sectors, 4);
    store_le(table, 510, 0xAA55, 2);
}

std::vector<std::byte> sfdisk_image(const std::string& script, std::uintmax_t bytes) {
    TempDir dir;
    const auto image = dir / "disk.img";
    std::ofstream(image).close();
    std::filesystem::resize_file(image, bytes);
    std::ofstream(dir / "script") << script;
    REQUIRE(run_tool("sfdisk --no-reread --no-tell-kernel " + image.string() + " < " + (dir / "script").string()) == 0);
    return read_host_file(image);
}

}  // namespace

TEST_CASE("A table of sfdisk gives primaries their slots and logicals numbers from four") {
    if (!have_tools({"sfdisk"})) {
        MESSAGE("skipped: no sfdisk");
        return;
    }
    MemoryDisk disk(sfdisk_image("label: dos\nunit: sectors\n"
                                 "1 : start=2048, size=4096, type=83\n"
                                 "3 : start=8192, size=2048, type=82\n"
                                 "4 : start=16384, size=40960, type=f\n"
                                 "5 : start=18432, size=4096, type=83\n"
                                 "6 : start=24576, size=2048, type=c\n"
                                 "7 : start=30720, size=6144, type=83\n",
                                 32 << 20));
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.kind == Kind::Mbr);
    CHECK(table.skipped == 0);
    const Partition expected[] = {{0, 2048 * 512, 4096 * 512, 0x83},  {2, 8192 * 512, 2048 * 512, 0x82},
                                  {4, 18432 * 512, 4096 * 512, 0x83}, {5, 24576 * 512, 2048 * 512, 0x0C},
                                  {6, 30720 * 512, 6144 * 512, 0x83}};
    REQUIRE(table.count == std::size(expected));
    for (std::size_t i = 0; i < table.count; ++i) {
        CAPTURE(i);
        CHECK(table.partitions[i].index == expected[i].index);
        CHECK(table.partitions[i].first_byte == expected[i].first_byte);
        CHECK(table.partitions[i].bytes == expected[i].bytes);
        CHECK(table.partitions[i].type == expected[i].type);
    }
    CHECK(table.find(6) == &table.partitions[4]);
    CHECK(table.find(1) == nullptr);
    CHECK(disk.aligned);
}

TEST_CASE("Disks too small for a table and disks without one have none") {
    for (const std::size_t bytes : {0u, 1u, 511u, 512u, 513u, 1024u, 4096u}) {
        CAPTURE(bytes);
        MemoryDisk disk{std::vector<std::byte>(bytes)};
        PartitionTable table;
        table.count = 7;
        CHECK(read_partitions(disk, table) == Status::Ok);
        CHECK(table.kind == Kind::None);
        CHECK(table.count == 0);
    }
}

TEST_CASE("A FAT boot sector is not taken for a partition table") {
    auto bytes = blank_disk(64);
    put_entry(bytes, 0, 0, 0x0C, 1, 60);  // plausible on its own
    const std::span<std::byte> sector(bytes);
    store_le(sector, 0, 0x903CEB, 3);
    store_le(sector, 11, 512, 2);
    store_le(sector, 13, 4, 1);
    store_le(sector, 14, 1, 2);
    store_le(sector, 16, 2, 1);
    store_le(sector, 21, 0xF8, 1);
    MemoryDisk disk(bytes);
    PartitionTable table;
    CHECK(read_partitions(disk, table) == Status::Ok);
    CHECK(table.kind == Kind::None);

    store_le(disk.bytes, 11, 513, 2);
    CHECK(read_partitions(disk, table) == Status::Ok);
    CHECK(table.kind == Kind::Mbr);
}

TEST_CASE("A boot flag that no table has means that the sector is code") {
    auto bytes = blank_disk(64);
    put_entry(bytes, 0, 0, 0x83, 1, 10);
    bytes[446 + 3 * 16] = std::byte{'R'};
    MemoryDisk disk(bytes);
    PartitionTable table;
    CHECK(read_partitions(disk, table) == Status::Ok);
    CHECK(table.kind == Kind::None);
}

TEST_CASE("Entries that cannot be are left out with a reason and the good one stays") {
    auto bytes = blank_disk(100);
    put_entry(bytes, 0, 0, 0x83, 0, 10);
    put_entry(bytes, 0, 1, 0x83, 10, 0);
    put_entry(bytes, 0, 2, 0x83, 50, 51);
    put_entry(bytes, 0, 3, 0x83, 20, 80);
    MemoryDisk disk(bytes);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    REQUIRE(table.count == 1);
    CHECK(table.partitions[0].index == 3);
    CHECK(table.partitions[0].bytes == 80 * kSector);
    REQUIRE(table.all_notes().size() == 3);
    CHECK(table.notes[0].reason == SkipReason::StartsAtZero);
    CHECK(table.notes[1].reason == SkipReason::ZeroLength);
    CHECK(table.notes[2].reason == SkipReason::PastEndOfDisk);
    CHECK(std::string(to_text(table.notes[2].reason)) == "reaches past the end of the disk");
}

TEST_CASE("The largest 32-bit start and length neither wrap nor fit") {
    auto bytes = blank_disk(10);
    put_entry(bytes, 0, 0, 0x83, 0xFFFFFFFF, 0xFFFFFFFF);
    put_entry(bytes, 0, 1, 0x83, 1, 0xFFFFFFFF);
    put_entry(bytes, 0, 2, 0x05, 0xFFFFFFFF, 0xFFFFFFFF);
    MemoryDisk disk(bytes);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.count == 0);
    CHECK(table.skipped == 3);
    CHECK(table.notes[2].reason == SkipReason::ChainBroken);
}

TEST_CASE("Of two partitions on the same sectors the first one counts") {
    auto bytes = blank_disk(100);
    put_entry(bytes, 0, 0, 0x83, 10, 20);
    put_entry(bytes, 0, 1, 0x83, 29, 5);
    put_entry(bytes, 0, 2, 0x83, 30, 5);
    MemoryDisk disk(bytes);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.count == 2);
    CHECK(table.find(1) == nullptr);
    REQUIRE(table.all_notes().size() == 1);
    CHECK(table.notes[0].index == 1);
    CHECK(table.notes[0].reason == SkipReason::Overlaps);
}

TEST_CASE("A chain of logical partitions that leads back ends with a note") {
    for (const std::uint32_t back_to : {std::uint32_t{0}, std::uint32_t{10}}) {
        CAPTURE(back_to);
        auto bytes = blank_disk(200);
        put_entry(bytes, 0, 0, 0x05, 20, 150);
        put_entry(bytes, 20, 0, 0x83, 1, 4);
        put_entry(bytes, 20, 1, 0x05, 10, 10);
        put_entry(bytes, 30, 0, 0x83, 1, 4);
        put_entry(bytes, 30, 1, 0x05, back_to == 0 ? 20 : back_to, 10);  // 20+20: a third link, 20+10: itself
        put_entry(bytes, 40, 0, 0x83, 1, 4);
        put_entry(bytes, 40, 1, 0x05, 10, 10);  // to the second link: a circle of two
        MemoryDisk disk(bytes);
        PartitionTable table;
        REQUIRE(read_partitions(disk, table) == Status::Ok);
        CHECK(table.count == (back_to == 0 ? 3 : 2));
        REQUIRE(table.all_notes().size() == 1);
        CHECK(table.notes[0].reason == SkipReason::ChainLoops);
    }
}

TEST_CASE("A chain of 200 logical partitions is followed for 128 links") {
    auto bytes = blank_disk(10 + 200 * 2);
    put_entry(bytes, 0, 0, 0x0F, 2, 400);
    for (std::uint32_t i = 0; i < 200; ++i) {
        put_entry(bytes, 2 + i * 2, 0, 0x83, 1, 1);
        put_entry(bytes, 2 + i * 2, 1, 0x05, (i + 1) * 2, 2);
    }
    MemoryDisk disk(bytes);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.count == 128);
    CHECK(table.find(131) != nullptr);
    REQUIRE(table.all_notes().size() == 1);
    CHECK(table.notes[0].reason == SkipReason::ChainTooLong);
    CHECK(disk.reads == 129);
}

TEST_CASE("A link without signature breaks the chain and keeps what came before") {
    auto bytes = blank_disk(100);
    put_entry(bytes, 0, 3, 0x85, 20, 70);
    put_entry(bytes, 20, 0, 0x83, 1, 4);
    put_entry(bytes, 20, 1, 0x05, 10, 10);
    MemoryDisk disk(bytes);
    PartitionTable table;
    REQUIRE(read_partitions(disk, table) == Status::Ok);
    CHECK(table.count == 1);
    REQUIRE(table.all_notes().size() == 1);
    CHECK(table.notes[0].reason == SkipReason::ChainBroken);
}

TEST_CASE("A disk that fails its first read is an error and no empty table") {
    MemoryDisk disk(blank_disk(100));
    disk.fail_after = 0;
    PartitionTable table;
    CHECK(read_partitions(disk, table) == Status::IoError);
}

TEST_CASE("Tables of random bytes end in bounded time with partitions inside the disk") {
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        auto bytes = make_pattern(64 * kSector, seed);
        for (std::uint32_t sector = 0; sector < 64; ++sector) {
            for (std::size_t slot = 0; slot < 4; ++slot) {
                const std::size_t at = sector * kSector + 446 + slot * 16;
                const auto draw = std::to_integer<std::uint32_t>(bytes[at + 8]);
                bytes[at] = std::byte{0};
                put_entry(bytes, sector, slot, draw % 3 == 0 ? 0x05 : 0x83, draw % 64, draw % 16);
            }
        }
        MemoryDisk disk(bytes);
        PartitionTable table;
        CHECK(read_partitions(disk, table) == Status::Ok);
        CHECK(disk.reads <= 1 + PartitionTable::kMaxChain);
        for (const Partition& partition : table.all()) {
            CHECK(partition.first_byte + partition.bytes <= disk.size_bytes());
        }
    }
}

TEST_CASE("Every status and every reason has a text of its own") {
    std::set<std::string> texts;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Status::NotMounted); ++i) {
        texts.insert(to_text(static_cast<Status>(i)));
    }
    CHECK(texts.size() == 14);
    CHECK(texts.count("unknown status") == 0);
    texts.clear();
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(SkipReason::ChainTooLong); ++i) {
        texts.insert(to_text(static_cast<SkipReason>(i)));
    }
    CHECK(texts.size() == 8);
    CHECK(texts.count("unknown reason") == 0);
}

TEST_CASE("A slice refuses reads that leave it and is cut to its disk") {
    MemoryDisk disk(make_pattern(10 * kSector, 1));
    Slice slice(disk, 4 * kSector, 100 * kSector);
    CHECK(slice.size_bytes() == 6 * kSector);
    std::array<std::byte, kSector> sector;
    CHECK(slice.read(5 * kSector, sector) == Status::Ok);
    CHECK(std::equal(sector.begin(), sector.end(), disk.bytes.begin() + 9 * kSector));
    CHECK(slice.read(5 * kSector + 1, sector) == Status::OutOfRange);
    CHECK(slice.read(UINT64_MAX, sector) == Status::OutOfRange);
    CHECK(Slice(disk, UINT64_MAX, UINT64_MAX).size_bytes() == 0);
}
