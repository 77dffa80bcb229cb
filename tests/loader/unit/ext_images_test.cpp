// SPDX-License-Identifier: MIT
// One folder, formatted in every way that mke2fs knows and the loader supports, reads back byte for byte.
#include <doctest/doctest.h>

#include "ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;
namespace fs = std::filesystem;

namespace {

// Sizes around every edge: inline data, one block of each size, the first indirect block.
constexpr std::size_t kFileSizes[] = {0,    1,    59,   60,   61,   100,  160,   1023,  1024,   1025,
                                      4095, 4096, 4097, 8192, 12288, 13313, 65536, 70001, 400000, 1500000};

void fill_folder(const fs::path& root) {
    fs::create_directories(root / "boot" / "grub");
    for (const std::size_t size : kFileSizes) {
        write_host_file(root / ("file" + std::to_string(size)), make_pattern(size, static_cast<std::uint32_t>(size)));
    }
    write_host_file(root / "boot" / "grub" / "menu.lst", make_pattern(333, 7));
    fs::path deep = root / "deep";
    for (int level = 0; level < 20; ++level) {
        deep /= "level" + std::to_string(level);
    }
    fs::create_directories(deep);
    write_host_file(deep / "bottom", make_pattern(5000, 99));
    fs::create_directory(root / "few");
    for (int i = 0; i < 5; ++i) {
        write_host_file(root / "few" / ("entry-of-twenty-bytes" + std::to_string(i)), {});
    }
    fs::create_directory(root / "many");
    for (int i = 0; i < 1000; ++i) {
        fs::create_hard_link(root / "file1", root / "many" / ("a-name-of-middling-length-" + std::to_string(i)));
    }
    write_host_file(root / std::string(255, 'n'), make_pattern(10, 3));
}

void check_directory(Ext& ext, const fs::path& host, const std::string& path) {
    std::set<std::string> expected{".", ".."};
    if (path == "/") {
        expected.insert("lost+found");
    }
    for (const auto& entry : fs::directory_iterator(host)) {
        expected.insert(entry.path().filename().string());
    }
    ExtFile directory;
    REQUIRE(ext.lookup(path, directory) == Status::Ok);
    std::set<std::string> names;
    CHECK(list_names(ext, directory, names) == Status::Ok);
    CHECK(names == expected);
}

void check_file(MountedExt& mounted, const fs::path& host, const std::string& path) {
    const std::vector<std::byte> expected = read_host_file(host);
    std::vector<std::byte> content;
    REQUIRE(mounted.read_all(path, content) == Status::Ok);
    CHECK(content == expected);
    // Pieces that start and end inside blocks.
    ExtFile file;
    REQUIRE(mounted.ext->open(path, file) == Status::Ok);
    for (std::size_t offset = 0; offset < expected.size(); offset += 1 + expected.size() / 3) {
        const std::size_t length = std::min(expected.size() - offset, std::size_t{1} + expected.size() / 2);
        std::vector<std::byte> piece(length);
        REQUIRE(mounted.ext->read(file, offset, piece) == Status::Ok);
        CHECK(std::equal(piece.begin(), piece.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset)));
    }
    std::byte beyond[1];
    CHECK(mounted.ext->read(file, file.size(), beyond) == Status::OutOfRange);
}

void check_folder(MountedExt& mounted, const fs::path& root) {
    check_directory(*mounted.ext, root, "/");
    unsigned linked_names = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string path = "/" + fs::relative(entry.path(), root).string();
        CAPTURE(path);
        if (entry.is_directory()) {
            check_directory(*mounted.ext, entry.path(), path);
        } else if (entry.path().parent_path().filename() != "many" || ++linked_names % 50 == 0) {
            check_file(mounted, entry.path(), path);
        }
    }
}

}  // namespace

