// SPDX-License-Identifier: MIT
// The names and contexts of LZMA's bits follow its format; the 12 states tell what the last few symbols were: below 7 the last was
// a literal.
#include "parse/lzma.hpp"

#include <algorithm>

namespace pvloader {

namespace {

constexpr unsigned kModelBits = 11;
constexpr LzmaModel::Bit kEven = 1U << (kModelBits - 1);
constexpr unsigned kMoveBits = 5;
constexpr std::uint32_t kSmallestRange = 1U << 24;
constexpr std::size_t kCoderHeadBytes = 5;
constexpr std::uint32_t kShortestMatch = 2;
constexpr std::uint32_t kMaxLiteralBits = 4;

constexpr std::uint32_t after_literal(std::uint32_t state) { return state < 4 ? 0 : state < 10 ? state - 3 : state - 6; }
constexpr std::uint32_t after_match(std::uint32_t state) { return state < 7 ? 7 : 10; }
constexpr std::uint32_t after_repeat(std::uint32_t state) { return state < 7 ? 8 : 11; }
constexpr std::uint32_t after_short_repeat(std::uint32_t state) { return state < 7 ? 9 : 11; }

}  // namespace

inline void LzmaCoder::normalize() {
    if (range >= kSmallestRange) return;
    std::uint8_t byte = 0;
    if (input_left == 0) {
        status = UnpackStatus::BadData;
    } else if (in->next(byte)) {
        --input_left;
    } else {
        status = UnpackStatus::Truncated;
    }
    range <<= 8;
    code = code << 8 | byte;
}

inline std::uint32_t LzmaCoder::bit(LzmaModel::Bit& probability) {
    normalize();
    const std::uint32_t bound = (range >> kModelBits) * probability;
    if (code < bound) {
        range = bound;
        probability = static_cast<LzmaModel::Bit>(probability + (((1U << kModelBits) - probability) >> kMoveBits));
        return 0;
    }
    range -= bound;
    code -= bound;
    probability = static_cast<LzmaModel::Bit>(probability - (probability >> kMoveBits));
    return 1;
}

// A number below `size`, a power of two, highest bit first.
inline std::uint32_t LzmaCoder::tree(LzmaModel::Bit* bits, std::uint32_t size) {
    std::uint32_t node = 1;
    while (node < size) node = node << 1 | bit(bits[node]);
    return node - size;
}

inline std::uint32_t LzmaCoder::reverse_tree(LzmaModel::Bit* bits, unsigned count) {
    std::uint32_t node = 1;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
        const std::uint32_t next = bit(bits[node]);
        node = node << 1 | next;
        value |= next << i;
    }
    return value;
}

// Bits that are as often 0 as 1.
inline std::uint32_t LzmaCoder::direct(unsigned count) {
    std::uint32_t value = 0;
    for (; count > 0; --count) {
        normalize();
        range >>= 1;
        const std::uint32_t next = code >= range ? 1 : 0;
        code -= next != 0 ? range : 0;
        value = value << 1 | next;
    }
    return value;
}

UnpackStatus Lzma2Decoder::run(std::size_t& used) {
    used_ = used;
    UnpackStatus status = UnpackStatus::Ok;
    for (std::uint8_t control = 1; status == UnpackStatus::Ok;) {
        if (!in_.next(control)) status = UnpackStatus::Truncated;
        if (status != UnpackStatus::Ok || control == 0) break;
        status = control >= 0x80 ? coded_chunk(control) : stored_chunk(control);
    }
    used = used_;
    return status;
}

UnpackStatus Lzma2Decoder::stored_chunk(std::uint8_t control) {
    if (control > 2 || (control == 2 && needs_dictionary_)) return UnpackStatus::BadData;
    std::uint8_t high = 0;
    std::uint8_t low = 0;
    if (!in_.next(high) || !in_.next(low)) return UnpackStatus::Truncated;
    const std::size_t bytes = (std::size_t{high} << 8 | low) + 1;
    if (control == 1) {
        dictionary_ = used_;
        needs_dictionary_ = false;
    }
    if (bytes > out_.size() - used_) return UnpackStatus::TooLarge;
    if (!in_.take(out_.subspan(used_, bytes))) return UnpackStatus::Truncated;
    used_ += bytes;
    return UnpackStatus::Ok;
}

