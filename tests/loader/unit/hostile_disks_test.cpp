// SPDX-License-Identifier: MIT
// Disks that mean harm in ways that damage alone seldom finds: tables off the disk, folders that contain themselves, sizes beyond
// reason, and a disk that answers otherwise each time it is asked.
#include <array>
#include <random>

#include "ext_test_support.hpp"
#include "fat_test_support.hpp"
#include "parse/partitions.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

constexpr std::size_t kBlock = 1024;
constexpr std::size_t kDescriptorAt = 2 * kBlock;  // of the first group, with blocks of 1 KiB

bool no_ext_tools() {
    if (have_tools({"mke2fs", "debugfs"})) return false;
    MESSAGE("skipped: no e2fsprogs");
    return true;
}

std::vector<std::byte> ext_image(const std::string& options, const std::string& then = "true") {
    TempDir dir;
    std::filesystem::create_directories(dir / "root" / "folder");
    write_host_file(dir / "root" / "file", make_pattern(5000, 1));
    write_host_file(dir / "root" / "folder" / "file", make_pattern(300, 2));
    return make_ext_image((dir / "root").string(), options, 4, then);
}

// Changes some bytes of each answer, never the disk.
class WaveringDisk final : public BlockSource {
public:
    WaveringDisk(std::vector<std::byte> content, std::uint32_t seed, std::uint32_t steady_reads)
        : disk_(std::move(content)), random_(seed), steady_reads_(steady_reads) {}

    Status read(std::uint64_t byte_offset, std::span<std::byte> out) override {
        const Status status = disk_.read(byte_offset, out);
        if (disk_.reads <= steady_reads_ || out.empty()) return status;
        for (unsigned i = 0; i < 3; ++i) out[random_() % out.size()] = static_cast<std::byte>(random_());
        return status;
    }
    std::uint64_t size_bytes() const override { return disk_.size_bytes(); }
    std::uint64_t reads() const { return disk_.reads; }

private:
    MemoryDisk disk_;
    std::mt19937 random_;
    std::uint64_t steady_reads_;
};

}  // namespace

TEST_CASE("An inode table off the disk, and a root that is no inode, are refused") {
    if (no_ext_tools()) return;
    const std::vector<std::byte> original = ext_image("-t ext2 -b 1024");
    for (const std::uint64_t table : {std::uint64_t{0xFFFFFFFF}, std::uint64_t{4096}, std::uint64_t{0x80000000}}) {
        CAPTURE(table);
        std::vector<std::byte> image = original;
        store_le(image, kDescriptorAt + 8, table, 4);
        CHECK(MountedExt(std::move(image)).status == Status::Corrupt);
    }
    MountedExt none(ext_image("-t ext2 -b 1024", "debugfs -w -R 'sif <2> links_count 0' $IMAGE && debugfs -w -R 'sif <2> mode 0' $IMAGE"));
    CHECK(none.status == Status::Corrupt);
}

TEST_CASE("A folder that contains itself is followed as far as a path is long, and no further") {
    if (no_ext_tools()) return;
    MountedExt mounted(ext_image("-t ext4 -b 1024 -O ^metadata_csum", "debugfs -w -R 'ln <2> /folder/up' $IMAGE"));
    REQUIRE(mounted.status == Status::Ok);
    std::string path;
    while (path.size() < 1000) path += "/folder/up";
    std::vector<std::byte> content;
    CHECK(mounted.read_all(path + "/file", content) == Status::Ok);
    CHECK(content == make_pattern(5000, 1));
    while (path.size() < 6000) path += "/folder/up";
    ExtFile file;
    CHECK(mounted.ext->open(path + "/file", file) == Status::TooLarge);
}

