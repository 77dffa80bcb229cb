// SPDX-License-Identifier: MIT
// Opening and reading files, with the reasons when that fails.
#include "fs/files.hpp"

#include <limits>

namespace pvloader {

bool resolve_name(std::string_view name, const std::optional<Place>& root, Location& location, Message& why) {
    const DeviceParse parse = parse_device_name(name);
    if (!parse.is_ok()) {
        std::array<char, 512> memory{};
        why.clear().add(device_error_text(parse, memory));
        return false;
    }
    if (!parse.name.disk.has_value() && !root.has_value()) {
        why.clear().add("there is no root yet; write (hd0,0) in front, or a root line before");
        return false;
    }
    location.place = parse.name.disk.has_value() ? Place{*parse.name.disk, parse.name.partition} : *root;
    location.path = parse.name.path;
    return true;
}

Status find_file(Volumes& volumes, const Location& location, OpenFile& opened, Message& why) {
    opened.volume = volumes.mount(location.place, why);
    if (opened.volume == nullptr) return Status::NotMounted;
    const Status status = opened.volume->lookup(location.path, opened.file);
    if (status == Status::Ok) return status;
    opened.volume->explain(why.clear(), status);
    if (status == Status::NotFound) add_place(why.more().add(" on "), location.place);
    return status;
}

bool open_file(Volumes& volumes, const Location& location, OpenFile& opened, Message& why) {
    if (location.path.empty()) {
        why.clear().add("a disk, not a file");
        return false;
    }
    if (find_file(volumes, location, opened, why) != Status::Ok) return false;
    if (opened.file.is_regular()) return true;
    why.clear().add(to_text(opened.file.is_directory() ? Status::IsDirectory : Status::NotRegular));
    return false;
}

bool read_file(const OpenFile& opened, std::uint64_t offset, std::span<std::byte> out, Message& why) {
    const Status status = opened.volume->read(opened.file, offset, out);
    if (status != Status::Ok) opened.volume->explain(why.clear().add("cannot be read: "), status);
    return status == Status::Ok;
}

void explain_memory(TextBuffer& text, std::uint64_t bytes) {
    const std::uint64_t mebibytes = (bytes + 0xFFFFF) >> 20;
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    text.add("needs ").add_number(static_cast<std::uint32_t>(mebibytes < kMost ? mebibytes : kMost));
    text.add(" MiB, more than the domain has free; give it more by --memory");
}

bool load_file(const OpenFile& opened, Buffer& buffer, Message& why) {
    const std::uint64_t bytes = opened.file.size();
    if (bytes == 0) {
        why.clear().add("the file is empty");
        return false;
    }
    if (!buffer.allocate(bytes)) {
        explain_memory(why.clear(), bytes);
        return false;
    }
    return read_file(opened, 0, buffer.bytes(), why);
}

}  // namespace pvloader
