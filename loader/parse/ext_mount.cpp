// SPDX-License-Identifier: MIT
// Mounting: the superblock, the working memory and the root directory.
#include "parse/ext.hpp"

namespace pvloader {
namespace {

constexpr std::uint32_t kRootInode = 2;
// Read from byte 0 and in this size where possible, so that devices with large sectors need no partial read.
constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kSmallestDevice = kExtSuperblockAt + kExtSuperblockBytes;

}  // namespace

Status Ext::corrupt(const char* detail) {
    detail_ = detail;
    return Status::Corrupt;
}

Status Ext::load_block(std::uint64_t number, Block& block, const char* detail) {
    if (!super_.holds(number, 1)) {
        return corrupt(detail);
    }
    return cache_.load(number, block);
}

Status Ext::mount(BlockSource& source, std::span<std::byte> scratch) {
    source_ = nullptr;
    super_ = {};
    root_ = {};
    detail_ = nullptr;
    refused_feature_ = nullptr;
    if (source.size_bytes() < kSmallestDevice) {
        return Status::NotRecognized;
    }
    const std::size_t head_bytes = source.size_bytes() < kHeadBytes ? kSmallestDevice : kHeadBytes;
    if (scratch.size() < head_bytes) {
        return Status::ScratchTooSmall;
    }
    if (const Status status = source.read(0, scratch.first(head_bytes)); status != Status::Ok) {
        return status;
    }
    const ExtSuperblockResult result =
        decode_ext_superblock(scratch.subspan<kExtSuperblockAt, kExtSuperblockBytes>(), source.size_bytes());
    detail_ = result.detail;
    refused_feature_ = result.refused_feature;
    if (result.status != Status::Ok) {
        return result.status;
    }
    super_ = result.superblock;
    if (!cache_.reset(source, scratch, super_.block_bits)) {
        return Status::ScratchTooSmall;
    }
    if (const Status status = read_inode(kRootInode, root_); status != Status::Ok) {
        return status;
    }
    if (!root_.is_directory()) {
        return corrupt("the root is not a directory");
    }
    source_ = &source;
    return Status::Ok;
}

}  // namespace pvloader
