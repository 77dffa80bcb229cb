// SPDX-License-Identifier: MIT
// Decodes the blocks of one deflate stream into memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parse/inflate_bits.hpp"
#include "parse/inflate_tables.hpp"

namespace pvloader {

class InflateBlocks {
public:
    // Copies reach back to `out` at the farthest.
    InflateBlocks(InflateBits& in, std::byte* out, std::byte* out_end, InflateTables& tables)
        : in_(in), begin_(out), out_(out), out_end_(out_end), tables_(tables) {}

    // Decodes one block.
    InflateStatus next_block(bool& is_last);

    std::byte* out() const { return out_; }

private:
    enum class Step : std::uint8_t { More, End, Truncated, BadCode, BadDistance, TooLarge };

    InflateStatus stored_block();
    InflateStatus read_codes();
    InflateStatus read_lengths(std::size_t amount);
    InflateStatus coded_block();
    Step fast_steps();
    Step careful_step();
    std::size_t space() const { return static_cast<std::size_t>(out_end_ - out_); }

    InflateBits& in_;
    std::byte* const begin_;
    std::byte* out_;
    std::byte* const out_end_;
    InflateTables& tables_;
    bool has_fixed_codes_ = false;  // the tables hold them already
};

}  // namespace pvloader
