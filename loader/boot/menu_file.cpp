// SPDX-License-Identifier: MIT
// Searching and reading menu files.
#include "boot/menu_file.hpp"

#include "fs/place_walk.hpp"

namespace pvloader {

namespace {

constexpr char kMenuPaths[kMenuPathCount][24] = {
    "/boot/grub/menu.lst",
    "/boot/grub/grub.conf",
    "/grub/menu.lst",
    "/grub/grub.conf",
};
constexpr std::string_view kSavedName = "default";

bool is_absence(Status status) { return status == Status::NotFound || status == Status::NotDirectory; }

void copy_bytes(std::span<char> to, std::string_view from) {
    for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) to[i] = from[i];
}

}  // namespace

std::string_view menu_path(std::size_t index) { return row_text(kMenuPaths, index); }

bool MenuFile::load(const Location& location, const OpenFile& opened, Message& why) {
    if (opened.file.size() > kMaxMenuBytes) {
        why.clear().add("larger than 1 MiB");
        return false;
    }
    if (!load_file(opened, text_, why)) return false;
    root_ = location.place;
    path_bytes_ = location.path.size() < path_.size() ? location.path.size() : 0;
    copy_bytes(path_, cut(location.path, 0, path_bytes_));
    add_place(name_.clear(), location.place);
    name_.more().add(location.path);
    return true;
}

// The reasons of all places make one line, for a user who wonders why nothing boots.
bool MenuFile::find(Volumes& volumes, Message& why) {
    TextBuffer& text = why.clear().add("no menu was found");
    Message reason;
    if (volumes.partitions(0, reason) == nullptr) {
        text.add(": ").add(reason.text());
        return false;
    }
    PlaceWalk walk(volumes, 0, 1);
    std::string_view separator = ": ";
    bool has_volume = false;
    for (Place place; walk.next(place); separator = "; ") {
        text.add(separator);
        FileSystem* volume = volumes.mount(place, reason);
        if (volume == nullptr) {
            text.add(reason.text());
            continue;
        }
        has_volume = true;
        add_place(text, place);
        bool has_failure = false;
        for (std::size_t i = 0; i < kMenuPathCount; ++i) {
            const Location location{place, menu_path(i)};
            OpenFile opened{volume, {}};
            const Status status = volume->open(location.path, opened.file);
            if (status == Status::Ok && load(location, opened, reason)) return true;
            if (is_absence(status)) continue;
            if (status != Status::Ok) reason.clear().add(to_text(status));
            text.add(has_failure ? ", " : " ").add(location.path).add(": ").add(reason.text());
            has_failure = true;
        }
        if (!has_failure) text.add(" has none");
    }
    if (separator == ": ") text.add(": (hd0) has no usable partition");
    if (has_volume) {
        text.add(" (looked for");
        for (std::size_t i = 0; i < kMenuPathCount; ++i) text.add(" ").add(menu_path(i));
        text.add(")");
    }
    return false;
}

bool MenuFile::open(Volumes& volumes, std::string_view name, const std::optional<Place>& root, Message& why) {
    Location location;
    OpenFile opened;
    return resolve_name(name, root, location, why) && open_file(volumes, location, opened, why) &&
           load(location, opened, why);
}

bool MenuFile::take(Volumes& volumes, std::span<const std::byte> text, Message& why) {
    if (text.size() > kMaxMenuBytes) {
        why.clear().add("the menu given from the host is larger than 1 MiB");
        return false;
    }
    if (!text_.allocate(text.size())) {
        why.clear().add("not enough memory for the menu given from the host");
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) text_.bytes()[i] = text[i];
    name_.clear().add("menu");
    path_bytes_ = 0;
    root_.reset();
    PlaceWalk walk(volumes, 0, volumes.disk_count());
    for (Place place; !root_.has_value() && walk.next(place);)
        if (volumes.mount(place, why) != nullptr) root_ = place;
    return true;
}

std::optional<std::uint32_t> MenuFile::saved_default(Volumes& volumes) const {
    std::size_t folder = path_bytes_;
    while (folder > 0 && path_[folder - 1] != '/') --folder;
    if (folder == 0 || folder + kSavedName.size() > path_.size()) return std::nullopt;
    std::array<char, kMaxPathBytes> path = path_;
    copy_bytes(std::span(path).subspan(folder), kSavedName);
    Message why;
    OpenFile opened;
    if (!open_file(volumes, {*root_, {path.data(), folder + kSavedName.size()}}, opened, why)) return std::nullopt;
    std::array<char, 64> text{};
    const std::size_t bytes = opened.file.size() < text.size() ? static_cast<std::size_t>(opened.file.size()) : text.size();
    if (!read_file(opened, 0, std::as_writable_bytes(std::span(text)).first(bytes), why)) return std::nullopt;
    return parse_saved_default({text.data(), bytes});
}

}  // namespace pvloader
