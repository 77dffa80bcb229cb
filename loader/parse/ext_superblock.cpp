// SPDX-License-Identifier: MIT
// Decodes the superblock. Everything later divides, shifts and indexes by these numbers, so they are refused here.
#include "parse/ext_superblock.hpp"

#include <algorithm>

#include "parse/ext_crc.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Bytes = std::span<const std::byte, kExtSuperblockBytes>;

constexpr std::uint16_t kMagic = 0xEF53;
constexpr std::uint32_t kLargestLogBlockSize = 6;  // 64 KiB
constexpr std::size_t kChecksumAt = 0x3FC;
constexpr std::uint8_t kChecksumIsCrc32c = 1;

constexpr std::uint32_t kSupportedIncompat =
    ext_incompat::kFileType | ext_incompat::kNeedsRecovery | ext_incompat::kMetaBlockGroups | ext_incompat::kExtents |
    ext_incompat::k64Bit | ext_incompat::kMultiMountProtection | ext_incompat::kFlexibleBlockGroups |
    ext_incompat::kAttributeInodes | ext_incompat::kChecksumSeed | ext_incompat::kLargeDirectory | ext_incompat::kInlineData;

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

// Revision 0 has neither features nor a choice of inode size.
void decode_revision_1(Bytes bytes, ExtSuperblock& out) {
    out.inode_bytes = load_le16(bytes, 0x58);
    out.compat = load_le32(bytes, 0x5C);
    out.incompat = load_le32(bytes, 0x60);
    out.ro_compat = load_le32(bytes, 0x64);
    if ((out.incompat & ext_incompat::k64Bit) != 0) {
        out.descriptor_bytes = load_le16(bytes, 0xFE);
        out.block_count |= std::uint64_t{load_le32(bytes, 0x150)} << 32;
    }
    out.checksum_seed = (out.incompat & ext_incompat::kChecksumSeed) != 0 ? load_le32(bytes, 0x270)
                                                                          : crc32c(~0u, bytes.subspan(0x68, 16));
}

void decode_numbers(Bytes bytes, ExtSuperblock& out) {
    out.inode_count = load_le32(bytes, 0x00);
    out.block_count = load_le32(bytes, 0x04);
    out.first_data_block = load_le32(bytes, 0x14);
    out.blocks_per_group = load_le32(bytes, 0x20);
    out.inodes_per_group = load_le32(bytes, 0x28);
    out.first_meta_group = load_le32(bytes, 0x104);
    out.backup_groups = {load_le32(bytes, 0x24C), load_le32(bytes, 0x250)};
    for (std::size_t i = 0; i < 16; ++i) {
        out.uuid[i] = bytes[0x68 + i];
        out.label[i] = static_cast<char>(bytes[0x78 + i]);
    }
}

const char* find_bad_size(const ExtSuperblock& super) {
    const std::uint32_t block_bytes = super.block_bytes();
    if (!is_power_of_two(super.inode_bytes) || super.inode_bytes < 128 || super.inode_bytes > block_bytes) {
        return "superblock: inode size";
    }
    const std::uint32_t smallest_descriptor = (super.incompat & ext_incompat::k64Bit) != 0 ? 64 : 32;
    if (!is_power_of_two(super.descriptor_bytes) || super.descriptor_bytes < smallest_descriptor ||
        super.descriptor_bytes > block_bytes) {
        return "superblock: group descriptor size";
    }
    // A group's bitmap is one block: one bit for each inode, and one for each block unless blocks come in clusters.
    const std::uint32_t bitmap_bits = block_bytes * 8;
    const bool clusters = (super.ro_compat & ext_ro_compat::kBigAlloc) != 0;
    if (super.blocks_per_group == 0 || (!clusters && super.blocks_per_group > bitmap_bits)) {
        return "superblock: blocks per group";
    }
    if (super.inodes_per_group == 0 || super.inodes_per_group > bitmap_bits) {
        return "superblock: inodes per group";
    }
    return nullptr;
}

// Sets group_count.
const char* find_bad_count(ExtSuperblock& super, std::uint64_t device_bytes) {
    if (super.first_data_block > 1 || super.first_data_block >= super.block_count) {
        return "superblock: first data block";
    }
    if (super.block_count > device_bytes >> super.block_bits) {
        return "superblock: more blocks than the device has";
    }
    const std::uint64_t groups = (super.block_count - super.first_data_block - 1) / super.blocks_per_group + 1;
    if (groups > UINT32_MAX) {
        return "superblock: number of groups";
    }
    super.group_count = static_cast<std::uint32_t>(groups);
    if (super.inode_count < 2 || super.inode_count > groups * super.inodes_per_group) {
        return "superblock: number of inodes";
    }
    return nullptr;
}

Status check_checksum(Bytes bytes, const ExtSuperblock& super, const char*& detail) {
    if (!super.has_metadata_checksums()) {
        return Status::Ok;
    }
    if (load_u8(bytes, 0x175) != kChecksumIsCrc32c) {
        detail = "superblock: unknown checksum type";
        return Status::Unsupported;
    }
    if (crc32c(~0u, bytes.first(kChecksumAt)) != load_le32(bytes, kChecksumAt)) {
        detail = "superblock: checksum";
        return Status::Corrupt;
    }
    return Status::Ok;
}

}  // namespace

const char* name_refused_ext_feature(std::uint32_t incompat) {
    struct Name {
        std::uint32_t bit;
        const char* text;
    };
    constexpr Name kRefused[] = {
        {ext_incompat::kCompression, "compression"},    {ext_incompat::kJournalDevice, "journal_dev"},
        {ext_incompat::kDirectoryData, "dirdata"},      {ext_incompat::kEncrypt, "encrypt"},
        {ext_incompat::kCaseFold, "casefold"},
    };
    for (const Name& name : kRefused) {
        if ((incompat & name.bit) != 0) {
            return name.text;
        }
    }
    return (incompat & ~kSupportedIncompat) != 0 ? "an unknown incompatible feature" : nullptr;
}

ExtSuperblockResult decode_ext_superblock(Bytes bytes, std::uint64_t device_bytes) {
    ExtSuperblockResult result;
    ExtSuperblock& super = result.superblock;
    const auto fail = [&result](Status status, const char* detail) {
        result.status = status;
        result.detail = detail;
        return result;
    };
    if (load_le16(bytes, 0x38) != kMagic) {
        return fail(Status::NotRecognized, "superblock: magic number");
    }
    decode_numbers(bytes, super);
    const std::uint32_t revision = load_le32(bytes, 0x4C);
    if (revision > 1) {
        return fail(Status::Unsupported, "superblock: unknown revision");
    }
    if (revision == 1) {
        decode_revision_1(bytes, super);
    }
    if (const Status status = check_checksum(bytes, super, result.detail); status != Status::Ok) {
        return fail(status, result.detail);
    }
    result.refused_feature = name_refused_ext_feature(super.incompat);
    if (result.refused_feature != nullptr) {
        return fail(Status::Unsupported, "superblock: incompatible feature");
    }
    const std::uint32_t log_block_size = load_le32(bytes, 0x18);
    if (log_block_size > kLargestLogBlockSize) {
        return fail(Status::Corrupt, "superblock: block size");
    }
    super.block_bits = 10 + log_block_size;
    if (const char* detail = find_bad_size(super)) {
        return fail(Status::Corrupt, detail);
    }
    if (const char* detail = find_bad_count(super, device_bytes)) {
        return fail(Status::Corrupt, detail);
    }
    return result;
}

}  // namespace pvloader
