// SPDX-License-Identifier: MIT
// A block's two sections. The numbers in the tables below are the format's.
#include "parse/zstd_blocks.hpp"

namespace pvloader {

namespace {

enum LiteralsKind : unsigned { kRaw, kRepeated, kCoded, kCodedAsBefore };
enum CodeMode : unsigned { kUsual, kConstant, kDescribed, kAsBefore };

struct Range {
    std::uint32_t base;
    std::uint8_t bits;  // to be added
};

constexpr Range kLiteralLengths[] = {
    {0, 0},   {1, 0},   {2, 0},   {3, 0},   {4, 0},    {5, 0},    {6, 0},    {7, 0},     {8, 0},     {9, 0},     {10, 0},     {11, 0},
    {12, 0},  {13, 0},  {14, 0},  {15, 0},  {16, 1},   {18, 1},   {20, 1},   {22, 1},    {24, 2},    {28, 2},    {32, 3},     {40, 3},
    {48, 4},  {64, 6},  {128, 7}, {256, 8}, {512, 9}, {1024, 10}, {2048, 11}, {4096, 12}, {8192, 13}, {16384, 14}, {32768, 15}, {65536, 16},
};
constexpr Range kMatchLengths[] = {
    {3, 0},   {4, 0},   {5, 0},   {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 0},   {12, 0},    {13, 0},    {14, 0},
    {15, 0},  {16, 0},  {17, 0},  {18, 0},  {19, 0},  {20, 0},  {21, 0},  {22, 0},  {23, 0},   {24, 0},    {25, 0},    {26, 0},
    {27, 0},  {28, 0},  {29, 0},  {30, 0},  {31, 0},  {32, 0},  {33, 0},  {34, 0},  {35, 1},   {37, 1},    {39, 1},    {41, 1},
    {43, 2},  {47, 2},  {51, 3},  {59, 3},  {67, 4},  {83, 4},  {99, 5},  {131, 7}, {259, 8},  {515, 9},   {1027, 10}, {2051, 11},
    {4099, 12}, {8195, 13}, {16387, 14}, {32771, 15}, {65539, 16},
};
constexpr std::size_t kMaxOffsetCode = 31;

constexpr unsigned kUsualBits = 6;
constexpr unsigned kUsualOffsetBits = 5;
constexpr std::int16_t kUsualLiteralLengths[] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1,  2,  2,
                                                 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
constexpr std::int16_t kUsualMatchLengths[] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
constexpr std::int16_t kUsualOffsets[] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

}  // namespace

UnpackStatus ZstdBlocks::decode(std::span<const std::byte> block) {
    if (const UnpackStatus status = read_literals(block); status != UnpackStatus::Ok) return status;
    return read_sequences(block);
}

// The header has 1 to 5 bytes: kind, format, and the sizes in 5 to 18 bits each.
bool ZstdBlocks::read_literals_header(std::span<const std::byte>& bytes, LiteralsHeader& header) {
    if (bytes.empty()) return false;
    std::array<std::byte, 8> head{};
    std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 5), head.begin());
    const std::uint64_t word = load_le64(head, 0);
    const unsigned format = word >> 2 & 3;
    std::size_t used = 0;
    header.kind = word & 3;
    if (header.kind == kRaw || header.kind == kRepeated) {
        used = (format & 1) == 0 ? 1 : format == 1 ? 2 : 3;
        header.plain = word >> ((format & 1) == 0 ? 3 : 4) & ((1U << (used == 1 ? 5 : used == 2 ? 12 : 20)) - 1);
        header.packed = header.kind == kRaw ? header.plain : 1;
    } else {
        const unsigned bits = format < 2 ? 10 : format == 2 ? 14 : 18;
        used = format < 2 ? 3 : format == 2 ? 4 : 5;
        header.streams = format == 0 ? 1 : 4;
        header.plain = word >> 4 & ((1U << bits) - 1);
        header.packed = word >> (4 + bits) & ((1U << bits) - 1);
    }
    if (used > bytes.size()) return false;
    bytes = bytes.subspan(used);
    return header.packed <= bytes.size() && header.plain <= ZstdScratch::kMaxBlockBytes;
}