TEST_CASE("A folder reads back byte for byte from every format of mke2fs") {
    if (!have_tools({"mke2fs", "e2fsck"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    const std::string optimize = "e2fsck -fyD $IMAGE; test $? -le 1";
    struct Format {
        std::string options;
        std::string then = "true";
    };
    const Format formats[] = {
        {"-t ext2 -b 1024"},
        {"-t ext2 -b 1024 -I 128 -r 1 -O none"},
        {"-t ext2 -b 4096 -I 128"},
        {"-t ext2 -b 2048 -O ^filetype,^dir_index,^resize_inode,^sparse_super"},
        {"-t ext2 -b 65536"},
        {"-t ext3 -b 1024", optimize},
        {"-t ext3 -b 4096 -I 128", optimize},
        {"-t ext4"},
        {"-t ext4", optimize},
        {"-t ext4 -b 1024 -I 128", optimize},
        {"-t ext4 -b 1024 -I 256 -G 4 -g 2048"},
        {"-t ext4 -b 1024 -I 1024 -O ^resize_inode,meta_bg -g 1024"},
        {"-t ext4 -b 4096 -O ^64bit"},
        {"-t ext4 -b 4096 -O ^metadata_csum,uninit_bg", optimize},
        {"-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^64bit -g 1024"},
        {"-t ext4 -b 4096 -O ^extents,^64bit"},
        {"-t ext4 -b 4096 -O inline_data -I 256"},
        {"-t ext4 -b 1024 -O inline_data -I 512", optimize},
        {"-t ext4 -b 4096 -O bigalloc -C 16384"},
        {"-t ext4 -b 1024 -O bigalloc,^resize_inode,meta_bg -C 16384"},
        {"-t ext4 -b 4096 -O sparse_super2,^resize_inode,meta_bg -g 1024"},
        {"-t ext4 -b 4096 -O large_dir,ea_inode,quota,project,mmp,orphan_file,metadata_csum_seed"},
        {"-t ext4 -b 1024 -O ^resize_inode,meta_bg -g 256"},
        {"-t ext4 -b 1024 -O ^resize_inode,meta_bg,^sparse_super,^64bit -g 256"},
        {"-t ext4 -b 1024 -O ^resize_inode,meta_bg,sparse_super2 -g 256"},
        {"-t ext4 -b 16384 -g 1024"},
        {"-t ext4 -b 65536", optimize},
    };
    TempDir dir;
    fill_folder(dir / "root");
    unsigned formats_made = 0;
    for (const Format& format : formats) {
        CAPTURE(format.options);
        std::vector<std::byte> image =
            make_ext_image((dir / "root").string(), "-N 400 -L a-label " + format.options, 16, format.then);
        if (image.empty()) {
            MESSAGE("mke2fs refuses ", format.options);
            continue;
        }
        ++formats_made;
        MountedExt mounted(std::move(image));
        INFO(std::string(mounted.ext->detail() != nullptr ? mounted.ext->detail() : ""));
        REQUIRE(mounted.status == Status::Ok);
        CHECK_FALSE(mounted.ext->needs_recovery());
        CHECK(std::string(mounted.ext->superblock().label.data()) == "a-label");
        check_folder(mounted, dir / "root");
        CHECK(mounted.disk.aligned);
    }
    CHECK(formats_made > std::size(formats) / 2);
}

TEST_CASE("The least working memory is three blocks and less is refused") {
    if (!have_tools({"mke2fs"})) {
        MESSAGE("skipped: no mke2fs");
        return;
    }
    TempDir dir;
    fill_folder(dir / "root");
    const auto image = make_ext_image((dir / "root").string(), "-t ext4 -b 4096 -N 3000", 32);
    MountedExt enough(image, 3 * 4096);
    REQUIRE(enough.status == Status::Ok);
    check_folder(enough, dir / "root");
    CHECK(MountedExt(image, 3 * 4096 - 1).status == Status::ScratchTooSmall);
    CHECK(MountedExt(image, 0).status == Status::ScratchTooSmall);
}
