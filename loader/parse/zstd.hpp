// SPDX-License-Identifier: MIT
// Decoder for zstd files (RFC 8878): frames of blocks, each made of literals, coded by Huffman, and sequences, coded by FSE, that
// say how literals and copies of what came before take turns. Frames that need a dictionary are Unsupported.
#pragma once

#include "parse/unpack.hpp"
#include "parse/zstd_tables.hpp"

namespace pvloader {

// Scratch memory of about 270 KiB.
struct ZstdScratch {
    static constexpr std::size_t kMaxBlockBytes = 128 * 1024;

    std::byte block[kMaxBlockBytes + BackwardBits::kSlackBytes];
    std::byte literals[kMaxBlockBytes];
    ZstdTables tables;
};

UnpackResult unpack_zstd(const PieceSource& in, std::span<std::byte> out, ZstdScratch& scratch, Trailing trailing = Trailing::Nothing);

// The size that the first frame's header claims, or 0. `head` is the beginning of the file, of which 18 bytes will do.
std::uint64_t zstd_size_hint(std::span<const std::byte> head);

}  // namespace pvloader
