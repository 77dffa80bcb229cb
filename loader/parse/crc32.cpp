// SPDX-License-Identifier: MIT
// CRC-32, sixteen bytes at a time: row k of the table is the effect of a byte that k further bytes follow.
#include "parse/crc32.hpp"

#include <array>
#include <bit>

namespace pvloader {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kSlices = 16;
using Row = std::array<std::uint32_t, 256>;
using Rows = std::array<Row, kSlices>;

constexpr Rows make_rows() {
    Rows rows{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
        rows[0][byte] = value;
    }
    for (std::size_t slice = 1; slice < kSlices; ++slice)
        for (std::size_t byte = 0; byte < 256; ++byte)
            rows[slice][byte] = rows[slice - 1][byte] >> 8 ^ rows[0][rows[slice - 1][byte] & 0xFF];
    return rows;
}

constexpr Rows kRows = make_rows();

// The effect of eight bytes that `behind` further bytes follow.
inline std::uint32_t eight_bytes(std::size_t behind, std::uint64_t word) {
    const Row* const rows = &kRows[behind];
    return rows[7][word & 0xFF] ^ rows[6][word >> 8 & 0xFF] ^ rows[5][word >> 16 & 0xFF] ^ rows[4][word >> 24 & 0xFF] ^
           rows[3][word >> 32 & 0xFF] ^ rows[2][word >> 40 & 0xFF] ^ rows[1][word >> 48 & 0xFF] ^ rows[0][word >> 56];
}

}  // namespace

std::uint32_t crc32_update(std::uint32_t crc, std::span<const std::byte> bytes) {
    const std::byte* next = bytes.data();
    std::size_t left = bytes.size();
    crc = ~crc;
    for (; left >= kSlices; left -= kSlices, next += kSlices) {
        std::uint64_t low;
        std::uint64_t high;
        __builtin_memcpy(&low, next, sizeof low);
        __builtin_memcpy(&high, next + sizeof low, sizeof high);
        crc = eight_bytes(8, low ^ crc) ^ eight_bytes(0, high);
    }
    for (; left > 0; --left, ++next) crc = crc >> 8 ^ kRows[0][(crc ^ std::to_integer<std::uint32_t>(*next)) & 0xFF];
    return ~crc;
}

}  // namespace pvloader
