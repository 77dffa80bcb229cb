// SPDX-License-Identifier: MIT
// Building the decoding tables from code lengths.
#include "parse/inflate_tables.hpp"

namespace pvloader {

namespace {

constexpr unsigned kMaxWordBits = 15;
constexpr std::size_t kMaxSymbols = 288;

using Meanings = std::array<std::uint32_t, kMaxSymbols>;

constexpr std::uint32_t meaning(std::uint32_t value, std::uint32_t extra_bits) { return value << 16 | extra_bits; }

// Literals 0-255, end of block 256, lengths 257-285; 286 and 287 have words in the fixed code but no meaning.
constexpr Meanings make_literal_meanings() {
    Meanings meanings{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) meanings[byte] = kEntryLiteral | meaning(byte, 0);
    meanings[256] = kEntrySpecial | kEntryEnd;
    std::uint32_t base = 3;
    for (std::uint32_t symbol = 257; symbol < 285; ++symbol) {
        const std::uint32_t extra = symbol < 265 ? 0 : (symbol - 261) / 4;
        meanings[symbol] = meaning(base, extra);
        base += 1U << extra;
    }
    meanings[285] = meaning(258, 0);
    meanings[286] = meanings[287] = kEntrySpecial;
    return meanings;
}

constexpr Meanings make_distance_meanings() {
    Meanings meanings{};
    std::uint32_t base = 1;
    for (std::uint32_t symbol = 0; symbol < 30; ++symbol) {
        const std::uint32_t extra = symbol < 4 ? 0 : (symbol - 2) / 2;
        meanings[symbol] = meaning(base, extra);
        base += 1U << extra;
    }
    meanings[30] = meanings[31] = kEntrySpecial;
    return meanings;
}

constexpr Meanings make_length_code_meanings() {
    Meanings meanings{};
    for (std::uint32_t symbol = 0; symbol < 19; ++symbol) meanings[symbol] = meaning(symbol, 0);
    return meanings;
}

constexpr Meanings kLiteralMeanings = make_literal_meanings();
constexpr Meanings kDistanceMeanings = make_distance_meanings();
constexpr Meanings kLengthCodeMeanings = make_length_code_meanings();

struct Shape {
    std::span<std::uint32_t> table;
    unsigned index_bits;
    const Meanings& meanings;
};

Shape shape_of(InflateTables& tables, HuffmanKind kind) {
    if (kind == HuffmanKind::Literals) return {tables.literals, kLiteralBits, kLiteralMeanings};
    if (kind == HuffmanKind::Distances) return {tables.distances, kDistanceBits, kDistanceMeanings};
    return {tables.length_codes, kLengthCodeBits, kLengthCodeMeanings};
}

using Counts = std::array<std::uint16_t, kMaxWordBits + 1>;

enum class Fullness : std::uint8_t { Complete, Incomplete, Impossible };

Fullness judge(const Counts& counts, HuffmanKind kind) {
    int free_words = 1;
    unsigned used = 0;
    for (unsigned bits = 1; bits <= kMaxWordBits; ++bits) {
        free_words = free_words * 2 - counts[bits];
        used += counts[bits];
        if (free_words < 0) return Fullness::Impossible;
    }
    if (free_words == 0) return Fullness::Complete;
    const bool is_allowed = kind != HuffmanKind::LengthCodes && (used == 0 || (used == 1 && counts[1] == 1));
    return is_allowed ? Fullness::Incomplete : Fullness::Impossible;
}

// The index bits of a second table whose first, shortest word has `bits` bits: enough for all words with its prefix.
// `counts` holds the words not yet placed.
unsigned second_table_bits(const Counts& counts, unsigned bits, unsigned index_bits) {
    unsigned second_bits = bits - index_bits;
    int free_words = 1 << second_bits;
    while (bits < kMaxWordBits) {
        free_words -= counts[bits];
        if (free_words <= 0) break;
        ++bits;
        ++second_bits;
        free_words <<= 1;
    }
    return second_bits;
}

// Words arrive bit by bit, first bit lowest, so the words in order are numbers counted up from the highest bit down.
std::uint32_t next_word(std::uint32_t word, unsigned bits) {
    std::uint32_t bit = 1U << (bits - 1);
    while ((word & bit) != 0) bit >>= 1;
    return bit == 0 ? 0 : (word & (bit - 1)) + bit;
}

bool place_words(const Shape& shape, Counts& counts, std::span<const std::uint8_t> lengths,
                 std::span<const std::uint16_t> sorted) {
    const std::uint32_t first_size = 1U << shape.index_bits;
    std::uint32_t word = 0;
    std::uint32_t open_prefix = first_size;  // of no second table yet
    std::uint32_t second_start = 0;
    std::uint32_t second_size = 0;
    std::uint32_t used = first_size;
    for (const std::uint16_t symbol : sorted) {
        const unsigned bits = lengths[symbol];
        const std::uint32_t entry = shape.meanings[symbol] + bits + (bits << 8);
        if (bits <= shape.index_bits) {
            for (std::uint32_t i = word; i < first_size; i += 1U << bits) shape.table[i] = entry;
        } else {
            const std::uint32_t prefix = word & (first_size - 1);
            if (prefix != open_prefix) {
                const unsigned second_bits = second_table_bits(counts, bits, shape.index_bits);
                open_prefix = prefix;
                second_start = used;
                second_size = 1U << second_bits;
                used += second_size;
                if (used > shape.table.size()) return false;
                shape.table[prefix] = kEntrySpecial | kEntryLink | second_start << 16 | second_bits << 8 | shape.index_bits;
            }
            for (std::uint32_t i = word >> shape.index_bits; i < second_size; i += 1U << (bits - shape.index_bits))
                shape.table[second_start + i] = entry;
        }
        --counts[bits];
        word = next_word(word, bits);
    }
    return true;
}

}  // namespace

bool build_huffman(InflateTables& tables, HuffmanKind kind, std::span<const std::uint8_t> lengths) {
    const Shape shape = shape_of(tables, kind);
    Counts counts{};
    for (const std::uint8_t bits : lengths) ++counts[bits];
    counts[0] = 0;
    const Fullness fullness = judge(counts, kind);
    if (fullness == Fullness::Impossible) return false;
    if (fullness == Fullness::Incomplete)
        for (std::uint32_t i = 0; i < 1U << shape.index_bits; ++i) shape.table[i] = kEntrySpecial;

    Counts starts{};
    for (unsigned bits = 1; bits < kMaxWordBits; ++bits)
        starts[bits + 1] = static_cast<std::uint16_t>(starts[bits] + counts[bits]);
    std::array<std::uint16_t, kMaxSymbols> sorted;
    std::size_t used = 0;
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
        if (lengths[symbol] == 0) continue;
        sorted[starts[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
        ++used;
    }
    return place_words(shape, counts, lengths, {sorted.data(), used});
}

void build_fixed_huffman(InflateTables& tables) {
    for (std::size_t symbol = 0; symbol < 288; ++symbol)
        tables.lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    (void)build_huffman(tables, HuffmanKind::Literals, {tables.lengths.data(), 288});
    for (std::size_t symbol = 0; symbol < 32; ++symbol) tables.lengths[symbol] = 5;
    (void)build_huffman(tables, HuffmanKind::Distances, {tables.lengths.data(), 32});
}

}  // namespace pvloader