UnpackStatus ZstdBlocks::read_literals(std::span<const std::byte>& bytes) {
    LiteralsHeader header;
    if (!read_literals_header(bytes, header)) return UnpackStatus::BadData;
    const auto packed = bytes.first(header.packed);
    bytes = bytes.subspan(header.packed);
    literals_ = std::span<const std::byte>(scratch_.literals).first(header.plain);
    if (header.kind == kRaw) {
        literals_ = packed;
    } else if (header.kind == kRepeated) {
        std::fill_n(scratch_.literals, header.plain, packed[0]);
    } else if (!decode_literals(packed, header)) {
        return UnpackStatus::BadData;
    }
    return UnpackStatus::Ok;
}

// Four streams are as long as each other, but for the last; a table says where they begin.
bool ZstdBlocks::decode_literals(std::span<const std::byte> bytes, const LiteralsHeader& header) {
    constexpr std::size_t kJumpTableBytes = 6;
    if (header.kind == kCoded && !read_huffman(bytes, tables_)) return false;
    if (!tables_.literals.is_made) return false;
    std::span<std::byte> out = std::span(scratch_.literals).first(header.plain);
    if (header.streams == 1) return decode_stream(bytes, out);
    const std::size_t part = (header.plain + 3) / 4;
    if (bytes.size() < kJumpTableBytes || 3 * part > header.plain) return false;
    const auto jumps = bytes.first(kJumpTableBytes);
    bytes = bytes.subspan(kJumpTableBytes);
    for (std::size_t stream = 0; stream < 3; ++stream) {
        const std::size_t size = load_le16(jumps, 2 * stream);
        if (size > bytes.size() || !decode_stream(bytes.first(size), out.first(part))) return false;
        bytes = bytes.subspan(size);
        out = out.subspan(part);
    }
    return decode_stream(bytes, out);
}

bool ZstdBlocks::decode_stream(std::span<const std::byte> bytes, std::span<std::byte> out) {
    const HuffmanTable& table = tables_.literals;
    BackwardBits bits(bytes);
    if (!bits.has_mark()) return false;
    for (std::byte& byte : out) {
        const HuffmanTable::Word word = table.words[bits.peek(table.bits)];
        byte = std::byte{word.symbol};
        bits.drop(word.bits);
    }
    return bits.is_used_up();
}

template <unsigned kMaxBits>
bool ZstdBlocks::read_code(std::span<const std::byte>& bytes, unsigned mode, FseTable<kMaxBits>& table, std::size_t most_symbols,
                           std::span<const std::int16_t> usual, unsigned usual_bits) {
    if (mode == kAsBefore) return table.is_made;
    table.is_made = false;
    if (mode == kUsual) {
        table.bits = usual_bits;
        table.is_made = build_fse(table.states, usual_bits, usual);
    } else if (mode == kDescribed) {
        table.is_made = read_fse(bytes, table.states, table.bits, most_symbols);
    } else if (!bytes.empty() && load_u8(bytes, 0) < most_symbols) {
        table.bits = 0;
        build_constant_fse(table.states[0], load_u8(bytes, 0));
        table.is_made = true;
        bytes = bytes.subspan(1);
    }
    return table.is_made;
}

bool ZstdBlocks::read_codes(std::span<const std::byte>& bytes) {
    if (bytes.empty()) return false;
    const unsigned modes = load_u8(bytes, 0);
    bytes = bytes.subspan(1);
    return (modes & 3) == 0 &&
           read_code(bytes, modes >> 6, tables_.literal_lengths, std::size(kLiteralLengths), kUsualLiteralLengths, kUsualBits) &&
           read_code(bytes, modes >> 4 & 3, tables_.offsets, kMaxOffsetCode + 1, kUsualOffsets, kUsualOffsetBits) &&
           read_code(bytes, modes >> 2 & 3, tables_.match_lengths, std::size(kMatchLengths), kUsualMatchLengths, kUsualBits);
}

