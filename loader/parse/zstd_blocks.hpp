// SPDX-License-Identifier: MIT
// One compressed block of a zstd frame after the other. What a block learns (codes, the latest distances) the next may use.
#pragma once

#include "parse/zstd.hpp"

namespace pvloader {

class ZstdBlocks {
public:
    // `used` counts the bytes of `out` that are written; the frame's begin at `frame_begin`.
    ZstdBlocks(std::span<std::byte> out, std::size_t& used, ZstdScratch& scratch)
        : out_(out), used_(used), frame_begin_(used), scratch_(scratch), tables_(scratch.tables) {
        tables_.literals.is_made = tables_.literal_lengths.is_made = tables_.match_lengths.is_made = tables_.offsets.is_made = false;
    }

    // Precondition: the bytes are the beginning of scratch.block.
    UnpackStatus decode(std::span<const std::byte> block);

private:
    struct LiteralsHeader {
        unsigned kind = 0;
        unsigned streams = 1;
        std::size_t plain = 0;   // bytes when decoded
        std::size_t packed = 0;  // bytes in the block
    };

    UnpackStatus read_literals(std::span<const std::byte>& bytes);
    static bool read_literals_header(std::span<const std::byte>& bytes, LiteralsHeader& header);
    bool decode_literals(std::span<const std::byte> bytes, const LiteralsHeader& header);
    bool decode_stream(std::span<const std::byte> bytes, std::span<std::byte> out);

    UnpackStatus read_sequences(std::span<const std::byte> bytes);
    template <unsigned kMaxBits>
    bool read_code(std::span<const std::byte>& bytes, unsigned mode, FseTable<kMaxBits>& table, std::size_t most_symbols,
                   std::span<const std::int16_t> usual, unsigned usual_bits);
    bool read_codes(std::span<const std::byte>& bytes);
    UnpackStatus run_sequences(std::span<const std::byte> bytes, std::size_t count);
    [[nodiscard]] bool take_distance(std::uint32_t value, std::size_t literals, std::size_t& distance);
    UnpackStatus put_literals(std::size_t count);
    UnpackStatus copy(std::size_t distance, std::size_t length);

    std::span<std::byte> out_;
    std::size_t& used_;
    const std::size_t frame_begin_;
    ZstdScratch& scratch_;
    ZstdTables& tables_;
    std::span<const std::byte> literals_;  // of this block, not yet put
    std::size_t distances_[3] = {1, 4, 8};  // the latest first
};

}  // namespace pvloader
