// SPDX-License-Identifier: MIT
// The two cyclic checksums of ext file systems: CRC-32C with metadata_csum, CRC-16 with uninit_bg.
//
// Each function continues from `crc` and inverts nothing: ext starts at all ones and stores what comes out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

namespace detail {

// One step of eight bits for every value of a byte, lowest bit first.
template <typename Word, Word kReversedPolynomial>
constexpr std::array<Word, 256> make_crc_table() {
    std::array<Word, 256> table{};
    for (unsigned value = 0; value < 256; ++value) {
        Word crc = static_cast<Word>(value);
        for (int bit = 0; bit < 8; ++bit) {
            crc = static_cast<Word>((crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0));
        }
        table[value] = crc;
    }
    return table;
}

template <typename Word, Word kReversedPolynomial>
inline constexpr std::array<Word, 256> kCrcTable = make_crc_table<Word, kReversedPolynomial>();

template <typename Word, Word kReversedPolynomial>
constexpr Word continue_crc(Word crc, std::span<const std::byte> bytes) {
    for (const std::byte value : bytes) {
        const auto index = static_cast<std::uint8_t>(crc) ^ std::to_integer<std::uint8_t>(value);
        crc = static_cast<Word>((crc >> 8) ^ kCrcTable<Word, kReversedPolynomial>[static_cast<std::size_t>(index)]);
    }
    return crc;
}

}  // namespace detail

constexpr std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
    return detail::continue_crc<std::uint32_t, 0x82F63B78u>(crc, bytes);
}

constexpr std::uint16_t crc16(std::uint16_t crc, std::span<const std::byte> bytes) {
    return detail::continue_crc<std::uint16_t, 0xA001u>(crc, bytes);
}

// A number as it stands on the disk, to be summed.
constexpr std::array<std::byte, 4> le32_bytes(std::uint32_t value) {
    return {static_cast<std::byte>(value), static_cast<std::byte>(value >> 8), static_cast<std::byte>(value >> 16),
            static_cast<std::byte>(value >> 24)};
}

}  // namespace pvloader
