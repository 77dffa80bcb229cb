// SPDX-License-Identifier: MIT
// Decoder for lz4 files: the frame format, and the older one that Linux's kernels are packed in (`lz4 -l`).
#pragma once

#include "parse/unpack.hpp"

namespace pvloader {

// Checksums of single blocks are not looked at; that of the content is. Frames that need a dictionary are Unsupported.
UnpackResult unpack_lz4(const PieceSource& in, std::span<std::byte> out, Trailing trailing = Trailing::Nothing);

// The size that a frame's header claims, or 0. `head` is the beginning of the file, of which 16 bytes will do.
std::uint64_t lz4_size_hint(std::span<const std::byte> head);

}  // namespace pvloader