UnpackStatus ZstdBlocks::read_sequences(std::span<const std::byte> bytes) {
    if (bytes.empty()) return UnpackStatus::BadData;
    std::size_t count = load_u8(bytes, 0);
    const std::size_t used = count < 128 ? 1 : count < 255 ? 2 : 3;
    if (used > bytes.size()) return UnpackStatus::BadData;
    if (used == 2) count = (count - 128) << 8 | load_u8(bytes, 1);
    if (used == 3) count = std::size_t{load_le16(bytes, 1)} + 0x7F00;
    bytes = bytes.subspan(used);
    if (count == 0) return bytes.empty() ? put_literals(literals_.size()) : UnpackStatus::BadData;
    if (!read_codes(bytes)) return UnpackStatus::BadData;
    return run_sequences(bytes, count);
}

UnpackStatus ZstdBlocks::run_sequences(std::span<const std::byte> bytes, std::size_t count) {
    BackwardBits bits(bytes);
    if (!bits.has_mark()) return UnpackStatus::BadData;
    const auto& lengths = tables_.literal_lengths;
    const auto& offsets = tables_.offsets;
    const auto& matches = tables_.match_lengths;
    FseState length = lengths.states[bits.take(lengths.bits)];
    FseState offset = offsets.states[bits.take(offsets.bits)];
    FseState match = matches.states[bits.take(matches.bits)];
    for (;;) {
        const std::uint32_t value = (1U << offset.symbol) + bits.take(offset.symbol);
        const std::size_t match_bytes = kMatchLengths[match.symbol].base + bits.take(kMatchLengths[match.symbol].bits);
        const std::size_t literals = kLiteralLengths[length.symbol].base + bits.take(kLiteralLengths[length.symbol].bits);
        std::size_t distance = 0;
        if (bits.left() < 0 || !take_distance(value, literals, distance)) return UnpackStatus::BadData;
        if (const UnpackStatus status = put_literals(literals); status != UnpackStatus::Ok) return status;
        if (const UnpackStatus status = copy(distance, match_bytes); status != UnpackStatus::Ok) return status;
        if (--count == 0) break;
        length = lengths.states[length.base + bits.take(length.bits)];
        match = matches.states[match.base + bits.take(match.bits)];
        offset = offsets.states[offset.base + bits.take(offset.bits)];
    }
    return bits.is_used_up() ? put_literals(literals_.size()) : UnpackStatus::BadData;
}

// Values 1 to 3 mean one of the latest three distances, or, without literals before, one of the others or the latest less one.
bool ZstdBlocks::take_distance(std::uint32_t value, std::size_t literals, std::size_t& distance) {
    std::size_t which = value - 1 + (literals == 0 ? 1 : 0);
    if (value > 3) {
        which = 2;
        distance = value - 3;
    } else if (which == 3) {
        which = 2;
        distance = distances_[0] - 1;
    } else {
        distance = distances_[which];
    }
    for (; which > 0; --which) distances_[which] = distances_[which - 1];
    distances_[0] = distance;
    return distance != 0;
}

UnpackStatus ZstdBlocks::put_literals(std::size_t count) {
    if (count > literals_.size()) return UnpackStatus::BadData;
    if (count > out_.size() - used_) return UnpackStatus::TooLarge;
    std::copy_n(literals_.begin(), count, out_.begin() + static_cast<std::ptrdiff_t>(used_));
    literals_ = literals_.subspan(count);
    used_ += count;
    return UnpackStatus::Ok;
}

UnpackStatus ZstdBlocks::copy(std::size_t distance, std::size_t length) {
    if (distance > used_ - frame_begin_) return UnpackStatus::BadData;
    if (length > out_.size() - used_) return UnpackStatus::TooLarge;
    std::byte* to = out_.data() + used_;
    used_ += length;
    for (const std::byte* from = to - distance; length > 0; --length) *to++ = *from++;
    return UnpackStatus::Ok;
}

}  // namespace pvloader
