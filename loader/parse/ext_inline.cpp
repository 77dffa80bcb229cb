// SPDX-License-Identifier: MIT
// Small files and directories that live inside their inode: 60 bytes in the place of the block pointers, the rest in the
// extended attribute "system.data" behind the inode's fields.
#include "parse/ext.hpp"

#include <algorithm>

#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kExtraSizeAt = 0x80;
constexpr std::uint32_t kAttributesMagic = 0xEA020000;
constexpr std::size_t kEntryHeaderBytes = 16;
constexpr std::uint8_t kSystemIndex = 7;
constexpr std::string_view kDataName = "data";

bool names_data(Bytes entry) {
    if (load_u8(entry, 0) != kDataName.size() || load_u8(entry, 1) != kSystemIndex) {
        return false;
    }
    for (std::size_t i = 0; i < kDataName.size(); ++i) {
        if (load_u8(entry, kEntryHeaderBytes + i) != static_cast<std::uint8_t>(kDataName[i])) {
            return false;
        }
    }
    return true;
}

}  // namespace

// `tail` lies in the cache; it is empty when the attribute is missing, as it may be for small files.
Status Ext::find_inline_tail(const ExtFile& file, Bytes& tail) {
    tail = {};
    Bytes raw;
    if (const Status status = load_raw_inode(file.inode, raw); status != Status::Ok) {
        return status;
    }
    const std::size_t magic_at = kExtraSizeAt + load_le16(raw, kExtraSizeAt);
    if (magic_at + 4 > raw.size() || load_le32(raw, magic_at) != kAttributesMagic) {
        return Status::Ok;
    }
    const Bytes area = raw.subspan(magic_at + 4);
    std::size_t at = 0;
    while (at + kEntryHeaderBytes <= area.size() && load_le32(area, at) != 0) {
        const Bytes entry = area.subspan(at);
        if (names_data(entry)) {
            const std::size_t value_at = load_le16(entry, 2);
            const std::uint32_t value_bytes = load_le32(entry, 8);
            if (load_le32(entry, 4) != 0 || value_at > area.size() || value_bytes > area.size() - value_at) {
                return corrupt("inline data");
            }
            tail = area.subspan(value_at, value_bytes);
            return Status::Ok;
        }
        at += (kEntryHeaderBytes + load_u8(entry, 0) + 3) & ~std::size_t{3};
    }
    return Status::Ok;
}

Status Ext::read_inline(const ExtFile& file, std::uint64_t offset, std::span<std::byte> out) {
    Bytes tail;
    if (const Status status = find_inline_tail(file, tail); status != Status::Ok) {
        return status;
    }
    const Bytes head = file.block_area;
    if (file.bytes > head.size() + tail.size()) {
        return corrupt("inline data: size");
    }
    // read() has checked that the range lies in the file, so both numbers are small now.
    const auto begin = static_cast<std::size_t>(offset);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t at = begin + i;
        out[i] = at < head.size() ? head[at] : tail[at - head.size()];
    }
    return Status::Ok;
}

}  // namespace pvloader
