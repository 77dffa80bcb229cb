// SPDX-License-Identifier: MIT
// FAT without a disk: long names that do not belong together, and the sizes at which one kind of table becomes another.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "disk_image_support.hpp"
#include "parse/fat_entries.hpp"
#include "parse/fat_geometry.hpp"
#include "parse/le_bytes.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

using Entry = std::array<std::byte, FatEntryReader::kEntryBytes>;

Entry short_entry(std::string_view name = "SHORT   TXT") {
    Entry entry{};
    for (std::size_t i = 0; i < 11; ++i) entry[i] = static_cast<std::byte>(name[i]);
    return entry;
}

std::uint8_t checksum_of(const Entry& entry) {
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < 11; ++i) sum = static_cast<std::uint8_t>(((sum & 1) << 7) + (sum >> 1) + std::to_integer<int>(entry[i]));
    return sum;
}

// A piece of a long name: 13 units, ended by 0 and filled up with 0xFFFF.
Entry piece(std::uint8_t order, std::u16string_view units, std::uint8_t checksum = checksum_of(short_entry())) {
    constexpr std::size_t kPlaces[] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    Entry entry{};
    entry[0] = std::byte{order};
    entry[11] = std::byte{0x0F};
    entry[13] = std::byte{checksum};
    for (std::size_t i = 0; i < 13; ++i) store_le(entry, kPlaces[i], i < units.size() ? units[i] : i == units.size() ? 0 : 0xFFFF, 2);
    return entry;
}

std::string name_of(const std::vector<Entry>& entries) {
    FatEntryReader reader;
    for (const Entry& entry : entries)
        if (reader.take(entry) == FatEntryReader::Step::Entry) return std::string(reader.name());
    return "none";
}

// A boot sector with one reserved sector, one table, clusters of a sector, and so many of them.
std::vector<std::byte> boot_sector(std::uint32_t clusters) {
    constexpr std::uint32_t kTableSectors = 300;
    std::vector<std::byte> boot(512);
    store_le(boot, 0, 0xEB, 1);
    store_le(boot, 11, 512, 2);
    store_le(boot, 13, 1, 1);
    store_le(boot, 14, 1, 2);
    store_le(boot, 16, 1, 1);
    store_le(boot, 17, 16, 2);  // one sector of root directory
    store_le(boot, 21, 0xF8, 1);
    store_le(boot, 22, kTableSectors, 2);
    store_le(boot, 32, 1 + kTableSectors + 1 + clusters, 4);
    store_le(boot, 510, 0xAA55, 2);
    return boot;
}

}  // namespace

TEST_CASE("The pieces of a long name come last first") {
    CHECK(name_of({piece(0x42, u"rest"), piece(1, u"the beginning"), short_entry()}) == "the beginningrest");
    CHECK(name_of({piece(0x41, u"exactly 13 ch"), short_entry()}) == "exactly 13 ch");
}

TEST_CASE("A long name that is not whole leaves the short one") {
    const std::string_view kShort = "SHORT.TXT";
    CHECK(name_of({piece(0x40, u"order 0"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x00, u"order 0"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x7F, u"order 63"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x55, u"21 pieces"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x42, u"rest"), short_entry()}) == kShort);                                  // the first is missing
    CHECK(name_of({piece(1, u"no last one"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x42, u"rest"), piece(2, u"twice"), piece(1, u"x"), short_entry()}) == kShort);
    CHECK(name_of({piece(0x42, u"rest"), piece(1, u"of another", 0x11), short_entry()}) == kShort);
    CHECK(name_of({piece(0x41, u"wrong sum", 0x11), short_entry()}) == kShort);
    CHECK(name_of({piece(0x42, u"x"), piece(1, u"y"), short_entry("OTHER      ")}) == "OTHER");
}

TEST_CASE("A name of twenty pieces is whole, and longer ones than FAT knows are not read past it") {
    std::vector<Entry> entries;
    for (std::uint8_t order = 20; order > 0; --order)
        entries.push_back(piece(static_cast<std::uint8_t>(order == 20 ? 0x54 : order), u"aaaaaaaaaaaaa"));
    entries.push_back(short_entry());
    CHECK(name_of(entries) == std::string(260, 'a'));
}

TEST_CASE("Halves of surrogate pairs become replacement characters, pairs become one") {
    CHECK(name_of({piece(0x41, u"a\xD800z"), short_entry()}) == "a\xEF\xBF\xBDz");
    CHECK(name_of({piece(0x41, u"a\xDC00z"), short_entry()}) == "a\xEF\xBF\xBDz");
    CHECK(name_of({piece(0x41, u"\xD83D\xDE00"), short_entry()}) == "\xF0\x9F\x98\x80");
    CHECK(name_of({piece(0x41, u"end\xD83D"), short_entry()}) == "end\xEF\xBF\xBD");
}

TEST_CASE("The number of clusters decides which kind of table it is") {
    struct Case {
        std::uint32_t clusters;
        unsigned bits;
    };
    for (const Case& size : {Case{4084, 12}, Case{4085, 16}, Case{65524, 16}}) {
        CAPTURE(size.clusters);
        FatGeometry geometry;
        const char* detail = nullptr;
        REQUIRE(read_fat_geometry(boot_sector(size.clusters), geometry, detail) == Status::Ok);
        CHECK(geometry.entry_bits == size.bits);
        CHECK(geometry.cluster_count == size.clusters);
    }
    FatGeometry geometry;
    const char* detail = nullptr;
    CHECK(read_fat_geometry(boot_sector(65525), geometry, detail) == Status::Corrupt);
}
