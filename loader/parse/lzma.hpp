// SPDX-License-Identifier: MIT
// LZMA2, the compression inside xz: chunks that are stored or coded by LZMA, which is a range coder over adaptive bit models.
#pragma once

#include <array>

#include "parse/unpack.hpp"

namespace pvloader {

// The probabilities that a bit is 0, in units of 1/2048, for each context. About 28 KiB.
struct LzmaModel {
    static constexpr std::size_t kStates = 12;
    static constexpr std::size_t kMaxPositions = 16;  // 1 << 4 position bits
    using Bit = std::uint16_t;

    struct Length {
        Bit is_long;
        Bit is_very_long;
        Bit low[kMaxPositions][8];
        Bit middle[kMaxPositions][8];
        Bit high[256];
    };

    Bit is_match[kStates][kMaxPositions];
    Bit is_repeat[kStates];
    Bit is_repeat_later[kStates];             // not the latest distance
    Bit is_longer_repeat[kStates][kMaxPositions];  // of the latest distance: more than one byte
    Bit is_repeat_third[kStates];             // not the one before the latest
    Bit is_repeat_fourth[kStates];
    Bit slot[4][64];
    Bit distance[128];
    Bit align[16];
    Length match_length;
    Length repeat_length;
    Bit literal[16][0x300];                   // 1 << (lc + lp) of them, which LZMA2 limits to 4 bits
};

// The range coder of one chunk. Copied into registers where many bits are taken in a row.
struct LzmaCoder {
    ByteReader* in = nullptr;
    std::uint32_t range = 0;
    std::uint32_t code = 0;
    std::size_t input_left = 0;               // of the chunk
    UnpackStatus status = UnpackStatus::Ok;  // what reading past the chunk, or the file, was; the bits are zeros then

    void normalize();
    std::uint32_t bit(LzmaModel::Bit& probability);
    std::uint32_t tree(LzmaModel::Bit* bits, std::uint32_t size);
    std::uint32_t reverse_tree(LzmaModel::Bit* bits, unsigned count);
    std::uint32_t direct(unsigned count);
};

class Lzma2Decoder {
public:
    Lzma2Decoder(ByteReader& in, std::span<std::byte> out, LzmaModel& model) : in_(in), out_(out), model_(model) {}

    // Decodes chunks up to the end mark into `out`, from `used` on, which is moved. Copies reach back to where the first chunk
    // began, or the last that started a new dictionary.
    UnpackStatus run(std::size_t& used);

private:
    UnpackStatus stored_chunk(std::uint8_t control);
    UnpackStatus coded_chunk(std::uint8_t control);
    [[nodiscard]] bool set_properties(std::uint8_t properties);
    void reset_state();
    UnpackStatus decode(std::size_t end);

    void literal(LzmaCoder& coder);
    static std::uint32_t length(LzmaCoder& coder, LzmaModel::Length& model, std::uint32_t position);
    std::uint32_t match_distance(LzmaCoder& coder, std::uint32_t length);
    std::uint32_t repeat(LzmaCoder& coder, std::uint32_t position);
    UnpackStatus copy(std::size_t length, std::size_t end);

    ByteReader& in_;
    std::span<std::byte> out_;
    LzmaModel& model_;
    std::size_t used_ = 0;
    std::size_t dictionary_ = 0;  // where it begins
    bool needs_dictionary_ = true;
    bool needs_properties_ = true;
    bool needs_state_ = true;

    LzmaCoder coder_;
    unsigned literal_bits_ = 0;           // lc: how much of the byte before selects a literal's context
    std::uint32_t literal_positions_ = 0;  // lp and pb, as masks
    std::uint32_t positions_ = 0;
    std::uint32_t state_ = 0;
    std::array<std::uint32_t, 4> distances_{};  // the latest first, less one
};

}  // namespace pvloader
