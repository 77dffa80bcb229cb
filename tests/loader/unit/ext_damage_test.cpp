// SPDX-License-Identifier: MIT
// Damaged file systems: whatever a byte says, the reader ends with a status after a bounded number of reads.
#include <doctest/doctest.h>

#include <array>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostReads = 200'000;
constexpr std::size_t kBlock = 1024;

// Small images with each kind of metadata: an extent tree or three levels of pointers, links, directories of several blocks.
std::vector<std::byte> rich_image(const std::string& options) {
    TempDir dir;
    const fs::path root = dir / "root";
    fs::create_directories(root / "a" / "b" / "c");
    fs::create_directory(root / "many");
    write_host_file(root / "a" / "b" / "c" / "file", make_pattern(5000, 1));
    write_host_file(root / "small", make_pattern(100, 2));
    fs::create_symlink("a/b/c/file", root / "link");
    fs::create_symlink(std::string(80, '/') + "a/b/c/file", root / "long-link");
    for (int i = 0; i < 60; ++i) {
        fs::create_hard_link(root / "small", root / "many" / ("a-name-of-middling-length-" + std::to_string(i)));
    }
    std::vector<std::byte> comb(600 * 1024);
    for (std::size_t at = 0; at < comb.size(); at += 4096) {
        comb[at] = std::byte{1};
    }
    write_host_file(root / "comb", comb);
    return make_ext_image(root.string(), options, 2);
}

struct Image {
    std::string options;
    std::vector<std::byte> bytes;
};

const std::vector<Image>& images() {
    static const std::vector<Image> all = [] {
        std::vector<Image> made;
        for (const std::string options : {"-t ext2 -b 1024 -N 64", "-t ext4 -b 1024 -N 64 -O ^has_journal,^resize_inode",
                                    "-t ext4 -b 1024 -N 64 -O ^has_journal,^resize_inode,^metadata_csum,^uninit_bg",
                                    "-t ext4 -b 1024 -N 64 -I 256 -O ^has_journal,^resize_inode,^metadata_csum,inline_data"}) {
            made.push_back({options, rich_image(options)});
        }
        return made;
    }();
    return all;
}

bool no_tools() {
    if (have_tools({"mke2fs"})) {
        return false;
    }
    MESSAGE("skipped: no mke2fs");
    return true;
}

// Mounts and reads everything; leaves the disk as it was given.
unsigned walk(MountedExt& mounted, unsigned most_visits = 200) {
    mounted.disk.reads = 0;
    if (mounted.mount() != Status::Ok) {
        return 0;
    }
    HostileWalk walk(*mounted.ext, most_visits);
    walk.run();
    CHECK(mounted.disk.reads < kMostReads);
    return walk.files_read();
}

// Tries each replacement for each byte of [begin, end). The first visits see one file of each kind.
void damage_bytes(MountedExt& mounted, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
        const std::byte original = mounted.disk.bytes[at];
        for (const std::byte value : {std::byte{0}, std::byte{0xFF}, original ^ std::byte{0x01}, original ^ std::byte{0x94}}) {
            if (value != original) {
                mounted.disk.bytes[at] = value;
                CAPTURE(at);
                walk(mounted, 14);
            }
        }
        mounted.disk.bytes[at] = original;
    }
}

std::size_t inode_at(std::span<const std::byte> image, std::uint32_t number) {
    const std::uint64_t table = load_le32(image, 2 * kBlock + 8);  // first group's descriptor, with 1 KiB blocks
    return static_cast<std::size_t>(table * kBlock) + (number - 1) * load_le16(image, kExtSuperblockAt + 0x58);
}

}  // namespace

TEST_CASE("The undamaged images of the damage tests are read in full") {
    if (no_tools()) {
        return;
    }
    for (const Image& image : images()) {
        CAPTURE(image.options);
        MountedExt mounted(image.bytes);
        REQUIRE(mounted.status == Status::Ok);
        CHECK(walk(mounted) == 65);
    }
}

TEST_CASE("Any byte of the superblock and group descriptors may be wrong") {
    if (no_tools()) {
        return;
    }
    for (const Image& image : images()) {
        CAPTURE(image.options);
        MountedExt mounted(image.bytes);
        damage_bytes(mounted, kExtSuperblockAt, kExtSuperblockAt + 2048);
    }
}

TEST_CASE("With checksums any wrong byte of superblock, descriptor or inode is found") {
    if (no_tools()) {
        return;
    }
    MountedExt mounted(images()[1].bytes);
    const std::size_t root = inode_at(mounted.disk.bytes, 2);
    const std::array<std::array<std::size_t, 2>, 3> ranges{{{kExtSuperblockAt, kExtSuperblockAt + kExtSuperblockBytes},
                                                            {2 * kBlock, 2 * kBlock + 64},
                                                            {root, root + 256}}};
    for (const auto& range : ranges) {
        for (std::size_t at = range[0]; at < range[1]; ++at) {
            CAPTURE(at);
            mounted.disk.bytes[at] ^= std::byte{0x10};
            CHECK(mounted.mount() != Status::Ok);
            mounted.disk.bytes[at] ^= std::byte{0x10};
        }
    }
    CHECK(mounted.mount() == Status::Ok);
}