TEST_CASE("The index of a large directory may hold anything: names are found, or the directory is refused") {
    if (no_ext_tools()) return;
    TempDir dir;
    std::filesystem::create_directories(dir / "root" / "many");
    for (int i = 0; i < 300; ++i) write_host_file(dir / "root" / "many" / ("a-name-of-middling-length-" + std::to_string(i)), {});
    const std::vector<std::byte> original =
        make_ext_image((dir / "root").string(), "-t ext4 -b 1024 -O ^metadata_csum", 4, "e2fsck -fyD $IMAGE; test $? -le 1");
    // The index is behind the two entries of the directory's first block: hash version, levels, limit and count, then pairs.
    std::size_t index = 0;
    for (std::size_t block = 0; block + kBlock <= original.size() && index == 0; block += kBlock) {
        const auto bytes = std::span(original).subspan(block, kBlock);
        if (load_le16(bytes, 4) == 12 && load_le16(bytes, 12 + 4) == kBlock - 12 && load_u8(bytes, 24 + 5) == 8) index = block + 24;
    }
    REQUIRE(index != 0);
    std::mt19937 random(5);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::byte> image = original;
        for (int i = 0; i < 8; ++i) image[index + random() % (kBlock - 24)] = static_cast<std::byte>(random());
        MountedExt changed(std::move(image));
        REQUIRE(changed.status == Status::Ok);
        ExtFile file;
        const Status status = changed.ext->lookup("/many/a-name-of-middling-length-277", file);
        CHECK((status == Status::Ok || status == Status::Corrupt));
        CHECK(changed.disk.reads < 1000);
    }
}

TEST_CASE("A FAT file that says it has 4 GiB is damage behind its last cluster, after a bounded number of reads") {
    if (no_fat_tools()) return;
    TempDir folder;
    write_host_file(folder / "data", make_pattern(3000, 1));
    std::vector<std::byte> image = make_fat_image("-F 12 -s 1", 1440, "mcopy " + (folder / "data").string() + " i:/data");
    const std::size_t root = static_cast<std::size_t>(MountedFat(image).fat->geometry().root_sector) * 512;
    store_le(image, root + 28, 0xFFFFFFFF, 4);
    MountedFat mounted(std::move(image));
    FatFile file;
    REQUIRE(mounted.fat->open("/data", file) == Status::Ok);
    CHECK(file.size() == 0xFFFFFFFF);
    std::vector<std::byte> bytes(100'000);
    CHECK(mounted.fat->read(file, 0, bytes) == Status::Corrupt);
    CHECK(mounted.fat->read(file, 0xFFFFFFFF - bytes.size(), bytes) == Status::Corrupt);
    CHECK(mounted.disk.reads < 1000);
}

TEST_CASE("A root of FAT32 that runs in a circle ends") {
    if (no_fat_tools()) return;
    std::vector<std::byte> image = make_fat_image("-F 32 -s 1", 36000);
    MountedFat plain(image);
    const std::size_t root = static_cast<std::size_t>(plain.fat->geometry().byte_of(2));
    const std::size_t table = load_le16(image, 14) * std::size_t{512};
    store_le(image, table + 2 * 4, 2, 4);
    for (std::size_t entry = 0; entry < 16; ++entry) image[root + entry * 32] = std::byte{0xE5};  // no end in sight
    MountedFat mounted(std::move(image));
    FatFile file;
    CHECK(mounted.fat->open("/absent", file) == Status::Corrupt);
    CHECK(mounted.disk.reads < 100'000);
}

TEST_CASE("A disk that answers otherwise at each read is read to an end") {
    if (no_ext_tools() || no_fat_tools()) return;
    TempDir folder;
    write_host_file(folder / "file", make_pattern(3000, 1));
    const std::string copy = "mmd i:/folder && mcopy " + (folder / "file").string() + " i:/file && mcopy " +
                             (folder / "file").string() + " i:/folder/file";
    const std::vector<std::byte> ext2 = ext_image("-t ext2 -b 1024");
    const std::vector<std::byte> ext4 = ext_image("-t ext4 -b 1024 -O ^metadata_csum");
    const std::vector<std::byte> fat = make_fat_image("-F 16 -s 1", 4096, copy);
    std::vector<std::byte> scratch(std::max(Ext::kScratchBytes, Fat::kScratchBytes));
    std::array<std::byte, 4096> content{};
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        CAPTURE(seed);
        for (const auto* image : {&ext2, &ext4}) {
            WaveringDisk disk(*image, seed, seed % 12);
            Ext ext;
            if (ext.mount(disk, scratch) != Status::Ok) continue;
            HostileWalk(ext, 30).run();
            CHECK(disk.reads() < 200'000);
        }
        WaveringDisk disk(fat, seed, seed % 12);
        Fat volume;
        if (volume.mount(disk, scratch) != Status::Ok) continue;
        for (const char* path : {"/file", "/folder/file"}) {
            FatFile file;
            if (volume.open(path, file) != Status::Ok) continue;
            static_cast<void>(volume.read(file, 0, std::span(content).first(std::min<std::size_t>(file.size(), content.size()))));
        }
        CHECK(disk.reads() < 200'000);
        PartitionTable table;
        static_cast<void>(read_partitions(disk, table));
    }
}
