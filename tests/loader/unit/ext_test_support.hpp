// SPDX-License-Identifier: MIT
// What the ext tests share: images made by mke2fs from a folder, a mounted Ext with its memory, and superblock surgery.
#pragma once

#include <memory>
#include <set>

#include "disk_image_support.hpp"
#include "parse/ext.hpp"
#include "parse/ext_crc.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader::test {

// Formats `megabytes` with these mke2fs options and fills it from `folder`; empty when mke2fs refuses.
inline std::vector<std::byte> make_ext_image(const std::string& folder, const std::string& options, unsigned megabytes,
                                             const std::string& then = "true") {
    TempDir dir;
    const std::string image = (dir / "fs.img").string();
    const std::string source = folder.empty() ? "" : " -d " + folder;
    // Nothing random in the image, so that damage at a given place is the same in each run.
    const std::string fixed = "-U 5a7c1c39-5f0e-4a52-9f3b-2f6f0c8e7d11 -E hash_seed=0b1e6a52-8a39-4a5e-8f27-1d7a3c5e9b20 ";
    const std::string make = "E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F " + fixed + options + source + " " + image + " " + std::to_string(megabytes) + "M";
    if (run_tool(make) != 0) {
        return {};
    }
    if (run_tool("IMAGE=" + image + "; " + then) != 0) {
        throw std::runtime_error("failed after mke2fs: " + then);
    }
    return read_host_file(image);
}

// An Ext, the disk under it and its working memory, kept together.
struct MountedExt {
    explicit MountedExt(std::vector<std::byte> image, std::size_t scratch_bytes = Ext::kScratchBytes)
        : disk(std::move(image)), scratch(scratch_bytes), ext(std::make_unique<Ext>()), status(mount()) {}

    Status mount() { return ext->mount(disk, scratch); }

    Status read_all(const std::string& path, std::vector<std::byte>& content) {
        ExtFile file;
        if (const Status opened = ext->open(path, file); opened != Status::Ok) {
            return opened;
        }
        if (file.size() > disk.size_bytes() * 16) {
            return Status::TooLarge;
        }
        content.assign(static_cast<std::size_t>(file.size()), std::byte{0xA5});
        return ext->read(file, 0, content);
    }

    MemoryDisk disk;
    std::vector<std::byte> scratch;
    std::unique_ptr<Ext> ext;
    Status status;
};

inline Status list_names(Ext& ext, const ExtFile& directory, std::set<std::string>& names) {
    const auto collect = [](void* context, const ExtDirEntry& entry) {
        static_cast<std::set<std::string>*>(context)->emplace(entry.name);
        return true;
    };
    return ext.list(directory, {collect, &names});
}

// Changes a superblock field and makes the checksum right again, as a hostile image would.
inline void set_superblock(std::vector<std::byte>& image, std::size_t at, std::uint64_t value, std::size_t width) {
    const auto super = std::span(image).subspan(kExtSuperblockAt, kExtSuperblockBytes);
    store_le(super, at, value, width);
    if ((load_le32(super, 0x64) & ext_ro_compat::kMetadataChecksum) != 0) {
        store_le(super, 0x3FC, crc32c(~0u, super.first(0x3FC)), 4);
    }
}

// Opens and reads whatever can be reached, as far as limits allow. Only for damaged images: gives no verdict; that it comes
// back, with no report of a sanitizer and a bounded number of reads, is the test.
class HostileWalk {
public:
    explicit HostileWalk(Ext& ext, unsigned most_visits) : ext_(ext), visits_left_(most_visits), buffer_(64 * 1024) {}

    void run() { visit("", 0); }
    unsigned files_read() const { return files_read_; }

private:
    void visit(const std::string& path, unsigned depth) {
        ExtFile file;
        if (visits_left_ == 0 || depth > 5) {
            return;
        }
        --visits_left_;
        if (ext_.lookup(path, file) != Status::Ok) {
            return;
        }
        if (file.is_directory()) {
            std::set<std::string> names;
            static_cast<void>(list_names(ext_, file, names));
            for (const std::string& name : names) {
                if (name != "." && name != "..") {
                    visit(path + "/" + name, depth + 1);
                }
            }
            return;
        }
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), buffer_.size()));
        const Status head = ext_.read(file, 0, std::span(buffer_).first(length));
        const Status tail = ext_.read(file, file.size() - length, std::span(buffer_).first(length));
        files_read_ += head == Status::Ok && tail == Status::Ok ? 1 : 0;
    }

    Ext& ext_;
    unsigned visits_left_;
    std::vector<std::byte> buffer_;
    unsigned files_read_ = 0;
};

}  // namespace pvloader::test
