// SPDX-License-Identifier: MIT
// Decoding tables of deflate's Huffman codes.
//
// A table is indexed with the next bits of the stream. An entry says at once how many bits to drop and what they mean;
// words longer than the index lead to a second table behind the first.
//
//   bits 0-5    bits to drop: the code word and its extra bits (link: the index bits of the first table)
//   bits 8-11   bits of the code word alone (link: the index bits of the second table)
//   bit 13      link to a second table     } never alone:
//   bit 14      end of block               } always with bit 15
//   bit 15      neither literal nor length nor distance; without 13 and 14 a code word that does not exist
//   bits 16-30  literal byte, base length, base distance, or where the second table begins
//   bit 31      literal
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

inline constexpr std::uint32_t kEntryLink = 1U << 13;
inline constexpr std::uint32_t kEntryEnd = 1U << 14;
inline constexpr std::uint32_t kEntrySpecial = 1U << 15;
inline constexpr std::uint32_t kEntryLiteral = 1U << 31;

inline constexpr unsigned kLiteralBits = 11;
inline constexpr unsigned kDistanceBits = 8;
inline constexpr unsigned kLengthCodeBits = 7;

constexpr unsigned entry_drop(std::uint32_t entry) { return entry & 0x3F; }
constexpr unsigned entry_word(std::uint32_t entry) { return entry >> 8 & 0xF; }
constexpr std::uint32_t entry_value(std::uint32_t entry) { return entry >> 16 & 0x7FFF; }
constexpr std::uint32_t low_bits(std::uint64_t bits, unsigned count) {
    return static_cast<std::uint32_t>(bits & ((std::uint64_t{1} << count) - 1));
}

struct InflateTables {
    // The most entries that a complete code of 288 (32) symbols and 15 bits can need with these first tables.
    std::array<std::uint32_t, 2342> literals;
    std::array<std::uint32_t, 402> distances;
    std::array<std::uint32_t, 1U << kLengthCodeBits> length_codes;
    std::array<std::uint8_t, 288 + 32> lengths;
};

enum class HuffmanKind : std::uint8_t { Literals, Distances, LengthCodes };

// Fills the table of that kind from one code length per symbol (0: unused). False when no prefix code has these
// lengths. An incomplete code is refused except, as deflate allows, one of a single one-bit word, and one without words.
[[nodiscard]] bool build_huffman(InflateTables& tables, HuffmanKind kind, std::span<const std::uint8_t> lengths);

// The two codes that the format fixes.
void build_fixed_huffman(InflateTables& tables);

// The entry for the next bits, links followed. Its drop count is that of the entire word.
inline std::uint32_t find_entry(const std::uint32_t* table, unsigned index_bits, std::uint64_t bits) {
    std::uint32_t entry = table[low_bits(bits, index_bits)];
    if ((entry & kEntryLink) != 0) entry = table[entry_value(entry) + low_bits(bits >> index_bits, entry_word(entry))];
    return entry;
}

// Base value plus extra bits of a length or distance whose word is next in `bits`.
inline std::uint32_t entry_amount(std::uint32_t entry, std::uint64_t bits) {
    return entry_value(entry) + (low_bits(bits, entry_drop(entry)) >> entry_word(entry));
}

}  // namespace pvloader