TEST_CASE("Any byte of an inode may be wrong") {
    if (no_tools()) {
        return;
    }
    for (const Image& image : images()) {
        CAPTURE(image.options);
        MountedExt mounted(image.bytes);
        for (const std::string path : {"/", "/a", "/comb", "/small", "/many"}) {
            ExtFile file;
            REQUIRE(mounted.mount() == Status::Ok);
            REQUIRE(mounted.ext->lookup(path, file) == Status::Ok);
            const std::size_t at = inode_at(mounted.disk.bytes, file.inode);
            damage_bytes(mounted, at, at + 0xA0);
        }
    }
}

TEST_CASE("Any byte of an extent tree's node may be wrong") {
    if (no_tools()) {
        return;
    }
    MountedExt mounted(images()[2].bytes);
    ExtFile file;
    REQUIRE(mounted.ext->lookup("/comb", file) == Status::Ok);
    REQUIRE(load_le16(file.block_area, 6) >= 1);  // the root has a child
    const std::size_t node = load_le32(file.block_area, 16) * kBlock;
    REQUIRE(load_le16(mounted.disk.bytes, node) == 0xF30A);
    damage_bytes(mounted, node, node + 12 + 3 * 12);
}

TEST_CASE("An extent tree that is its own child, too deep, or overlaps is refused") {
    if (no_tools()) {
        return;
    }
    const auto& original = images()[2].bytes;
    ExtFile file;
    {
        MountedExt mounted(original);
        REQUIRE(mounted.ext->lookup("/comb", file) == Status::Ok);
    }
    const std::size_t area = inode_at(original, file.inode) + 0x28;
    const std::uint32_t child = load_le32(original, area + 16);
    const std::size_t node = child * kBlock;
    struct Change {
        std::size_t at;
        std::uint64_t value;
        std::size_t width;
    };
    const Change changes[] = {
        {area + 0, 0, 2},      {area + 2, 5, 2},       {area + 4, 5, 2},          {area + 4, 65535, 2},
        {area + 6, 2, 2},      {area + 6, 6, 2},       {area + 6, 65535, 2},      {area + 2, 0, 2},
        {area + 16, 0, 4},     {area + 16, 2048, 4},   {area + 20, 1, 2},         {node + 6, 1, 2},
        {node + 2, 85, 2},     {node + 4, 85, 2},      {node + 12 + 4, 0, 2},     {node + 12 + 4, 32768, 2},
        {node + 12 + 4, 9, 2}, {node + 12 + 6, 1, 2},  {node + 12 + 8, 0, 4},     {node + 24, 0, 4},
        {node + 24 + 4, 65535, 2},
    };
    std::vector<std::byte> content;
    for (const Change& change : changes) {
        CAPTURE(change.at - (change.at >= node && change.at < node + kBlock ? node : area));
        CAPTURE(change.value);
        auto changed = original;
        store_le(changed, change.at, change.value, change.width);
        MountedExt mounted(changed);
        CHECK(mounted.read_all("/comb", content) == Status::Corrupt);
    }
    // The child holds itself as its only child, and claims every depth on the way.
    for (unsigned depth = 1; depth <= 5; ++depth) {
        CAPTURE(depth);
        auto changed = original;
        store_le(changed, area + 6, depth, 2);
        store_le(changed, node + 2, 1, 2);
        store_le(changed, node + 6, depth - 1, 2);
        store_le(changed, node + 12, 0, 4);
        store_le(changed, node + 16, child, 4);
        store_le(changed, node + 20, 0, 4);
        MountedExt mounted(changed);
        CHECK(mounted.read_all("/comb", content) == Status::Corrupt);
        CHECK(mounted.disk.reads < 100);
    }
}

TEST_CASE("Pointer blocks that point at themselves are bounded, and pointers out of the disk refused") {
    if (no_tools()) {
        return;
    }
    const auto& original = images()[0].bytes;
    ExtFile file;
    {
        MountedExt mounted(original);
        REQUIRE(mounted.ext->lookup("/comb", file) == Status::Ok);
    }
    const std::size_t inode = inode_at(original, file.inode);
    const std::uint32_t single = load_le32(original, inode + 0x28 + 12 * 4);
    REQUIRE(single != 0);
    auto changed = original;
    for (std::size_t i = 0; i < kBlock / 4; ++i) {
        store_le(changed, single * kBlock + i * 4, single, 4);
    }
    store_le(changed, inode + 0x28 + 13 * 4, single, 4);
    store_le(changed, inode + 0x28 + 14 * 4, single, 4);
    store_le(changed, inode + 4, 0xFFFFFFFF, 4);
    MountedExt mounted(changed);
    REQUIRE(mounted.ext->lookup("/comb", file) == Status::Ok);
    std::vector<std::byte> end(3 * kBlock);
    CHECK(mounted.ext->read(file, 200 << 20, end) == Status::Ok);
    CHECK(mounted.ext->read(file, file.size() - 100, std::span(end).first(100)) == Status::Ok);
    CHECK(mounted.disk.reads < 100);

    store_le(changed, inode + 0x28 + 14 * 4, 2048, 4);
    store_le(changed, inode + 0x28, 0xFFFFFFFF, 4);
    MountedExt outside(changed);
    REQUIRE(outside.ext->lookup("/comb", file) == Status::Ok);
    CHECK(outside.ext->read(file, 200 << 20, end) == Status::Corrupt);
    CHECK(outside.ext->read(file, 0, end) == Status::Corrupt);
    store_le(changed, inode + 0x6C, 0x1000, 4);  // 16 TiB: more than three levels reach
    MountedExt beyond(changed);
    REQUIRE(beyond.ext->lookup("/comb", file) == Status::Ok);
    CHECK(beyond.ext->read(file, file.size() - 5000, end) == Status::Corrupt);
}

