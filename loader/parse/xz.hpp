// SPDX-License-Identifier: MIT
// Decoder for xz files: LZMA2, alone or behind the filter for x86 code, which is what Linux's kernels use; CRC-32 and CRC-64.
#pragma once

#include "parse/lzma.hpp"
#include "parse/unpack.hpp"

namespace pvloader {

// `model` is scratch memory. Other filters, and SHA-256, are Unsupported.
UnpackResult unpack_xz(const PieceSource& in, std::span<std::byte> out, LzmaModel& model, Trailing trailing = Trailing::Nothing);

// Undoes the x86 filter in place: operands of calls and jumps become relative again.
void undo_x86_filter(std::span<std::byte> code);

}  // namespace pvloader
