// SPDX-License-Identifier: MIT
// Mounting, the table of clusters, and reading along a chain of them.
#include "parse/fat.hpp"

#include <algorithm>

#include "parse/le_bytes.hpp"

namespace pvloader {

Status Fat::corrupt(const char* detail) {
    detail_ = detail;
    return Status::Corrupt;
}

Status Fat::mount(BlockSource& source, std::span<std::byte> scratch) {
    source_ = nullptr;
    detail_ = nullptr;
    position_ = {};
    if (scratch.size() < kScratchBytes) {
        return Status::ScratchTooSmall;
    }
    if (source.size_bytes() < FatGeometry::kBootSectorBytes) {
        return Status::NotRecognized;
    }
    const auto boot = scratch.first(FatGeometry::kBootSectorBytes);
    if (const Status status = source.read(0, boot); status != Status::Ok) {
        return status;
    }
    geometry_ = {};
    if (const Status status = read_fat_geometry(boot, geometry_, detail_); status != Status::Ok) {
        return status;
    }
    if (!cache_.reset(source, scratch, geometry_.sector_bits)) {
        return Status::ScratchTooSmall;
    }
    source_ = &source;
    return Status::Ok;
}

Status Fat::load_table_byte(std::uint64_t at, std::uint8_t& value) {
    BlockCache::Block block;
    const std::uint64_t byte = geometry_.table_at + at;
    const Status status = cache_.load(byte >> geometry_.sector_bits, block);
    value = load_u8(block.bytes, static_cast<std::size_t>(byte & (geometry_.sector_bytes() - 1)));
    return status;
}

// Entries of 12 bits lie across sectors now and then, so each is put together from bytes.
Status Fat::load_table_entry(std::uint32_t cluster, std::uint32_t& value) {
    const std::uint64_t first_bit = std::uint64_t{cluster} * geometry_.entry_bits;
    const unsigned bytes = geometry_.entry_bits == 12 ? 2 : geometry_.entry_bits / 8;
    value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        std::uint8_t byte = 0;
        if (const Status status = load_table_byte(first_bit / 8 + i, byte); status != Status::Ok) {
            return status;
        }
        value |= std::uint32_t{byte} << (8 * i);
    }
    if (geometry_.entry_bits == 12) {
        value = first_bit % 8 != 0 ? value >> 4 : value & 0xFFF;
    }
    value &= 0x0FFFFFFF;  // the upper four bits of 32 belong to nobody
    return Status::Ok;
}

Status Fat::next_cluster(std::uint32_t cluster, std::uint32_t& next) {
    if (const Status status = load_table_entry(cluster, next); status != Status::Ok) {
        return status;
    }
    const std::uint32_t end = (geometry_.entry_bits == 32 ? 0x0FFFFFFFu : (1u << geometry_.entry_bits) - 1) - 7;
    if (next >= end) {
        next = 0;
        return Status::Ok;
    }
    return geometry_.has_cluster(next) ? Status::Ok : corrupt("chain of clusters");
}

// Stands on the cluster with this index in the chain that begins at `first`.
Status Fat::seek(std::uint32_t first, std::uint32_t index) {
    if (!geometry_.has_cluster(first)) {
        return corrupt("first cluster");
    }
    if (position_.first != first || index < position_.index) {
        position_ = {first, 0, first};
    }
    while (position_.index < index) {
        std::uint32_t next = 0;
        if (const Status status = next_cluster(position_.cluster, next); status != Status::Ok) {
            return status;
        }
        if (next == 0) {
            return corrupt("chain of clusters: shorter than the file");
        }
        position_.cluster = next;
        ++position_.index;
    }
    return Status::Ok;
}

// From the place where seek() stands: either whole sectors, as many as lie side by side, or a part of one.
Status Fat::read_part(std::uint64_t offset, std::span<std::byte> out, std::size_t& done) {
    const std::uint64_t within = offset & (geometry_.cluster_bytes() - 1);
    const std::uint64_t at = geometry_.byte_of(position_.cluster) + within;
    const std::size_t in_sector = static_cast<std::size_t>(at & (geometry_.sector_bytes() - 1));
    if (in_sector != 0 || out.size() < geometry_.sector_bytes()) {
        BlockCache::Block block;
        if (const Status status = cache_.load(at >> geometry_.sector_bits, block); status != Status::Ok) {
            return status;
        }
        done = std::min(out.size(), geometry_.sector_bytes() - in_sector);
        std::copy_n(block.bytes.begin() + static_cast<std::ptrdiff_t>(in_sector), done, out.begin());
        return Status::Ok;
    }
    const std::uint64_t wanted = out.size() & ~std::uint64_t{geometry_.sector_bytes() - 1};
    std::uint64_t available = geometry_.cluster_bytes() - within;
    while (available < wanted) {
        std::uint32_t next = 0;
        if (const Status status = next_cluster(position_.cluster, next); status != Status::Ok) {
            return status;
        }
        if (next != position_.cluster + 1) {
            break;
        }
        position_.cluster = next;
        ++position_.index;
        available += geometry_.cluster_bytes();
    }
    done = static_cast<std::size_t>(std::min(available, wanted));
    return source_->read(at, out.first(done));
}

Status Fat::read(const FatFile& file, std::uint64_t offset, std::span<std::byte> out) {
    if (source_ == nullptr) {
        return Status::NotMounted;
    }
    detail_ = nullptr;
    if (file.is_folder) {
        return Status::IsDirectory;
    }
    if (offset > file.bytes || out.size() > file.bytes - offset) {
        return Status::OutOfRange;
    }
    while (!out.empty()) {
        if (const Status status = seek(file.first_cluster, static_cast<std::uint32_t>(offset >> geometry_.cluster_bits));
            status != Status::Ok) {
            return status;
        }
        std::size_t done = 0;
        if (const Status status = read_part(offset, out, done); status != Status::Ok) {
            return status;
        }
        offset += done;
        out = out.subspan(done);
    }
    return Status::Ok;
}

}  // namespace pvloader
