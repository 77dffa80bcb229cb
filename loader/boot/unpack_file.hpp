// SPDX-License-Identifier: MIT
// Decompresses a file, or a part of one. It is read in pieces, so that only what comes out needs memory in one piece.
#pragma once

#include "boot/platform.hpp"
#include "fs/files.hpp"
#include "parse/kernel_image.hpp"
#include "parse/unpack.hpp"

namespace pvloader {

// Where the compressed data lies, and what may follow it.
struct PackedFile {
    const OpenFile& opened;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    ImageKind kind = ImageKind::Unknown;  // gzip, xz, lz4 or zstd
    Trailing trailing = Trailing::Zeros;
};

constexpr bool is_compressed(ImageKind kind) {
    return kind == ImageKind::Gzip || kind == ImageKind::Xz || kind == ImageKind::Lz4 || kind == ImageKind::Zstd;
}

// Fills `out` with all that comes out, or says why not: never more than there is memory for.
bool unpack_file(Platform& platform, const PackedFile& file, Buffer& out, Message& why);

}  // namespace pvloader
