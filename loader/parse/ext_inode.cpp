// SPDX-License-Identifier: MIT
// From an inode's number to its content: group descriptor, inode table, checksums.
#include "parse/ext.hpp"

#include <algorithm>

#include "parse/ext_crc.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

constexpr std::size_t kDescriptorFlagsAt = 0x12;
constexpr std::size_t kDescriptorChecksumAt = 0x1E;
constexpr std::uint16_t kInodeTableUnused = 0x1;
constexpr std::size_t kInodeChecksumLowAt = 0x7C;
constexpr std::size_t kInodeExtraAt = 0x80;  // also the size of an inode without extra fields
constexpr std::size_t kInodeChecksumHighAt = 0x82;
constexpr std::array<std::byte, 2> kTwoZeros{};

bool is_power_of(std::uint64_t value, std::uint64_t base) {
    std::uint64_t power = base;
    while (power < value) {
        power *= base;  // `value` has at most 33 bits: no overflow
    }
    return power == value;
}

// An inode's extra part says how much of itself is in use.
bool has_checksum_high(std::span<const std::byte> raw) {
    return raw.size() > kInodeExtraAt && load_le16(raw, kInodeExtraAt) >= 4;
}

}  // namespace

bool Ext::group_has_superblock(std::uint64_t group) const {
    if (group == 0) {
        return true;
    }
    if ((super_.compat & ext_compat::kSparseSuper2) != 0) {
        return group == super_.backup_groups[0] || group == super_.backup_groups[1];
    }
    if ((super_.ro_compat & ext_ro_compat::kSparseSuper) == 0 || group == 1) {
        return true;
    }
    return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

// The `index`-th block of group descriptors. They follow the superblock, or with meta_bg each lies at the start of the
// groups that it describes.
std::uint64_t Ext::descriptor_block(std::uint32_t index) const {
    const std::uint64_t superblock_block = kExtSuperblockAt >> super_.block_bits;
    if ((super_.incompat & ext_incompat::kMetaBlockGroups) == 0 || index < super_.first_meta_group) {
        return superblock_block + 1 + index;
    }
    const std::uint64_t group = std::uint64_t{index} * (super_.block_bytes() / super_.descriptor_bytes);
    std::uint64_t block = super_.first_data_block + group * super_.blocks_per_group;
    if (group_has_superblock(group)) {
        ++block;
    }
    // With 1 KiB blocks and clusters, block 0 is the boot block and yet counts as the first data block.
    if (group == 0 && super_.first_data_block < superblock_block) {
        ++block;
    }
    return block;
}

bool Ext::descriptor_checksum_is_right(std::uint32_t group, std::span<const std::byte> descriptor) const {
    const std::uint16_t stored = load_le16(descriptor, kDescriptorChecksumAt);
    const auto head = descriptor.first(kDescriptorChecksumAt);
    const auto tail = descriptor.subspan(kDescriptorChecksumAt + 2);
    if (super_.has_metadata_checksums()) {
        std::uint32_t crc = crc32c(super_.checksum_seed, le32_bytes(group));
        crc = crc32c(crc, head);
        crc = crc32c(crc, kTwoZeros);
        crc = crc32c(crc, tail);
        return static_cast<std::uint16_t>(crc) == stored;
    }
    if (super_.has_group_checksums()) {
        std::uint16_t crc = crc16(0xFFFF, super_.uuid);
        crc = crc16(crc, le32_bytes(group));
        crc = crc16(crc, head);
        return crc16(crc, tail) == stored;
    }
    return true;
}

Status Ext::find_inode_table(std::uint32_t group, std::uint64_t& first_block) {
    const std::uint32_t per_block = super_.block_bytes() / super_.descriptor_bytes;
    Block block;
    if (const Status status = load_block(descriptor_block(group / per_block), block, "place of a group descriptor");
        status != Status::Ok) {
        return status;
    }
    const std::size_t at = std::size_t{group % per_block} * super_.descriptor_bytes;
    const auto descriptor = block.bytes.subspan(at, super_.descriptor_bytes);
    if (!descriptor_checksum_is_right(group, descriptor)) {
        return corrupt("group descriptor: checksum");
    }
    const bool checked = super_.has_metadata_checksums() || super_.has_group_checksums();
    if (checked && (load_le16(descriptor, kDescriptorFlagsAt) & kInodeTableUnused) != 0) {
        return corrupt("group descriptor: no inode table yet");
    }
    first_block = load_le32(descriptor, 0x08);
    if (super_.descriptor_bytes >= 64) {
        first_block |= std::uint64_t{load_le32(descriptor, 0x28)} << 32;
    }
    const std::uint64_t table_bytes = std::uint64_t{super_.inodes_per_group} * super_.inode_bytes;
    if (!super_.holds(first_block, (table_bytes - 1) / super_.block_bytes() + 1)) {
        return corrupt("group descriptor: place of the inode table");
    }
    return Status::Ok;
}

// `raw` lies in the cache and stays until the next load.
Status Ext::load_raw_inode(std::uint32_t number, std::span<const std::byte>& raw) {
    if (number == 0 || number > super_.inode_count) {
        return corrupt("inode number");
    }
    std::uint64_t table = 0;
    if (const Status status = find_inode_table((number - 1) / super_.inodes_per_group, table); status != Status::Ok) {
        return status;
    }
    const std::uint64_t at = std::uint64_t{(number - 1) % super_.inodes_per_group} * super_.inode_bytes;
    Block block;
    if (const Status status = load_block(table + (at >> super_.block_bits), block, "inode table"); status != Status::Ok) {
        return status;
    }
    raw = block.bytes.subspan(static_cast<std::size_t>(at & (super_.block_bytes() - 1)), super_.inode_bytes);
    return Status::Ok;
}

bool Ext::inode_checksum_is_right(std::uint32_t number, std::span<const std::byte> raw) const {
    if (!super_.has_metadata_checksums()) {
        return true;
    }
    std::uint32_t crc = crc32c(super_.checksum_seed, le32_bytes(number));
    crc = crc32c(crc, raw.subspan(0x64, 4));  // generation
    crc = crc32c(crc, raw.first(kInodeChecksumLowAt));
    crc = crc32c(crc, kTwoZeros);
    crc = crc32c(crc, raw.subspan(kInodeChecksumLowAt + 2, kInodeExtraAt - kInodeChecksumLowAt - 2));
    const std::uint32_t low = load_le16(raw, kInodeChecksumLowAt);
    if (raw.size() == kInodeExtraAt) {
        return (crc & 0xFFFF) == low;
    }
    crc = crc32c(crc, raw.subspan(kInodeExtraAt, 2));
    if (!has_checksum_high(raw)) {
        return (crc32c(crc, raw.subspan(kInodeChecksumHighAt)) & 0xFFFF) == low;
    }
    crc = crc32c(crc, kTwoZeros);
    crc = crc32c(crc, raw.subspan(kInodeChecksumHighAt + 2));
    return crc == (low | std::uint32_t{load_le16(raw, kInodeChecksumHighAt)} << 16);
}

Status Ext::read_inode(std::uint32_t number, ExtFile& file) {
    std::span<const std::byte> raw;
    if (const Status status = load_raw_inode(number, raw); status != Status::Ok) {
        return status;
    }
    if (!inode_checksum_is_right(number, raw)) {
        return corrupt("inode: checksum");
    }
    file.inode = number;
    file.mode = load_le16(raw, 0x00);
    file.flags = load_le32(raw, 0x20);
    file.generation = load_le32(raw, 0x64);
    file.bytes = load_le32(raw, 0x04);
    // For others than files this field once meant something else.
    if (file.is_regular() || (super_.incompat & ext_incompat::kLargeDirectory) != 0) {
        file.bytes |= std::uint64_t{load_le32(raw, 0x6C)} << 32;
    }
    std::copy_n(raw.begin() + 0x28, file.block_area.size(), file.block_area.begin());
    if (file.mode == 0 || file.bytes > INT64_MAX) {
        return corrupt(file.mode == 0 ? "inode: not in use" : "inode: size");
    }
    return Status::Ok;
}

// What every checksum of a file's own metadata blocks starts with.
std::uint32_t Ext::file_checksum_seed(const ExtFile& file) const {
    return crc32c(crc32c(super_.checksum_seed, le32_bytes(file.inode)), le32_bytes(file.generation));
}

}  // namespace pvloader
