// SPDX-License-Identifier: MIT
// Superblocks the loader must not follow: unknown features are refused by name, impossible numbers before they are used.
#include <doctest/doctest.h>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;
namespace fs = std::filesystem;

namespace {

// Small, with one file "/file"; `options` as for mke2fs.
std::vector<std::byte> small_image(const std::string& options) {
    TempDir dir;
    fs::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(3000, 1));
    return make_ext_image((dir / "root").string(), options, 8);
}

bool no_mke2fs() {
    if (have_tools({"mke2fs"})) {
        return false;
    }
    MESSAGE("skipped: no mke2fs");
    return true;
}

struct Change {
    std::size_t at;
    std::uint64_t value;
    std::size_t width;
};

}  // namespace

TEST_CASE("Features that the loader lacks are refused by their name") {
    if (no_mke2fs()) {
        return;
    }
    struct Refusal {
        std::string options;
        std::string name;
    };
    for (const Refusal& refusal : {Refusal{"-t ext4 -O encrypt", "encrypt"}, Refusal{"-t ext4 -O casefold", "casefold"}}) {
        CAPTURE(refusal.name);
        MountedExt mounted(small_image(refusal.options));
        CHECK(mounted.status == Status::Unsupported);
        REQUIRE(mounted.ext->refused_feature() != nullptr);
        CHECK(mounted.ext->refused_feature() == refusal.name);
        ExtFile file;
        CHECK(mounted.ext->open("/file", file) == Status::NotMounted);
    }
    MountedExt journal(make_ext_image("", "-O journal_dev -b 1024", 8));
    CHECK(journal.status == Status::Unsupported);
    CHECK(std::string(journal.ext->refused_feature()) == "journal_dev");
}

TEST_CASE("Every single incompatible bit is either supported or refused with a name") {
    if (no_mke2fs()) {
        return;
    }
    const auto image = small_image("-t ext4 -b 1024");
    const std::uint32_t own = load_le32(image, kExtSuperblockAt + 0x60);
    unsigned refused = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
        CAPTURE(bit);
        auto changed = image;
        set_superblock(changed, 0x60, own | 1u << bit, 4);
        MountedExt mounted(changed);
        CHECK((mounted.status == Status::Unsupported) == (mounted.ext->refused_feature() != nullptr));
        refused += mounted.status == Status::Unsupported ? 1 : 0;
    }
    CHECK(refused == 32 - 11);
}

TEST_CASE("Unknown compatible and read-only compatible bits do not matter to a reader") {
    if (no_mke2fs()) {
        return;
    }
    auto image = small_image("-t ext2 -b 1024");
    set_superblock(image, 0x5C, 0xF0000000u | load_le32(image, kExtSuperblockAt + 0x5C), 4);
    set_superblock(image, 0x64, 0xF0000000u | load_le32(image, kExtSuperblockAt + 0x64), 4);
    MountedExt mounted(image);
    REQUIRE(mounted.status == Status::Ok);
    std::vector<std::byte> content;
    CHECK(mounted.read_all("/file", content) == Status::Ok);
    CHECK(content == make_pattern(3000, 1));
}

TEST_CASE("A journal that needs recovery is noted and the file system read as it is") {
    if (no_mke2fs()) {
        return;
    }
    auto image = small_image("-t ext4 -b 1024");
    set_superblock(image, 0x60, ext_incompat::kNeedsRecovery | load_le32(image, kExtSuperblockAt + 0x60), 4);
    MountedExt mounted(image);
    REQUIRE(mounted.status == Status::Ok);
    CHECK(mounted.ext->needs_recovery());
    std::vector<std::byte> content;
    CHECK(mounted.read_all("/file", content) == Status::Ok);
    CHECK(content == make_pattern(3000, 1));
}

