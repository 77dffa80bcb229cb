// SPDX-License-Identifier: MIT
// Deflate's blocks. coded_block() alternates between a fast loop, which needs room at both ends and checks little else,
// and careful single steps near the ends of input piece and output.
#include "parse/inflate_blocks.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kMaxMatch = 258;

// One round of the fast loop loads at most 2 x 8 bytes (8 more before the first) and writes at most 3 literals or 2 and a match; a match may
// scribble up to 16 bytes behind its end.
constexpr std::ptrdiff_t kFastInput = 24;
constexpr std::size_t kFastOutput = 3 + kMaxMatch + 16;

void copy_word(std::byte* to, const std::byte* from) {
    std::uint64_t word;
    __builtin_memcpy(&word, from, sizeof word);
    __builtin_memcpy(to, &word, sizeof word);
}

// May write up to 16 bytes behind the match.
void copy_match_fast(std::byte* to, std::size_t distance, std::size_t length) {
    const std::byte* from = to - distance;
    std::byte* const end = to + length;
    if (distance >= 8) {
        copy_word(to, from);
        copy_word(to + 8, from + 8);
        for (to += 16, from += 16; to < end; to += 8, from += 8) copy_word(to, from);
        return;
    }
    if (distance == 1) {
        const std::uint64_t word = std::to_integer<std::uint64_t>(*from) * 0x0101010101010101U;
        for (; to < end; to += 8) __builtin_memcpy(to, &word, sizeof word);
        return;
    }
    // A word overlaps its source, but its first `distance` bytes are right.
    for (; to < end; to += distance, from += distance) copy_word(to, from);
}

void copy_match_exactly(std::byte* to, std::size_t distance, std::size_t length) {
    for (const std::byte* from = to - distance; length > 0; --length) *to++ = *from++;
}

}  // namespace

InflateStatus InflateBlocks::next_block(bool& is_last) {
    std::uint32_t header = 0;
    if (!in_.take(3, header)) return InflateStatus::Truncated;
    is_last = (header & 1) != 0;
    switch (header >> 1) {
        case 0: return stored_block();
        case 1:
            if (!has_fixed_codes_) build_fixed_huffman(tables_);
            has_fixed_codes_ = true;
            return coded_block();
        case 2: {
            has_fixed_codes_ = false;
            const InflateStatus status = read_codes();
            return status == InflateStatus::Ok ? coded_block() : status;
        }
        default: return InflateStatus::BadBlock;
    }
}

InflateStatus InflateBlocks::stored_block() {
    std::uint32_t length = 0;
    std::uint32_t complement = 0;
    in_.align_to_byte();
    if (!in_.take(16, length) || !in_.take(16, complement)) return InflateStatus::Truncated;
    if ((length ^ complement) != 0xFFFF) return InflateStatus::BadBlock;
    if (length > space()) return InflateStatus::TooLarge;
    if (!in_.take_bytes(out_, length)) return InflateStatus::Truncated;
    out_ += length;
    return InflateStatus::Ok;
}

InflateStatus InflateBlocks::read_codes() {
    constexpr std::uint8_t kOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::uint32_t literals = 0;
    std::uint32_t distances = 0;
    std::uint32_t length_codes = 0;
    if (!in_.take(5, literals) || !in_.take(5, distances) || !in_.take(4, length_codes)) return InflateStatus::Truncated;
    literals += 257;
    distances += 1;
    length_codes += 4;
    if (literals > 286 || distances > 30) return InflateStatus::BadCode;

    for (std::size_t i = 0; i < 19; ++i) tables_.lengths[i] = 0;
    for (std::size_t i = 0; i < length_codes; ++i) {
        std::uint32_t bits = 0;
        if (!in_.take(3, bits)) return InflateStatus::Truncated;
        tables_.lengths[kOrder[i]] = static_cast<std::uint8_t>(bits);
    }
    if (!build_huffman(tables_, HuffmanKind::LengthCodes, {tables_.lengths.data(), 19})) return InflateStatus::BadCode;
    const InflateStatus status = read_lengths(literals + distances);
    if (status != InflateStatus::Ok) return status;

    const std::span<const std::uint8_t> lengths(tables_.lengths);
    if (lengths[256] == 0) return InflateStatus::BadCode;  // the block could never end
    if (!build_huffman(tables_, HuffmanKind::Literals, lengths.first(literals)) ||
        !build_huffman(tables_, HuffmanKind::Distances, lengths.subspan(literals, distances)))
        return InflateStatus::BadCode;
    return InflateStatus::Ok;
}

// Both codes' lengths are one list; a repetition may cross from the first to the second, but not leave the list.
InflateStatus InflateBlocks::read_lengths(std::size_t amount) {
    for (std::size_t used = 0; used < amount;) {
        in_.fill();
        const std::uint32_t entry = find_entry(tables_.length_codes.data(), kLengthCodeBits, in_.bits);
        if (entry_drop(entry) > in_.count) return InflateStatus::Truncated;
        in_.drop(entry_drop(entry));
        const std::uint32_t symbol = entry_value(entry);
        if (symbol < 16) {
            tables_.lengths[used++] = static_cast<std::uint8_t>(symbol);
            continue;
        }
        if (symbol == 16 && used == 0) return InflateStatus::BadCode;
        const std::uint8_t value = symbol == 16 ? tables_.lengths[used - 1] : std::uint8_t{0};
        std::uint32_t repeats = 0;
        if (!in_.take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7, repeats)) return InflateStatus::Truncated;
        repeats += symbol == 18 ? 11 : 3;
        if (repeats > amount - used) return InflateStatus::BadCode;
        for (; repeats > 0; --repeats) tables_.lengths[used++] = value;
    }
    return InflateStatus::Ok;
}