TEST_CASE("Directory entries with lengths that cannot be are refused") {
    if (no_tools()) {
        return;
    }
    const auto& original = images()[0].bytes;
    const std::size_t root_block = load_le32(original, inode_at(original, 2) + 0x28) * kBlock;
    const std::size_t second = root_block + 12;  // behind "."
    struct Change {
        std::size_t at;
        std::uint64_t value;
        std::size_t width;
    };
    for (const Change& change : {Change{4, 0, 2}, {4, 1, 2}, {4, 7, 2}, {4, 10, 2}, {4, 1024, 2}, {4, 65535, 2}, {4, 65532, 2},
                                 {6, 255, 1}, {6, 5, 1}, {6, 0, 1}, {0, 0xFFFFFFFF, 4}, {0, 100000, 4}}) {
        CAPTURE(change.at);
        CAPTURE(change.value);
        auto changed = original;
        store_le(changed, second + change.at, change.value, change.width);
        MountedExt mounted(changed);
        REQUIRE(mounted.status == Status::Ok);
        ExtFile file;
        CHECK(mounted.ext->lookup("/small", file) == Status::Corrupt);
        std::set<std::string> names;
        REQUIRE(mounted.ext->lookup("/", file) == Status::Ok);
        CHECK(list_names(*mounted.ext, file, names) == Status::Corrupt);
    }
}

TEST_CASE("A directory of one and the same block many times over runs out of its budget") {
    if (no_tools()) {
        return;
    }
    auto image = images()[0].bytes;
    const std::size_t inode = inode_at(image, 2);
    const std::uint32_t block = load_le32(image, inode + 0x28);
    // Two blocks at the disk's end become pointers: one to the directory's block, one to the first, each 256 times.
    const std::uint32_t single = 2047;
    const std::uint32_t twofold = 2046;
    for (std::size_t i = 0; i < kBlock / 4; ++i) {
        store_le(image, single * kBlock + i * 4, block, 4);
        store_le(image, twofold * kBlock + i * 4, single, 4);
    }
    for (std::size_t i = 0; i < 12; ++i) {
        store_le(image, inode + 0x28 + i * 4, block, 4);
    }
    store_le(image, inode + 0x28 + 12 * 4, single, 4);
    store_le(image, inode + 0x28 + 13 * 4, twofold, 4);
    store_le(image, inode + 4, 0x7FFFFC00, 4);
    MountedExt mounted(image);
    REQUIRE(mounted.status == Status::Ok);
    ExtFile file;
    CHECK(mounted.ext->lookup("/nowhere", file) == Status::TooLarge);
    CHECK(mounted.disk.reads < 100);
    CHECK(mounted.ext->lookup("/small", file) == Status::Ok);
}

TEST_CASE("Images with random damage are read to an end") {
    if (no_tools()) {
        return;
    }
    for (const Image& image : images()) {
        CAPTURE(image.options);
        for (std::uint32_t seed = 0; seed < 150; ++seed) {
            CAPTURE(seed);
            MountedExt mounted(image.bytes);
            const auto draws = make_pattern(400, seed);
            // Most of it where the metadata is: the first 150 blocks.
            for (std::size_t i = 0; i + 4 <= draws.size(); i += 4) {
                const std::size_t at = kExtSuperblockAt + 1024 + load_le32(draws, i) % (150 * kBlock);
                mounted.disk.bytes[at] ^= std::byte{1} << (load_u8(draws, i + 3) % 8);
            }
            walk(mounted);
        }
    }
}

TEST_CASE("Images with whole blocks swapped for others are read to an end") {
    if (no_tools()) {
        return;
    }
    for (const Image& image : images()) {
        CAPTURE(image.options);
        for (std::uint32_t seed = 0; seed < 150; ++seed) {
            CAPTURE(seed);
            MountedExt mounted(image.bytes);
            const auto draws = make_pattern(32, seed + 1000);
            for (std::size_t i = 0; i + 8 <= draws.size(); i += 8) {
                const std::size_t from = load_le32(draws, i) / 7 % 150 * kBlock;
                const std::size_t to = (3 + load_le32(draws, i + 4) / 7 % 147) * kBlock;
                std::copy_n(image.bytes.begin() + static_cast<std::ptrdiff_t>(from), kBlock,
                            mounted.disk.bytes.begin() + static_cast<std::ptrdiff_t>(to));
            }
            walk(mounted);
        }
    }
}
