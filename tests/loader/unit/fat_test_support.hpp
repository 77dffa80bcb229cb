// SPDX-License-Identifier: MIT
// What the FAT tests share: images made by mkfs.fat and mtools, and a mounted Fat with its memory.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <set>

#include "disk_image_support.hpp"
#include "parse/fat.hpp"

namespace pvloader::test {

inline bool no_fat_tools() {
    if (have_tools({"mkfs.fat", "mcopy"})) return false;
    MESSAGE("skipped: no dosfstools or no mtools");
    return true;
}

// Formats so many KiB with these mkfs.fat options, then runs `fill`, in which $IMAGE is the image and mtools know it as i:.
inline std::vector<std::byte> make_fat_image(const std::string& options, unsigned kibibytes, const std::string& fill = "true") {
    TempDir dir;
    const std::string image = (dir / "fat.img").string();
    const std::string make = "mkfs.fat -i 12345678 " + options + " -C " + image + " " + std::to_string(kibibytes);
    const std::string settings = (dir / "mtoolsrc").string();
    const std::string line = "drive i: file=\"" + image + "\"\nmtools_skip_check=1\n";
    write_host_file(settings, std::as_bytes(std::span(line)));
    if (run_tool(make) != 0 || run_tool("export LC_ALL=C.UTF-8 MTOOLSRC=" + settings + " IMAGE=" + image + "; " + fill) != 0) {
        throw std::runtime_error("making the image failed: " + make + "; " + fill);
    }
    return read_host_file(image);
}

struct MountedFat {
    explicit MountedFat(std::vector<std::byte> image)
        : disk(std::move(image)), scratch(Fat::kScratchBytes), fat(std::make_unique<Fat>()), status(fat->mount(disk, scratch)) {}

    Status read_all(const std::string& path, std::vector<std::byte>& content) {
        FatFile file;
        if (const Status opened = fat->open(path, file); opened != Status::Ok) return opened;
        if (file.size() > disk.size_bytes() * 2) return Status::TooLarge;
        content.assign(static_cast<std::size_t>(file.size()), std::byte{0xA5});
        return fat->read(file, 0, content);
    }

    std::set<std::string> names(const std::string& path) {
        std::set<std::string> found;
        FatFile folder;
        const auto collect = [](void* context, const FatDirEntry& entry) {
            static_cast<std::set<std::string>*>(context)->emplace(entry.name);
            return true;
        };
        if (fat->lookup(path, folder) == Status::Ok) static_cast<void>(fat->list(folder, {collect, &found}));
        return found;
    }

    MemoryDisk disk;
    std::vector<std::byte> scratch;
    std::unique_ptr<Fat> fat;
    Status status;
};

}  // namespace pvloader::test
