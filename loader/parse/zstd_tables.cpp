// SPDX-License-Identifier: MIT
// Tables from their descriptions, which are packed themselves.
#include "parse/zstd_tables.hpp"

#include <algorithm>

#include "parse/le_bytes.hpp"

namespace pvloader {

namespace {

constexpr unsigned kLeastFseBits = 5;
constexpr std::size_t kMaxHuffmanSymbols = 256;

constexpr unsigned highest_bit(std::uint32_t value) { return static_cast<unsigned>(std::bit_width(value)) - 1; }

// Weights of Huffman words, two FSE streams that take turns until the bits are used up.
bool read_coded_weights(std::span<const std::byte> bytes, FseTable<6>& table, std::span<std::uint8_t> weights, std::size_t& count) {
    if (!read_fse(bytes, table.states, table.bits, kMaxFseSymbols)) return false;
    BackwardBits bits(bytes);
    if (!bits.has_mark()) return false;
    std::uint32_t states[2] = {bits.take(table.bits), bits.take(table.bits)};
    for (std::size_t turn = 0;; turn ^= 1) {
        const FseState& state = table.states[states[turn]];
        if (bits.left() < 0 || count + 2 > weights.size()) return false;
        weights[count++] = state.symbol;
        states[turn] = state.base + bits.take(state.bits);
        if (bits.left() < 0) {
            weights[count++] = table.states[states[turn ^ 1]].symbol;
            return true;
        }
    }
}

bool read_plain_weights(std::span<const std::byte> bytes, std::span<std::uint8_t> weights, std::size_t count) {
    if (count > weights.size() || bytes.size() < (count + 1) / 2) return false;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t pair = load_u8(bytes, i / 2);
        weights[i] = i % 2 == 0 ? pair >> 4 : pair & 15;
    }
    return true;
}

// A word of weight w has so many bits that 1 << (w - 1) places of the table are its own; 0 stands for no word. The last weight is
// not written: it is what is left.
bool build_huffman_words(HuffmanTable& table, std::span<std::uint8_t> weights, std::size_t count) {
    std::uint32_t used = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (weights[i] > HuffmanTable::kMaxBits) return false;
        used += weights[i] != 0 ? 1U << (weights[i] - 1) : 0;
    }
    if (used == 0 || count == weights.size()) return false;
    table.bits = highest_bit(used) + 1;
    if (table.bits > HuffmanTable::kMaxBits) return false;
    const std::uint32_t left = (1U << table.bits) - used;
    if ((left & (left - 1)) != 0) return false;
    weights[count++] = static_cast<std::uint8_t>(highest_bit(left) + 1);
    std::size_t place = 0;
    for (unsigned weight = 1; weight <= table.bits; ++weight) {
        for (std::size_t symbol = 0; symbol < count; ++symbol) {
            if (weights[symbol] != weight) continue;
            const HuffmanTable::Word word{static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(table.bits + 1 - weight)};
            for (std::size_t end = place + (std::size_t{1} << (weight - 1)); place < end; ++place) table.words[place] = word;
        }
    }
    table.is_made = true;
    return true;
}

}  // namespace

// Symbols are strewn over the states in steps that reach all of them; the rare ones have theirs at the end.
bool build_fse(std::span<FseState> states, unsigned bits, std::span<const std::int16_t> probabilities) {
    const std::size_t size = std::size_t{1} << bits;
    std::array<std::uint16_t, kMaxFseSymbols> next{};
    std::size_t common = size;
    std::size_t total = 0;
    for (std::size_t symbol = 0; symbol < probabilities.size(); ++symbol) {
        const bool is_rare = probabilities[symbol] == kLessThanOne;
        next[symbol] = is_rare ? std::uint16_t{1} : static_cast<std::uint16_t>(probabilities[symbol]);
        total += next[symbol];
        if (total > size) return false;
        if (is_rare) states[--common].symbol = static_cast<std::uint8_t>(symbol);
    }
    if (total != size) return false;
    const std::size_t step = (size >> 1) + (size >> 3) + 3;
    std::size_t place = 0;
    for (std::size_t symbol = 0; symbol < probabilities.size(); ++symbol) {
        for (std::int16_t i = 0; i < probabilities[symbol]; ++i) {
            states[place].symbol = static_cast<std::uint8_t>(symbol);
            do {
                place = (place + step) & (size - 1);
            } while (place >= common);
        }
    }
    for (FseState& state : states.first(size)) {
        const std::uint32_t number = next[state.symbol]++;
        state.bits = static_cast<std::uint8_t>(bits - highest_bit(number));
        state.base = static_cast<std::uint16_t>((number << state.bits) - size);
    }
    return true;
}

void build_constant_fse(FseState& state, std::uint8_t symbol) { state = {0, 0, symbol}; }

// Each probability takes just as many bits as are needed to tell what is still possible, and the smaller values one bit less.
bool read_fse(std::span<const std::byte>& bytes, std::span<FseState> states, unsigned& bits, std::size_t most_symbols) {
    ForwardBits in(bytes);
    bits = in.take(4) + kLeastFseBits;
    if (std::size_t{1} << bits > states.size()) return false;
    std::array<std::int16_t, kMaxFseSymbols> probabilities{};
    std::size_t count = 0;
    for (std::uint32_t remaining = 1U << bits; remaining > 0;) {
        const unsigned width = highest_bit(remaining + 1) + 1;
        const std::uint32_t low_mask = (1U << (width - 1)) - 1;
        const std::uint32_t short_values = (1U << width) - 2 - remaining;
        std::uint32_t value = in.take(width);
        if ((value & low_mask) < short_values) {
            in.give_back(1);
            value &= low_mask;
        } else if (value > low_mask) {
            value -= short_values;
        }
        if (count == most_symbols || in.has_ended()) return false;
        const auto probability = static_cast<std::int16_t>(static_cast<int>(value) - 1);
        probabilities[count++] = probability;
        const std::uint32_t taken = probability == kLessThanOne ? 1 : static_cast<std::uint32_t>(probability);
        if (taken > remaining) return false;
        remaining -= taken;
        if (probability != 0) continue;
        for (std::uint32_t zeros = 3; zeros == 3;) {
            zeros = in.take(2);
            if (zeros > most_symbols - count || in.has_ended()) return false;
            count += zeros;
        }
    }
    if (in.has_ended()) return false;
    bytes = bytes.subspan(in.bytes_used());
    return build_fse(states, bits, std::span(probabilities).first(count));
}

bool read_huffman(std::span<const std::byte>& bytes, ZstdTables& tables) {
    std::array<std::uint8_t, kMaxHuffmanSymbols> weights{};
    std::size_t count = 0;
    tables.literals.is_made = false;
    if (bytes.empty()) return false;
    const std::uint8_t head = load_u8(bytes, 0);
    bytes = bytes.subspan(1);
    std::size_t size = head;
    if (head >= 128) {
        count = head - 127U;
        size = (count + 1) / 2;
        if (!read_plain_weights(bytes, weights, count)) return false;
    } else if (size > bytes.size() || !read_coded_weights(bytes.first(size), tables.weights, weights, count)) {
        return false;
    }
    bytes = bytes.subspan(size);
    return build_huffman_words(tables.literals, weights, count);
}

}  // namespace pvloader
