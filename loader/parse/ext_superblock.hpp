// SPDX-License-Identifier: MIT
// The superblock of ext2, ext3 and ext4, checked: what an ExtSuperblock says about sizes and counts holds.
//
// Offsets and feature bits are those of the ext4 disk layout as the Linux documentation describes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/block_source.hpp"

namespace pvloader {

inline constexpr std::size_t kExtSuperblockAt = 1024;
inline constexpr std::size_t kExtSuperblockBytes = 1024;

// Features without which a reader must not touch the file system.
namespace ext_incompat {
inline constexpr std::uint32_t kCompression = 0x1;
inline constexpr std::uint32_t kFileType = 0x2;
inline constexpr std::uint32_t kNeedsRecovery = 0x4;
inline constexpr std::uint32_t kJournalDevice = 0x8;
inline constexpr std::uint32_t kMetaBlockGroups = 0x10;
inline constexpr std::uint32_t kExtents = 0x40;
inline constexpr std::uint32_t k64Bit = 0x80;
inline constexpr std::uint32_t kMultiMountProtection = 0x100;
inline constexpr std::uint32_t kFlexibleBlockGroups = 0x200;
inline constexpr std::uint32_t kAttributeInodes = 0x400;
inline constexpr std::uint32_t kDirectoryData = 0x1000;
inline constexpr std::uint32_t kChecksumSeed = 0x2000;
inline constexpr std::uint32_t kLargeDirectory = 0x4000;
inline constexpr std::uint32_t kInlineData = 0x8000;
inline constexpr std::uint32_t kEncrypt = 0x10000;
inline constexpr std::uint32_t kCaseFold = 0x20000;
}  // namespace ext_incompat

// Features that only a writer must know; these few also tell a reader where things are or what to verify.
namespace ext_ro_compat {
inline constexpr std::uint32_t kSparseSuper = 0x1;
inline constexpr std::uint32_t kGroupChecksum = 0x10;
inline constexpr std::uint32_t kBigAlloc = 0x200;
inline constexpr std::uint32_t kMetadataChecksum = 0x400;
}  // namespace ext_ro_compat

namespace ext_compat {
inline constexpr std::uint32_t kSparseSuper2 = 0x200;
}  // namespace ext_compat

// Names the first incompatible feature that this reader lacks; null when it has all of them.
const char* name_refused_ext_feature(std::uint32_t incompat);

struct ExtSuperblock {
    std::uint32_t block_bits = 10;  // 10 to 16
    std::uint64_t block_count = 0;
    std::uint32_t first_data_block = 0;
    std::uint32_t blocks_per_group = 0;
    std::uint32_t inodes_per_group = 0;
    std::uint32_t inode_count = 0;
    std::uint32_t group_count = 0;
    std::uint32_t inode_bytes = 128;       // a power of two, at most a block
    std::uint32_t descriptor_bytes = 32;   // a power of two, at most a block
    std::uint32_t first_meta_group = 0;
    std::uint32_t compat = 0;
    std::uint32_t incompat = 0;
    std::uint32_t ro_compat = 0;
    std::uint32_t checksum_seed = 0;
    std::array<std::uint32_t, 2> backup_groups{};
    std::array<std::byte, 16> uuid{};
    std::array<char, 17> label{};  // ends with NUL

    std::uint32_t block_bytes() const { return std::uint32_t{1} << block_bits; }
    bool has_metadata_checksums() const { return (ro_compat & ext_ro_compat::kMetadataChecksum) != 0; }
    bool has_group_checksums() const { return (ro_compat & ext_ro_compat::kGroupChecksum) != 0; }

    // True when such blocks exist; block 0 is never anyone's data.
    bool holds(std::uint64_t first_block, std::uint64_t blocks) const {
        return first_block != 0 && first_block < block_count && blocks <= block_count - first_block;
    }
};

struct ExtSuperblockResult {
    Status status = Status::Ok;
    const char* detail = nullptr;           // what is wrong, for a message
    const char* refused_feature = nullptr;  // set with Status::Unsupported
    ExtSuperblock superblock;
};

// `device_bytes` is the size of the disk or partition the bytes come from.
ExtSuperblockResult decode_ext_superblock(std::span<const std::byte, kExtSuperblockBytes> bytes,
                                          std::uint64_t device_bytes);

}  // namespace pvloader