// Bits 5 and 6 of `control`: nothing, the state, the properties too, or the dictionary too are new.
UnpackStatus Lzma2Decoder::coded_chunk(std::uint8_t control) {
    std::uint8_t head[5];
    std::size_t count = 0;
    const unsigned renewed = control >> 5 & 3;
    for (const std::size_t wanted = renewed >= 2 ? 5 : 4; count < wanted; ++count)
        if (!in_.next(head[count])) return UnpackStatus::Truncated;
    const std::size_t unpacked = (std::size_t{control & 0x1FU} << 16 | std::size_t{head[0]} << 8 | head[1]) + 1;
    const std::size_t packed = (std::size_t{head[2]} << 8 | head[3]) + 1;
    if (renewed == 3) {
        dictionary_ = used_;
        needs_dictionary_ = false;
    }
    if (renewed >= 2 && !set_properties(head[4])) return UnpackStatus::BadData;
    if (renewed >= 1) reset_state();
    if (needs_dictionary_ || needs_properties_ || needs_state_ || packed < kCoderHeadBytes) return UnpackStatus::BadData;
    if (unpacked > out_.size() - used_) return UnpackStatus::TooLarge;

    std::uint8_t first = 0;
    if (!in_.next(first)) return UnpackStatus::Truncated;
    if (first != 0) return UnpackStatus::BadData;
    coder_ = {&in_, ~0U, 0, packed - kCoderHeadBytes};
    for (int i = 0; i < 4; ++i) {
        std::uint8_t byte = 0;
        if (!in_.next(byte)) return UnpackStatus::Truncated;
        coder_.code = coder_.code << 8 | byte;
    }
    const UnpackStatus status = decode(used_ + unpacked);
    if (status != UnpackStatus::Ok) return status;
    return coder_.input_left == 0 && coder_.code == 0 ? UnpackStatus::Ok : UnpackStatus::BadData;
}

bool Lzma2Decoder::set_properties(std::uint8_t properties) {
    const unsigned lc = properties % 9;
    const unsigned lp = properties / 9 % 5;
    const unsigned pb = properties / 45;
    if (pb > 4 || lc + lp > kMaxLiteralBits) return false;
    literal_bits_ = lc;
    literal_positions_ = (1U << lp) - 1;
    positions_ = (1U << pb) - 1;
    needs_properties_ = false;
    return true;
}

void Lzma2Decoder::reset_state() {
    static_assert(sizeof(LzmaModel) % sizeof(LzmaModel::Bit) == 0, "all of it are probabilities");
    auto* bytes = static_cast<std::byte*>(static_cast<void*>(&model_));
    __builtin_memcpy(bytes, &kEven, sizeof kEven);
    for (std::size_t done = sizeof kEven; done < sizeof model_;) {  // what is filled is copied behind itself
        const std::size_t count = std::min(done, sizeof model_ - done);
        __builtin_memcpy(bytes + done, bytes, count);
        done += count;
    }
    state_ = 0;
    distances_ = {};
    needs_state_ = false;
}

// After a match, the byte that would have continued it is a further context, as long as the literal's bits agree with it.
void Lzma2Decoder::literal(LzmaCoder& shared) {
    LzmaCoder coder = shared;
    const std::uint32_t before = used_ > dictionary_ ? std::to_integer<std::uint32_t>(out_[used_ - 1]) : 0;
    const auto position = static_cast<std::uint32_t>(used_ - dictionary_);
    LzmaModel::Bit* bits = model_.literal[((position & literal_positions_) << literal_bits_) + (before >> (8 - literal_bits_))];
    std::uint32_t node = 1;
    if (state_ >= 7) {
        std::uint32_t expected = std::to_integer<std::uint32_t>(out_[used_ - distances_[0] - 1]);
        std::uint32_t agrees = 0x100;
        while (node < 0x100 && agrees != 0) {
            expected <<= 1;
            const std::uint32_t next = coder.bit(bits[agrees + (expected & agrees) + node]);
            node = node << 1 | next;
            agrees = (next != 0) == ((expected & 0x100) != 0) ? agrees : 0;
        }
    }
    while (node < 0x100) node = node << 1 | coder.bit(bits[node]);
    shared = coder;
    out_[used_++] = static_cast<std::byte>(node);
    state_ = after_literal(state_);
}

