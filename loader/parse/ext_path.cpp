// SPDX-License-Identifier: MIT
// From a path to a file. Symbolic links are put in front of the rest of the path, so there is no recursion.
#include "parse/ext.hpp"

#include <algorithm>

namespace pvloader {
namespace {

constexpr std::size_t kShortLinkBytes = 60;  // shorter targets live in the inode
// As constants, so that no strlen() is called.
constexpr std::string_view kHere = ".";
constexpr std::string_view kParent = "..";

}  // namespace

Status Ext::prepend_link(const ExtFile& link, bool& absolute) {
    if (link.bytes == 0 || link.bytes >= PathQueue::kCapacity) {
        return corrupt("symbolic link: length");
    }
    const std::span<char> target = path_.prepend(static_cast<std::size_t>(link.bytes));
    if (target.empty()) {
        return Status::TooLarge;
    }
    const bool in_inode = !link.has_inline_data() && !link.has_extents() && link.bytes < kShortLinkBytes;
    if (in_inode) {
        std::transform(link.block_area.begin(), link.block_area.begin() + static_cast<std::ptrdiff_t>(target.size()),
                       target.begin(), [](std::byte value) { return static_cast<char>(value); });
    } else if (const Status status = read(link, 0, std::as_writable_bytes(target)); status != Status::Ok) {
        return status;
    }
    if (std::find(target.begin(), target.end(), '\0') != target.end()) {
        return corrupt("symbolic link: text");
    }
    absolute = target[0] == '/';
    return Status::Ok;
}

Status Ext::lookup(std::string_view path, ExtFile& found) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    detail_ = nullptr;
    directory_budget_ = kDirectoryBudgetBytes;
    if (!path_.assign(path)) {
        return Status::TooLarge;
    }
    ExtFile current = root_;
    unsigned links = 0;
    std::string_view name;
    while (path_.next(name)) {
        if (!current.is_directory()) {
            return Status::NotDirectory;
        }
        if (name == kHere || (name == kParent && current.inode == root_.inode)) {
            continue;
        }
        std::uint32_t inode = 0;
        if (const Status status = find_entry(current, name, inode); status != Status::Ok) {
            return status;
        }
        ExtFile next;
        if (const Status status = read_inode(inode, next); status != Status::Ok) {
            return status;
        }
        if (!next.is_symlink()) {
            current = next;
            continue;
        }
        if (++links > kMaxSymlinks) {
            return Status::SymlinkLoop;
        }
        bool absolute = false;
        if (const Status status = prepend_link(next, absolute); status != Status::Ok) {
            return status;
        }
        if (absolute) {
            current = root_;
        }
    }
    found = current;
    return Status::Ok;
}

Status Ext::open(std::string_view path, ExtFile& file) {
    ExtFile found;
    if (const Status status = lookup(path, found); status != Status::Ok) {
        return status;
    }
    if (!found.is_regular()) {
        return found.is_directory() ? Status::IsDirectory : Status::NotRegular;
    }
    file = found;
    return Status::Ok;
}

}  // namespace pvloader
