// SPDX-License-Identifier: MIT
// Choosing the reader, and passing on to it.
#include "fs/file_system.hpp"

namespace pvloader {

namespace {

// Hexadecimal digits and dashes against bytes.
bool spells(std::string_view text, std::span<const std::byte> bytes) {
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') continue;
        const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
        if (digits == 2 * bytes.size()) return false;
        const unsigned byte = std::to_integer<unsigned>(bytes[digits / 2]);
        const unsigned nibble = digits % 2 == 0 ? byte >> 4 : byte & 15;
        if (lower != "0123456789abcdef"[nibble]) return false;
        ++digits;
    }
    return digits == 2 * bytes.size();
}

}  // namespace

// What ext refuses may still be FAT: two bytes of a table of clusters can look like ext's magic number. When neither mounts, the
// reason is the one of whichever recognized something.
Status FileSystem::mount(BlockSource& source, std::span<std::byte> scratch) {
    const Status as_ext = mounted_.emplace<Ext>().mount(source, scratch);
    if (as_ext == Status::Ok) return as_ext;
    const Status as_fat = mounted_.emplace<Fat>().mount(source, scratch);
    if (as_fat == Status::Ok || as_ext == Status::NotRecognized) return as_fat;
    return mounted_.emplace<Ext>().mount(source, scratch);
}

Status FileSystem::lookup(std::string_view path, File& found) {
    if (auto* fat = std::get_if<Fat>(&mounted_)) return fat->lookup(path, found.found_.emplace<FatFile>());
    return std::get_if<Ext>(&mounted_)->lookup(path, found.found_.emplace<ExtFile>());
}

Status FileSystem::open(std::string_view path, File& file) {
    const Status status = lookup(path, file);
    if (status != Status::Ok || file.is_regular()) return status;
    return file.is_directory() ? Status::IsDirectory : Status::NotRegular;
}

// A file of another file system would be a mistake of ours; it is told as any other failure.
Status FileSystem::read(const File& file, std::uint64_t offset, std::span<std::byte> out) {
    auto* fat = std::get_if<Fat>(&mounted_);
    const FatFile* fat_file = file.fat();
    if (fat != nullptr && fat_file != nullptr) return fat->read(*fat_file, offset, out);
    auto* ext = std::get_if<Ext>(&mounted_);
    const ExtFile* ext_file = file.ext();
    return ext != nullptr && ext_file != nullptr ? ext->read(*ext_file, offset, out) : Status::NotMounted;
}

Status FileSystem::list(const File& directory, DirVisitor visitor) {
    auto* fat = std::get_if<Fat>(&mounted_);
    const FatFile* fat_folder = directory.fat();
    if (fat != nullptr && fat_folder != nullptr) {
        const auto pass_on = [](void* to, const FatDirEntry& entry) {
            const auto& caller = *static_cast<const DirVisitor*>(to);
            return caller.visit(caller.context, {entry.name, entry.file.is_folder});
        };
        return fat->list(*fat_folder, {pass_on, &visitor});
    }
    auto* ext = std::get_if<Ext>(&mounted_);
    const ExtFile* ext_folder = directory.ext();
    if (ext == nullptr || ext_folder == nullptr) return Status::NotMounted;
    const auto pass_on = [](void* to, const ExtDirEntry& entry) {
        constexpr std::uint8_t kFolder = 2;
        const auto& caller = *static_cast<const DirVisitor*>(to);
        return caller.visit(caller.context, {entry.name, entry.type == kFolder});
    };
    return ext->list(*ext_folder, {pass_on, &visitor});
}

bool FileSystem::has_uuid(std::string_view text) const {
    if (const auto* ext = std::get_if<Ext>(&mounted_)) return spells(text, ext->superblock().uuid);
    const std::uint32_t serial = std::get_if<Fat>(&mounted_)->geometry().serial;
    std::array<std::byte, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(serial >> (24 - 8 * i));
    return serial != 0 && spells(text, bytes);
}

const char* FileSystem::detail() const {
    const auto* fat = std::get_if<Fat>(&mounted_);
    return fat != nullptr ? fat->detail() : std::get_if<Ext>(&mounted_)->detail();
}

void FileSystem::explain(TextBuffer& text, Status status) const {
    text.add(to_text(status));
    const bool has_detail = status == Status::Corrupt || status == Status::Unsupported;
    if (has_detail && detail() != nullptr) text.add(": ").add(detail());
}

void FileSystem::explain_mount(TextBuffer& text, Status status) const {
    const auto* ext = std::get_if<Ext>(&mounted_);
    if (status == Status::NotRecognized) {
        text.add(" holds no ext2, ext3, ext4 or FAT file system");
    } else if (status == Status::Unsupported && ext != nullptr && ext->refused_feature() != nullptr) {
        text.add(": the file system has the feature ").add(ext->refused_feature()).add(", which the loader lacks");
    } else {
        explain(text.add(": the file system is "), status);
    }
}

}  // namespace pvloader
