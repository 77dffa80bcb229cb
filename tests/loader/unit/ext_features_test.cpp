// SPDX-License-Identifier: MIT
// Each feature that mke2fs of Debian 12 can switch on, by the names of ext4(5): a file is read, or the feature refused by its name.
#include <doctest/doctest.h>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

enum class Outcome { Read, Refused };

struct Feature {
    const char* name;
    Outcome outcome = Outcome::Read;
    const char* options = "";  // what mke2fs wants beside it
    bool may_lack = false;     // newer or older tools than Debian 12's may not know it
};

constexpr Feature kFeatures[] = {
    {"64bit"},
    {"bigalloc", Outcome::Read, "-C 16384"},
    {"casefold", Outcome::Refused},
    {"dir_index"},
    {"dir_nlink"},
    {"ea_inode"},
    {"encrypt", Outcome::Refused},
    {"ext_attr"},
    {"extent"},
    {"extra_isize"},
    {"fast_commit"},
    {"filetype"},
    {"flex_bg"},
    {"has_journal"},
    {"huge_file"},
    {"inline_data"},
    {"large_dir"},
    {"large_file"},
    {"meta_bg,^resize_inode"},
    {"metadata_csum"},
    {"metadata_csum_seed"},
    {"mmp"},
    {"orphan_file", Outcome::Read, "", true},
    {"project"},
    {"quota"},
    {"resize_inode"},
    {"sparse_super"},
    {"sparse_super2"},
    {"stable_inodes"},
    {"uninit_bg"},
    {"verity", Outcome::Read, "-b 4096"},
};

}  // namespace

TEST_CASE("Every feature of mke2fs is read, or refused by its name") {
    if (!have_tools({"mke2fs"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    TempDir dir;
    std::filesystem::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(30'000, 1));
    write_host_file(dir / "root" / "tiny", make_pattern(50, 2));
    for (const Feature& feature : kFeatures) {
        for (const std::string format : {"-t ext4", "-t ext2"}) {
            CAPTURE(feature.name);
            CAPTURE(format);
            const std::string features = feature.name + std::string(std::string_view(feature.name) == "bigalloc" ? ",extent" : "");
            auto image = make_ext_image((dir / "root").string(), format + " -O " + features + " " + feature.options, 16);
            if (image.empty() && (feature.may_lack || format == "-t ext2")) continue;  // some need others that ext2 has not
            REQUIRE_FALSE(image.empty());
            MountedExt mounted(std::move(image));
            std::vector<std::byte> content;
            if (feature.outcome == Outcome::Refused) {
                CHECK(mounted.status == Status::Unsupported);
                REQUIRE(mounted.ext->refused_feature() != nullptr);
                CHECK(std::string(mounted.ext->refused_feature()) == feature.name);
                continue;
            }
            REQUIRE(mounted.status == Status::Ok);
            CHECK(mounted.read_all("/file", content) == Status::Ok);
            CHECK(content == make_pattern(30'000, 1));
            CHECK(mounted.read_all("/tiny", content) == Status::Ok);
            CHECK(content == make_pattern(50, 2));
        }
    }
}

TEST_CASE("A journal that was not replayed is told, and what stands on the disk is read") {
    if (!have_tools({"mke2fs"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    TempDir dir;
    std::filesystem::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(3000, 1));
    auto image = make_ext_image((dir / "root").string(), "-t ext4 -b 1024", 16);
    set_superblock(image, 0x60, load_le32(image, kExtSuperblockAt + 0x60) | ext_incompat::kNeedsRecovery, 4);
    std::vector<std::byte> content;
    MountedExt dirty(image);
    CHECK(dirty.ext->needs_recovery());
    CHECK(dirty.read_all("/file", content) == Status::Ok);
    // An external journal, or one whose inode is garbage, is no more than a number that is not used.
    for (const std::uint64_t journal : {0u, 7u, 0xFFFFFFFFu}) {
        set_superblock(image, 0xE0, journal, 4);
        set_superblock(image, 0xE4, 0x0801, 4);
        MountedExt mounted(image);
        CHECK(mounted.read_all("/file", content) == Status::Ok);
        CHECK(content == make_pattern(3000, 1));
    }
}

TEST_CASE("A file system whose journal is on another device is read without it, and that device has no files") {
    if (!have_tools({"mke2fs", "debugfs", "dumpe2fs"})) {
        MESSAGE("skipped: no e2fsprogs");
        return;
    }
    TempDir dir;
    std::filesystem::create_directory(dir / "root");
    write_host_file(dir / "root" / "file", make_pattern(3000, 1));
    // mke2fs attaches block devices only; debugfs writes the same fields, and dumpe2fs says so.
    const std::string attach =
        "printf 'feature has_journal\\nssv journal_inum 0\\nssv journal_dev 0x801\\nssv journal_uuid 5a7c1c39-5f0e-4a52-9f3b-2f6f0c8e7d12\\n' | "
        "debugfs -w -f - $IMAGE && dumpe2fs -h $IMAGE | grep 'Journal device:.*0x0801'";
    MountedExt mounted(make_ext_image((dir / "root").string(), "-t ext4 -b 1024 -O ^has_journal", 8, attach));
    REQUIRE(mounted.status == Status::Ok);
    CHECK_FALSE(mounted.ext->needs_recovery());
    std::vector<std::byte> content;
    CHECK(mounted.read_all("/file", content) == Status::Ok);
    CHECK(content == make_pattern(3000, 1));
    MountedExt journal(make_ext_image("", "-O journal_dev -b 1024", 8));
    CHECK(journal.status == Status::Unsupported);
    CHECK(std::string(journal.ext->refused_feature()) == "journal_dev");
}
