// SPDX-License-Identifier: MIT
// Directories, and paths through them.
#include "parse/fat.hpp"

#include "parse/fat_entries.hpp"

namespace pvloader {
namespace {

constexpr std::string_view kHere(".", 1);
constexpr std::string_view kParent("..", 2);

}  // namespace

// Sectors that lie side by side. `go_on` is false after the last entry, or when the visitor has seen enough.
Status Fat::walk_sectors(std::uint64_t first, std::uint32_t count, FatEntryReader& reader, FatDirVisitor visitor,
                         bool& go_on) {
    for (std::uint32_t sector = 0; sector < count && go_on; ++sector) {
        BlockCache::Block block;
        if (const Status status = cache_.load(first + sector, block); status != Status::Ok) {
            return status;
        }
        for (std::size_t at = 0; at < block.bytes.size() && go_on; at += FatEntryReader::kEntryBytes) {
            const FatEntryReader::Step step = reader.take(block.bytes.subspan(at).first<FatEntryReader::kEntryBytes>());
            if (step == FatEntryReader::Step::End) {
                go_on = false;
            } else if (step == FatEntryReader::Step::Entry) {
                // The upper half of a cluster's number is FAT32's only.
                const std::uint32_t cluster = reader.first_cluster() & (geometry_.entry_bits == 32 ? 0x0FFFFFFFu : 0xFFFFu);
                const FatFile file{cluster, reader.is_folder() ? 0 : reader.bytes(), reader.is_folder()};
                go_on = visitor.visit(visitor.context, {reader.name(), reader.short_name(), file});
            }
        }
    }
    return Status::Ok;
}

Status Fat::walk_directory(const FatFile& directory, FatDirVisitor visitor) {
    FatEntryReader reader;
    bool go_on = true;
    std::uint32_t cluster = directory.first_cluster != 0 ? directory.first_cluster : geometry_.root_cluster;
    if (cluster == 0) {
        return walk_sectors(geometry_.root_sector, geometry_.root_sectors, reader, visitor, go_on);
    }
    if (!geometry_.has_cluster(cluster)) {
        return corrupt("directory: first cluster");
    }
    const std::uint32_t cluster_sectors = 1u << (geometry_.cluster_bits - geometry_.sector_bits);
    const std::uint32_t entries = geometry_.cluster_bytes() / static_cast<std::uint32_t>(FatEntryReader::kEntryBytes);
    for (std::uint32_t seen = 0; cluster != 0; seen += entries) {
        if (seen >= kMaxDirectoryEntries) {
            return corrupt("directory: too many entries");
        }
        const std::uint64_t sector = geometry_.byte_of(cluster) >> geometry_.sector_bits;
        if (const Status status = walk_sectors(sector, cluster_sectors, reader, visitor, go_on); status != Status::Ok) {
            return status;
        }
        if (!go_on) {
            return Status::Ok;
        }
        std::uint32_t next = 0;
        if (const Status status = next_cluster(cluster, next); status != Status::Ok) {
            return status;
        }
        cluster = next;
    }
    return Status::Ok;
}

Status Fat::list(const FatFile& directory, FatDirVisitor visitor) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    detail_ = nullptr;
    return directory.is_folder ? walk_directory(directory, visitor) : Status::NotDirectory;
}

Status Fat::find_entry(const FatFile& directory, std::string_view name, FatFile& found) {
    struct Search {
        std::string_view name;
        FatFile* found;
        bool is_found = false;
    };
    Search search{name, &found};
    const auto compare = [](void* context, const FatDirEntry& entry) {
        auto& wanted = *static_cast<Search*>(context);
        wanted.is_found = is_same_fat_name(entry.name, wanted.name) || is_same_fat_name(entry.short_name, wanted.name);
        if (wanted.is_found) {
            *wanted.found = entry.file;
        }
        return !wanted.is_found;
    };
    if (const Status status = walk_directory(directory, {compare, &search}); status != Status::Ok) {
        return status;
    }
    return search.is_found ? Status::Ok : Status::NotFound;
}

Status Fat::lookup(std::string_view path, FatFile& found) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    detail_ = nullptr;
    if (!path_.assign(path)) {
        return Status::TooLarge;
    }
    FatFile current{0, 0, true};
    for (std::string_view name; path_.next(name);) {
        if (!current.is_folder) {
            return Status::NotDirectory;
        }
        const bool is_root = current.first_cluster == 0 || current.first_cluster == geometry_.root_cluster;
        if (name == kHere || (name == kParent && is_root)) {
            continue;
        }
        FatFile next;
        if (const Status status = find_entry(current, name, next); status != Status::Ok) {
            return status;
        }
        current = next;
    }
    found = current;
    return Status::Ok;
}

Status Fat::open(std::string_view path, FatFile& file) {
    FatFile found;
    if (const Status status = lookup(path, found); status != Status::Ok) {
        return status;
    }
    if (found.is_folder) {
        return Status::IsDirectory;
    }
    file = found;
    return Status::Ok;
}

}  // namespace pvloader
