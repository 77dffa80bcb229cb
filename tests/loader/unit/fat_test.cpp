// SPDX-License-Identifier: MIT
// FAT12, FAT16 and FAT32 as mkfs.fat and mtools make them.
#include "fat_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

struct Kind {
    const char* options;
    unsigned kibibytes;
    unsigned entry_bits;
};

// One of each, with sectors and clusters of several sizes.
constexpr Kind kKinds[] = {
    {"-F 12", 1440, 12},        {"-F 12 -s 8 -r 64", 8000, 12}, {"-F 16 -s 1", 20000, 16}, {"-F 16 -S 2048", 40000, 16},
    {"-F 32 -s 1", 40000, 32},
};

// A folder of the host with files to copy: content that shows where each byte belongs.
struct Files {
    Files() {
        write_host_file(folder / "big", make_pattern(700'001, 1));
        write_host_file(folder / "small", make_pattern(13, 2));
        write_host_file(folder / "empty", {});
    }
    std::string fill() const {
        const std::string from = "cd " + folder.str() + " && ";
        return from + "mmd i:/boot i:/boot/grub 'i:/A folder with a long name' && mcopy small i:/BOOT/GRUB/MENU.LST && "
               "mcopy big 'i:/boot/grub/a kernel-6.1.0-13-cloud-amd64.elf' && mcopy empty i:/empty && "
               "mcopy small 'i:/A folder with a long name/\xc3\xa9t\xc3\xa9 \xe2\x82\xac.txt'";
    }
    TempDir folder;
};

}  // namespace

TEST_CASE("Files of each kind of FAT are read by long and short names") {
    if (no_fat_tools()) return;
    const Files files;
    for (const Kind& kind : kKinds) {
        CAPTURE(kind.options);
        MountedFat mounted(make_fat_image(kind.options, kind.kibibytes, files.fill()));
        REQUIRE(mounted.status == Status::Ok);
        CHECK(mounted.fat->geometry().entry_bits == kind.entry_bits);
        CHECK(mounted.fat->geometry().serial == 0x12345678);
        std::vector<std::byte> content;
        REQUIRE(mounted.read_all("/boot/grub/menu.lst", content) == Status::Ok);
        CHECK(content == make_pattern(13, 2));
        REQUIRE(mounted.read_all("boot//grub/A KERNEL-6.1.0-13-CLOUD-AMD64.ELF", content) == Status::Ok);
        CHECK(content == make_pattern(700'001, 1));
        REQUIRE(mounted.read_all("/a folder with a LONG name/\xc3\xa9t\xc3\xa9 \xe2\x82\xac.txt", content) == Status::Ok);
        CHECK(content == make_pattern(13, 2));
        REQUIRE(mounted.read_all("/boot/../boot/./grub/AKERNE~1.ELF", content) == Status::Ok);
        CHECK(content.size() == 700'001);
        REQUIRE(mounted.read_all("/empty", content) == Status::Ok);
        CHECK(content.empty());
        CHECK(mounted.disk.aligned);
    }
}

TEST_CASE("Folders are listed, without the volume's label and what was deleted") {
    if (no_fat_tools()) return;
    const Files files;
    MountedFat mounted(make_fat_image("-F 16 -n LABEL", 20000, files.fill() + " && mcopy small i:/gone && mdel i:/gone"));
    CHECK(mounted.names("/") == std::set<std::string>{"boot", "A folder with a long name", "empty"});
    CHECK(mounted.names("/boot/grub") == std::set<std::string>{".", "..", "MENU.LST", "a kernel-6.1.0-13-cloud-amd64.elf"});
}

TEST_CASE("What is not there, or no file, is told apart") {
    if (no_fat_tools()) return;
    const Files files;
    MountedFat mounted(make_fat_image("-F 32", 40000, files.fill()));
    FatFile file;
    CHECK(mounted.fat->open("/boot/absent", file) == Status::NotFound);
    CHECK(mounted.fat->open("/boot/grub", file) == Status::IsDirectory);
    CHECK(mounted.fat->open("/empty/x", file) == Status::NotDirectory);
    CHECK(mounted.fat->open("/" + std::string(5000, 'x'), file) == Status::TooLarge);
    REQUIRE(mounted.fat->open("/boot/grub/menu.lst", file) == Status::Ok);
    std::byte bytes[14];
    CHECK(mounted.fat->read(file, 0, bytes) == Status::OutOfRange);
    CHECK(mounted.fat->read(file, 14, {}) == Status::OutOfRange);
    CHECK(mounted.fat->read(file, 13, {}) == Status::Ok);
}

TEST_CASE("A fragmented file is whole, read at once or in pieces from any place") {
    if (no_fat_tools()) return;
    TempDir folder;
    std::string fill = "cd " + folder.str();
    for (int i = 0; i < 40; ++i) {
        write_host_file(folder / ("f" + std::to_string(i)), make_pattern(20000, 100));
        fill += " && mcopy f" + std::to_string(i) + " i:/";
    }
    for (int i = 0; i < 40; i += 2) fill += " && mdel i:/f" + std::to_string(i);
    write_host_file(folder / "big", make_pattern(600'000, 5));
    const std::vector<std::byte> expected = make_pattern(600'000, 5);
    MountedFat mounted(make_fat_image("-F 12 -s 2", 1900, fill + " && mcopy big i:/"));
    std::vector<std::byte> content;
    REQUIRE(mounted.read_all("/big", content) == Status::Ok);
    CHECK(content == expected);
    FatFile file;
    REQUIRE(mounted.fat->open("/big", file) == Status::Ok);
    for (std::size_t at : {599'000u, 1u, 511u, 1023u, 300'000u, 0u}) {
        CAPTURE(at);
        std::vector<std::byte> piece(1000);
        REQUIRE(mounted.fat->read(file, at, piece) == Status::Ok);
        CHECK(std::equal(piece.begin(), piece.end(), expected.begin() + static_cast<std::ptrdiff_t>(at)));
    }
}

TEST_CASE("A folder of many clusters and names of many lengths are found") {
    if (no_fat_tools()) return;
    TempDir folder;
    std::filesystem::create_directory(folder / "many");
    const auto name_of = [](std::size_t length) { return std::to_string(1000 + length) + std::string(length, 'n'); };
    for (std::size_t length = 0; length < 200; ++length) {
        write_host_file(folder / "many" / name_of(length), make_pattern(13, 2));
    }
    MountedFat mounted(make_fat_image("-F 32 -s 1", 40000, "mcopy -s " + (folder / "many").string() + " i:/"));
    for (std::size_t length = 0; length < 200; ++length) {
        CAPTURE(length);
        FatFile file;
        CHECK(mounted.fat->open("/many/" + name_of(length), file) == Status::Ok);
    }
    CHECK(mounted.names("/many").size() == 202);
}
