// SPDX-License-Identifier: MIT
// The two codes of zstd. FSE walks through states: each names a symbol, and how many bits to add to which number for the next state.
// Huffman words are looked up by the next bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/zstd_bits.hpp"

namespace pvloader {

struct FseState {
    std::uint16_t base = 0;  // of the next state
    std::uint8_t bits = 0;   // to be added to it
    std::uint8_t symbol = 0;
};

template <unsigned kMaxBits>
struct FseTable {
    std::array<FseState, std::size_t{1} << kMaxBits> states{};
    unsigned bits = 0;      // as many states are in use
    bool is_made = false;
};

struct HuffmanTable {
    static constexpr unsigned kMaxBits = 11;
    struct Word {
        std::uint8_t symbol = 0;
        std::uint8_t bits = 0;
    };

    std::array<Word, std::size_t{1} << kMaxBits> words{};
    unsigned bits = 0;
    bool is_made = false;
};

struct ZstdTables {
    FseTable<9> literal_lengths;
    FseTable<9> match_lengths;
    FseTable<8> offsets;
    FseTable<6> weights;  // of Huffman words, while they are read
    HuffmanTable literals;
};

inline constexpr std::size_t kMaxFseSymbols = 256;
inline constexpr std::int16_t kLessThanOne = -1;  // the probability of a symbol that gets one state all the same

// Fills `states`, 1 << bits of them, for probabilities that add up to as many. False when they do not.
[[nodiscard]] bool build_fse(std::span<FseState> states, unsigned bits, std::span<const std::int16_t> probabilities);

// A state that always gives this symbol.
void build_constant_fse(FseState& state, std::uint8_t symbol);

// Reads the description of a table from the front of `bytes`, which is moved on. False when it is none.
[[nodiscard]] bool read_fse(std::span<const std::byte>& bytes, std::span<FseState> states, unsigned& bits, std::size_t most_symbols);

// The same for a table of Huffman words. Precondition: BackwardBits' slack behind the bytes.
[[nodiscard]] bool read_huffman(std::span<const std::byte>& bytes, ZstdTables& tables);

}  // namespace pvloader
