// SPDX-License-Identifier: MIT
// CRC-32 as gzip, zip and GPT use it (reflected polynomial 0xEDB88320).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

// Continues a checksum; the first call passes 0, and each result is a finished checksum of everything so far.
std::uint32_t crc32_update(std::uint32_t crc, std::span<const std::byte> bytes);

inline std::uint32_t crc32_of(std::span<const std::byte> bytes) { return crc32_update(0, bytes); }

}  // namespace pvloader