InflateStatus InflateBlocks::coded_block() {
    for (;;) {
        const bool has_room = in_.has_piece(kFastInput) && space() >= kFastOutput;
        switch (has_room ? fast_steps() : careful_step()) {
            case Step::More: break;
            case Step::End: return InflateStatus::Ok;
            case Step::Truncated: return InflateStatus::Truncated;
            case Step::BadCode: return InflateStatus::BadCode;
            case Step::BadDistance: return InflateStatus::BadDistance;
            case Step::TooLarge: return InflateStatus::TooLarge;
        }
    }
}

// Precondition: room for one round at both ends; goes on while there is.
InflateBlocks::Step InflateBlocks::fast_steps() {
    const std::uint32_t* const literals = tables_.literals.data();
    const std::uint32_t* const distances = tables_.distances.data();
    const std::byte* const last_next = in_.end - kFastInput;
    std::byte* const last_out = out_end_ - kFastOutput;
    InflateBits in = in_;  // in registers
    std::byte* out = out_;
    Step step = Step::More;
    std::uint32_t entry = 0;
    const auto look_up = [&] { entry = literals[low_bits(in.bits, kLiteralBits)]; };
    const auto is_literal = [&] { return (entry & kEntryLiteral) != 0; };
    const auto put_literal = [&] {
        in.drop(entry_drop(entry));
        *out++ = static_cast<std::byte>(entry >> 16 & 0xFF);
    };
    in.fill_fast();
    look_up();
    do {
        // Here `entry` belongs to the next bits, and there are 56 of them. Words of the first table have 11 bits at
        // most: after two literals 34 are left, enough for a length of 15 + 5.
        if (is_literal()) {
            put_literal();
            look_up();
            if (is_literal()) {
                put_literal();
                look_up();
            }
        }
        if ((entry & kEntrySpecial) != 0) {
            if ((entry & kEntryLink) != 0) entry = find_entry(literals, kLiteralBits, in.bits);
            if ((entry & kEntryEnd) != 0) {
                in.drop(entry_drop(entry));
                step = Step::End;
                break;
            }
            if ((entry & kEntrySpecial) != 0) {
                step = Step::BadCode;
                break;
            }
        }
        if (is_literal()) {
            put_literal();
            in.fill_fast();
            look_up();
            continue;
        }
        const std::size_t length = entry_amount(entry, in.bits);
        in.drop(entry_drop(entry));
        in.fill_fast();
        entry = find_entry(distances, kDistanceBits, in.bits);
        const std::size_t distance = entry_amount(entry, in.bits);
        in.drop(entry_drop(entry));
        if ((entry & kEntrySpecial) != 0 || distance > static_cast<std::size_t>(out - begin_)) {
            step = (entry & kEntrySpecial) != 0 ? Step::BadCode : Step::BadDistance;
            break;
        }
        in.fill_fast();
        look_up();  // early: the copy hides the wait for the table
        copy_match_fast(out, distance, length);
        out += length;
    } while (in.next <= last_next && out <= last_out);
    in_ = in;
    out_ = out;
    return step;
}

// One literal, match or end of block, with every check.
InflateBlocks::Step InflateBlocks::careful_step() {
    in_.fill();
    std::uint32_t entry = find_entry(tables_.literals.data(), kLiteralBits, in_.bits);
    if (entry_drop(entry) > in_.count) return Step::Truncated;
    if ((entry & kEntryEnd) == 0 && (entry & kEntrySpecial) != 0) return in_.count < 15 ? Step::Truncated : Step::BadCode;
    const std::size_t length = entry_amount(entry, in_.bits);
    in_.drop(entry_drop(entry));
    if ((entry & kEntryEnd) != 0) return Step::End;
    if ((entry & kEntryLiteral) != 0) {
        if (space() == 0) return Step::TooLarge;
        *out_++ = static_cast<std::byte>(entry >> 16 & 0xFF);
        return Step::More;
    }
    entry = find_entry(tables_.distances.data(), kDistanceBits, in_.bits);
    if (entry_drop(entry) > in_.count) return Step::Truncated;
    if ((entry & kEntrySpecial) != 0) return in_.count < 15 ? Step::Truncated : Step::BadCode;
    const std::size_t distance = entry_amount(entry, in_.bits);
    in_.drop(entry_drop(entry));
    if (distance > static_cast<std::size_t>(out_ - begin_)) return Step::BadDistance;
    if (length > space()) return Step::TooLarge;
    copy_match_exactly(out_, distance, length);
    out_ += length;
    return Step::More;
}

}  // namespace pvloader
