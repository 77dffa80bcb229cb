// SPDX-License-Identifier: MIT
// FAT images that mean harm: every end is a refusal with a name, and none takes long.
#include <random>

#include "fat_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

std::vector<std::byte> small_image(const std::string& options = "-F 12 -s 1", unsigned kibibytes = 1440) {
    TempDir folder;
    write_host_file(folder / "data", make_pattern(3000, 1));
    return make_fat_image(options, kibibytes, "mmd i:/sub && mcopy " + (folder / "data").string() + " i:/data && mcopy " +
                                             (folder / "data").string() + " 'i:/sub/a name that is long'");
}

Status status_with(const std::vector<std::byte>& image, std::size_t at, std::uint64_t value, std::size_t width) {
    std::vector<std::byte> changed = image;
    store_le(changed, at, value, width);
    return MountedFat(std::move(changed)).status;
}

// Makes the table's entry of a cluster in FAT12.
void set_entry12(std::vector<std::byte>& image, std::uint32_t cluster, std::uint32_t value) {
    const std::size_t at = 512 + cluster * 3 / 2;
    const auto low = std::to_integer<std::uint32_t>(image[at]);
    const auto high = std::to_integer<std::uint32_t>(image[at + 1]);
    const std::uint32_t both = low | high << 8;
    store_le(image, at, cluster % 2 != 0 ? (both & 0xF) | value << 4 : (both & 0xF000) | value, 2);
}

std::uint32_t first_cluster_of(const std::vector<std::byte>& image, const std::string& path) {
    MountedFat mounted(image);
    FatFile file;
    REQUIRE(mounted.fat->lookup(path, file) == Status::Ok);
    return file.first_cluster;
}

}  // namespace

TEST_CASE("What is no FAT is not taken for one") {
    if (no_fat_tools()) return;
    const std::vector<std::byte> image = small_image();
    CHECK(MountedFat(std::vector<std::byte>(4096)).status == Status::NotRecognized);
    CHECK(MountedFat(std::vector<std::byte>(100)).status == Status::NotRecognized);
    CHECK(status_with(image, 0, 0, 1) == Status::NotRecognized);        // no jump
    CHECK(status_with(image, 510, 0, 2) == Status::NotRecognized);      // no mark
    CHECK(status_with(image, 11, 0, 2) == Status::NotRecognized);       // sectors of 0 bytes, as exFAT says
    for (const std::uint64_t bytes : {3u, 513u, 8192u, 65535u}) CHECK(status_with(image, 11, bytes, 2) == Status::NotRecognized);
    for (const std::uint64_t sectors : {0u, 3u, 255u}) CHECK(status_with(image, 13, sectors, 1) == Status::NotRecognized);
    CHECK(status_with(image, 16, 0, 1) == Status::NotRecognized);       // no table
    CHECK(status_with(image, 14, 0, 2) == Status::NotRecognized);       // nothing reserved, as NTFS says
}

TEST_CASE("Impossible numbers in the boot sector are refused") {
    if (no_fat_tools()) return;
    const std::vector<std::byte> image = small_image();
    CHECK(status_with(image, 22, 0xFFFF, 2) == Status::Corrupt);  // a table larger than the disk
    CHECK(status_with(image, 22, 0, 2) != Status::Ok);            // or of no sectors
    CHECK(status_with(image, 17, 0, 2) == Status::Corrupt);       // no root directory
    CHECK(status_with(image, 19, 1, 2) == Status::Corrupt);       // one sector in all
    const std::vector<std::byte> fat32 = small_image("-F 32 -s 1", 36000);
    CHECK(status_with(fat32, 44, 1, 4) == Status::Corrupt);           // the root is no cluster
    CHECK(status_with(fat32, 44, 0x0FFFFFF0, 4) == Status::Corrupt);
    CHECK(status_with(fat32, 42, 1, 2) == Status::Corrupt);           // another version
    CHECK(status_with(fat32, 40, 0x8F, 2) == Status::Corrupt);        // the sixteenth of two tables
}

TEST_CASE("Chains that end early, leave the disk or are free are damage, not data") {
    if (no_fat_tools()) return;
    const std::vector<std::byte> image = small_image();
    const std::uint32_t cluster = first_cluster_of(image, "/data");
    for (std::uint32_t value : {0u, 1u, 0xFF0u, 0xFF7u, 0xFFFu}) {
        CAPTURE(value);
        std::vector<std::byte> changed = image;
        set_entry12(changed, cluster, value);
        MountedFat mounted(std::move(changed));
        std::vector<std::byte> content;
        CHECK(mounted.read_all("/data", content) == Status::Corrupt);
        CHECK(mounted.fat->detail() != nullptr);
    }
}

TEST_CASE("Chains that run in a circle end") {
    if (no_fat_tools()) return;
    std::vector<std::byte> image = small_image();
    const std::uint32_t folder = first_cluster_of(image, "/sub");
    set_entry12(image, folder, folder);
    const std::size_t data_at = static_cast<std::size_t>(MountedFat(image).fat->geometry().byte_of(folder));
    for (std::size_t entry = 0; entry < 16; ++entry) image[data_at + entry * 32] = std::byte{0xE5};  // no end in sight
    MountedFat mounted(std::move(image));
    FatFile file;
    CHECK(mounted.fat->open("/sub/absent", file) == Status::Corrupt);
    CHECK(mounted.disk.reads < 10000);
}

TEST_CASE("An entry whose name is all blanks is none") {
    if (no_fat_tools()) return;
    std::vector<std::byte> image = small_image();
    const std::size_t root = static_cast<std::size_t>(MountedFat(image).fat->geometry().root_sector) * 512;
    std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(root), 11, std::byte{' '});  // of /sub
    CHECK(MountedFat(std::move(image)).names("/") == std::set<std::string>{"data"});
}

TEST_CASE("Random damage ends in a status, with a bounded number of reads") {
    if (no_fat_tools()) return;
    constexpr struct {
        const char* options;
        unsigned kibibytes;
    } kImages[] = {{"-F 12 -s 1", 1440}, {"-F 16 -s 1", 4096}, {"-F 32 -s 1", 36000}};
    for (const auto& [options, kibibytes] : kImages) {
        MountedFat mounted(small_image(options, kibibytes));
        REQUIRE(mounted.status == Status::Ok);
        const std::vector<std::byte> image = mounted.disk.bytes;
        const std::size_t metadata = static_cast<std::size_t>(mounted.fat->geometry().data_at) + 8192;
        std::mt19937 random(11);
        for (int round = 0; round < 1500; ++round) {
            std::array<std::size_t, 8> places{};
            for (std::size_t& at : places) {
                at = random() % 2 == 0 ? random() % 96 : random() % metadata;
                if (random() % 2 == 0) mounted.disk.bytes[at] = static_cast<std::byte>(random());
            }
            mounted.disk.reads = 0;
            static_cast<void>(mounted.fat->mount(mounted.disk, mounted.scratch));
            std::vector<std::byte> content;
            for (const char* folder : {"/", "/sub/"})
                for (const std::string& name : mounted.names(folder)) static_cast<void>(mounted.read_all(folder + name, content));
            REQUIRE(mounted.disk.reads < 2'000'000);
            for (const std::size_t at : places) mounted.disk.bytes[at] = image[at];
        }
    }
}