TEST_CASE("Superblock numbers that cannot be are refused even with a right checksum") {
    if (no_mke2fs()) {
        return;
    }
    const Change changes[] = {
        {0x00, 0, 4},          {0x00, 1, 4},           {0x00, 0xFFFFFFFF, 4}, {0x04, 0, 4},          {0x04, 1, 4},
        {0x04, 8193, 4},       {0x04, 0xFFFFFFFF, 4},  {0x14, 2, 4},          {0x14, 0xFFFFFFFF, 4}, {0x18, 7, 4},
        {0x18, 22, 4},         {0x18, 31, 4},          {0x18, 255, 4},        {0x18, 0xFFFFFFFF, 4}, {0x20, 0, 4},
        {0x20, 8193, 4},       {0x20, 0xFFFFFFFF, 4},  {0x28, 0, 4},          {0x28, 0xFFFFFFFF, 4}, {0x4C, 2, 4},
        {0x4C, 0xFFFFFFFF, 4}, {0x58, 0, 2},           {0x58, 1, 2},          {0x58, 127, 2},        {0x58, 384, 2},
        {0x58, 2048, 2},       {0x58, 65535, 2},       {0xFE, 0, 2},          {0xFE, 32, 2},         {0xFE, 65, 2},
        {0xFE, 2048, 2},       {0xFE, 32768, 2},       {0x150, 1, 4},         {0x150, 0xFFFFFFFF, 4},
    };
    for (const std::string options : {"-t ext4 -b 1024 -O 64bit", "-t ext4 -b 1024 -O 64bit,^metadata_csum"}) {
        CAPTURE(options);
        MountedExt mounted(small_image(options));
        REQUIRE(mounted.status == Status::Ok);
        for (const Change& change : changes) {
            CAPTURE(change.at);
            CAPTURE(change.value);
            const auto super = std::span(mounted.disk.bytes).subspan(kExtSuperblockAt, kExtSuperblockBytes);
            const std::vector<std::byte> original(super.begin(), super.end());
            set_superblock(mounted.disk.bytes, change.at, change.value, change.width);
            const Status status = mounted.mount();
            CHECK((status == Status::Corrupt || status == Status::Unsupported));
            CHECK(mounted.ext->detail() != nullptr);
            std::copy(original.begin(), original.end(), super.begin());
        }
    }
}

TEST_CASE("Every block size field from 0 to 255 is answered") {
    if (no_mke2fs()) {
        return;
    }
    MountedExt mounted(small_image("-t ext2 -b 1024"));
    for (unsigned value = 0; value < 256; ++value) {
        CAPTURE(value);
        set_superblock(mounted.disk.bytes, 0x18, value, 4);
        CHECK((mounted.mount() == Status::Ok) == (value == 0));
    }
}

TEST_CASE("Where no ext file system is, none is recognized") {
    for (const std::size_t bytes : {0u, 1u, 512u, 1024u, 2047u, 2048u, 4096u, 100000u}) {
        CAPTURE(bytes);
        MountedExt mounted{std::vector<std::byte>(bytes)};
        CHECK(mounted.status == Status::NotRecognized);
    }
}

TEST_CASE("A device shorter than its file system is refused") {
    if (no_mke2fs()) {
        return;
    }
    auto image = small_image("-t ext4 -b 1024");
    image.resize(image.size() - 1024);
    MountedExt mounted(image);
    CHECK(mounted.status == Status::Corrupt);
    CHECK(std::string(mounted.ext->detail()) == "superblock: more blocks than the device has");
}

TEST_CASE("A root that is a file or has no inode is refused") {
    if (!have_tools({"mke2fs", "debugfs"})) {
        MESSAGE("skipped: no e2fsprogs");
        return;
    }
    TempDir dir;
    fs::create_directory(dir / "root");
    for (const std::string change : {"sif <2> mode 0100644", "clri <2>"}) {
        CAPTURE(change);
        MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 8,
                                          "debugfs -w -R '" + change + "' $IMAGE"));
        CHECK(mounted.status == Status::Corrupt);
    }
}
