// SPDX-License-Identifier: MIT
// pv/fs.h on top of fs/: C functions, error numbers, and the state that they share.
#include <pv/fs.h>

#include <new>
#include <optional>

#include <pv/string.h>

#include <pvabi/errno.h>

#include "fs/files.hpp"
#include "fs/place_walk.hpp"
#include "guest/guest_storage.hpp"

namespace pvloader {

namespace {

// What pv_fs_file.internal holds.
struct Handle {
    Place place;
    File file;
};
static_assert(sizeof(Handle) <= sizeof(pv_fs_file::internal) && alignof(Handle) <= alignof(pv_fs_file));

// Nothing runs constructors at the start of a guest, and volumes are large: made in memory of their own at the first use.
constinit GuestStorage storage;
constinit Volumes* volumes = nullptr;
constinit std::array<char, 512> reason_text{};

int fail(int error, std::string_view reason) {
    const std::size_t bytes = reason.size() < reason_text.size() ? reason.size() : reason_text.size() - 1;
    memcpy(reason_text.data(), reason.data(), bytes);
    reason_text[bytes] = '\0';
    return -error;
}

int error_of(Status status) {
    switch (status) {
        case Status::NotFound: return PV_ENOENT;
        case Status::NotMounted: return PV_ENODEV;
        case Status::NotDirectory: return PV_ENOTDIR;
        case Status::IsDirectory: return PV_EISDIR;
        case Status::NotRegular: return PV_EINVAL;
        case Status::OutOfRange: return PV_ERANGE;
        case Status::Unsupported: return PV_EOPNOTSUPP;
        case Status::TooLarge:
        case Status::SymlinkLoop: return PV_E2BIG;
        case Status::ScratchTooSmall: return PV_ENOMEM;
        default: return PV_EIO;
    }
}

bool begin() {
    reason_text[0] = '\0';
    if (volumes != nullptr) return true;
    const auto memory = storage.allocate(sizeof(Volumes));
    if (memory.empty()) {
        (void)fail(PV_ENOMEM, "not enough memory");
        return false;
    }
    volumes = new (memory.data()) Volumes(storage);
    return true;
}

// The first place that has a file system.
std::optional<Place> default_root() {
    Message unused;
    PlaceWalk walk(*volumes, 0, volumes->disk_count());
    for (Place place; walk.next(place);)
        if (volumes->mount(place, unused) != nullptr) return place;
    return std::nullopt;
}

int find(std::string_view name, Handle& handle) {
    Message why;
    Location location;
    const bool names_disk = starts_with(name, std::string_view("(", 1));
    const std::optional<Place> root = names_disk ? std::nullopt : default_root();
    if (!names_disk && !root.has_value()) return fail(PV_ENODEV, "no disk has a file system that can be read");
    if (!resolve_name(name, root, location, why)) return fail(PV_EINVAL, why.text());
    OpenFile opened;
    const Status status = find_file(*volumes, location, opened, why);
    if (status != Status::Ok) return fail(error_of(status), why.text());
    handle = {location.place, opened.file};
    return 0;
}

const Handle& handle_of(const pv_fs_file& file) { return *reinterpret_cast<const Handle*>(file.internal); }

// The file system that a file is on, mounted again if others took its room.
FileSystem* volume_of(const Handle& handle) {
    Message why;
    FileSystem* volume = volumes->mount(handle.place, why);
    if (volume == nullptr) (void)fail(PV_ENODEV, why.text());
    return volume;
}

int explain(const FileSystem& volume, Status status) {
    Message why;
    volume.explain(why.more(), status);
    return status == Status::Ok ? 0 : fail(error_of(status), why.text());
}

}  // namespace

}  // namespace pvloader

using namespace pvloader;

int pv_fs_open(const char* name, struct pv_fs_file* file) {
    if (!begin()) return -PV_ENOMEM;
    auto* handle = new (file->internal) Handle;
    const int result = find({name, pv_strlen(name)}, *handle);
    if (result < 0) return result;
    file->size = handle->file.size();
    file->is_folder = handle->file.is_directory();
    return 0;
}

int pv_fs_read(const struct pv_fs_file* file, std::uint64_t offset, void* buffer, std::size_t size) {
    if (!begin()) return -PV_ENOMEM;
    const Handle& handle = handle_of(*file);
    if (!handle.file.is_regular()) {
        const Status status = handle.file.is_directory() ? Status::IsDirectory : Status::NotRegular;
        return fail(error_of(status), to_text(status));
    }
    if (offset >= handle.file.size()) return 0;
    constexpr std::size_t kMost = std::size_t{1} << 30;  // the answer is an int
    const std::uint64_t left = handle.file.size() - offset;
    const std::size_t count = size < kMost ? size : kMost;
    const std::size_t wanted = count < left ? count : static_cast<std::size_t>(left);
    FileSystem* volume = volume_of(handle);
    if (volume == nullptr) return -PV_ENODEV;
    const Status status = volume->read(handle.file, offset, {static_cast<std::byte*>(buffer), wanted});
    return status == Status::Ok ? static_cast<int>(wanted) : explain(*volume, status);
}

int pv_fs_list(const struct pv_fs_file* folder, pv_fs_entry_visitor visit, void* context) {
    if (!begin()) return -PV_ENOMEM;
    const Handle& handle = handle_of(*folder);
    FileSystem* volume = volume_of(handle);
    if (volume == nullptr) return -PV_ENODEV;
    struct Visitor {
        pv_fs_entry_visitor visit;
        void* context;
    } visitor{visit, context};
    const auto pass_on = [](void* to, const DirEntry& entry) {
        const auto& caller = *static_cast<const Visitor*>(to);
        return caller.visit(caller.context, entry.name.data(), entry.name.size());
    };
    return explain(*volume, volume->list(handle.file, {pass_on, &visitor}));
}

void pv_fs_places(pv_fs_place_visitor visit, void* context) {
    if (!begin()) return;
    PlaceWalk walk(*volumes, 0, volumes->disk_count());
    for (Place place; walk.next(place);) {
        Message why;
        pv_fs_place told{};
        TextBuffer name(std::span<char>(told.name).first(sizeof told.name - 1));
        add_place(name, place);
        told.bytes = volumes->size_of(place);
        told.is_readable = volumes->mount(place, why) != nullptr;
        if (!told.is_readable) (void)fail(PV_ENODEV, why.text());
        if (!visit(context, &told)) return;
    }
}

const char* pv_fs_reason(void) { return reason_text.data(); }

void pv_fs_release(void) {
    reason_text[0] = '\0';
    if (volumes == nullptr) return;
    volumes->~Volumes();
    storage.release({reinterpret_cast<std::byte*>(volumes), sizeof(Volumes)});
    volumes = nullptr;
    storage.close_disks();
}