std::uint32_t Lzma2Decoder::length(LzmaCoder& coder, LzmaModel::Length& model, std::uint32_t position) {
    if (coder.bit(model.is_long) == 0) return kShortestMatch + coder.tree(model.low[position], 8);
    if (coder.bit(model.is_very_long) == 0) return kShortestMatch + 8 + coder.tree(model.middle[position], 8);
    return kShortestMatch + 16 + coder.tree(model.high, 256);
}

// Less one. A slot holds the two highest bits and how many follow: modelled ones for near distances, else the last four only.
std::uint32_t Lzma2Decoder::match_distance(LzmaCoder& coder, std::uint32_t length) {
    const std::uint32_t slot = coder.tree(model_.slot[std::min(length - kShortestMatch, 3U)], 64);
    if (slot < 4) return slot;
    const unsigned bits = (slot >> 1) - 1;
    const std::uint32_t high = (2 | (slot & 1)) << bits;
    if (slot < 14) return high + coder.reverse_tree(&model_.distance[high - slot], bits);
    return high + (coder.direct(bits - 4) << 4) + coder.reverse_tree(model_.align, 4);
}

// Moves one of the four latest distances to the front; the length that is copied from there.
std::uint32_t Lzma2Decoder::repeat(LzmaCoder& coder, std::uint32_t position) {
    if (coder.bit(model_.is_repeat_later[state_]) == 0) {
        if (coder.bit(model_.is_longer_repeat[state_][position]) == 0) {
            state_ = after_short_repeat(state_);
            return 1;
        }
    } else {
        std::size_t which = 1;
        if (coder.bit(model_.is_repeat_third[state_]) != 0) which = coder.bit(model_.is_repeat_fourth[state_]) != 0 ? 3 : 2;
        const std::uint32_t distance = distances_[which];
        for (; which > 0; --which) distances_[which] = distances_[which - 1];
        distances_[0] = distance;
    }
    state_ = after_repeat(state_);
    return length(coder, model_.repeat_length, position);
}

UnpackStatus Lzma2Decoder::copy(std::size_t length, std::size_t end) {
    if (distances_[0] >= used_ - dictionary_ || length > end - used_) return UnpackStatus::BadData;
    std::byte* to = out_.data() + used_;
    const std::byte* from = to - distances_[0] - 1;
    used_ += length;
    for (; length > 0; --length) *to++ = *from++;
    return UnpackStatus::Ok;
}

UnpackStatus Lzma2Decoder::decode(std::size_t end) {
    while (used_ < end) {
        if (coder_.status != UnpackStatus::Ok) return coder_.status;
        const std::uint32_t position = static_cast<std::uint32_t>(used_ - dictionary_) & positions_;
        if (coder_.bit(model_.is_match[state_][position]) == 0) {
            // A chunk may begin in a state after a match, whose distance was checked only if there was one.
            if (state_ >= 7 && distances_[0] >= used_ - dictionary_) return UnpackStatus::BadData;
            literal(coder_);
            continue;
        }
        std::uint32_t bytes = 0;
        if (coder_.bit(model_.is_repeat[state_]) != 0) {
            bytes = repeat(coder_, position);
        } else {
            bytes = length(coder_, model_.match_length, position);
            const std::uint32_t distance = match_distance(coder_, bytes);
            distances_ = {distance, distances_[0], distances_[1], distances_[2]};
            state_ = after_match(state_);
        }
        if (const UnpackStatus status = copy(bytes, end); status != UnpackStatus::Ok) return status;
    }
    coder_.normalize();
    return coder_.status;
}

}  // namespace pvloader
