// SPDX-License-Identifier: MIT
// The commands ls and cat.
#include "boot/browse.hpp"

namespace pvloader {

namespace {

constexpr unsigned kMostNames = 1000;

struct Lister {
    Platform& platform;
    unsigned names = 0;

    static bool visit(void* context, const DirEntry& entry) {
        auto& self = *static_cast<Lister*>(context);
        if (entry.name == "." || entry.name == "..") return true;
        if (self.names == kMostNames) {
            self.platform.write("and more\n");
            return false;
        }
        ++self.names;
        Message line;
        self.platform.write(line.more().add_escaped(entry.name).add(entry.is_folder ? "/\n" : "\n").text());
        return true;
    }
};

// Line by line, so that the ends of lines stay what they are.
void write_text(Platform& platform, std::string_view text) {
    while (!text.empty()) {
        std::size_t end = 0;
        while (end < text.size() && text[end] != '\n') ++end;
        Message line;
        const bool is_dos = end > 0 && end < text.size() && text[end - 1] == '\r';
        line.more().add_escaped(cut(text, 0, is_dos ? end - 1 : end));
        platform.write(line.more().text());
        if (end < text.size()) platform.write("\n");
        text = cut(text, end + 1);
    }
}

}  // namespace

bool list_files(Platform& platform, Volumes& volumes, const Location& location, Message& why) {
    OpenFile opened;
    if (find_file(volumes, location, opened, why) != Status::Ok) return false;
    if (!opened.file.is_directory()) {
        const std::uint64_t kibibytes = (opened.file.size() + 1023) / 1024;
        Message line;
        line.more().add_number(static_cast<std::uint32_t>(kibibytes < UINT32_MAX ? kibibytes : UINT32_MAX)).add(" KiB\n");
        platform.write(line.more().text());
        return true;
    }
    Lister lister{platform};
    const Status status = opened.volume->list(opened.file, {&Lister::visit, &lister});
    if (status != Status::Ok) opened.volume->explain(why.clear(), status);
    return status == Status::Ok;
}

bool show_file(Platform& platform, Volumes& volumes, const Location& location, Message& why) {
    OpenFile opened;
    if (!open_file(volumes, location, opened, why)) return false;
    const std::uint64_t end = opened.file.size() < kMostShown ? opened.file.size() : kMostShown;
    std::array<char, 128> piece{};
    for (std::uint64_t at = 0; at < end; at += piece.size()) {
        const std::size_t count = end - at < piece.size() ? static_cast<std::size_t>(end - at) : piece.size();
        if (!read_file(opened, at, std::as_writable_bytes(std::span(piece)).first(count), why)) return false;
        write_text(platform, {piece.data(), count});
        if (at + count == end && piece[count - 1] != '\n') platform.write("\n");
    }
    if (end < opened.file.size()) platform.write("and more\n");
    return true;
}

}  // namespace pvloader
