// SPDX-License-Identifier: MIT
// xxHash, the checksums of lz4 (XXH32) and zstd (XXH64), with seed 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

std::uint32_t xxh32(std::span<const std::byte> bytes);
std::uint64_t xxh64(std::span<const std::byte> bytes);

}  // namespace pvloader
