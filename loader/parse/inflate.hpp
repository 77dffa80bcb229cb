// SPDX-License-Identifier: MIT
// Decoder for gzip files (RFC 1952, RFC 1951) from memory, or from a source that hands out pieces, into memory.
//
// Any input is safe: the decoder reads only the input, writes only `out`, and its time is bounded by the sizes of both.
// It may scribble in `out` behind `produced`. No state outlives a call; calls on different threads do not meet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parse/inflate_tables.hpp"
#include "parse/unpack.hpp"

namespace pvloader {

enum class InflateStatus : std::uint8_t {
    Ok,
    NotGzip,         // no gzip magic at the start
    BadHeader,       // unknown method or reserved flags
    HeaderChecksum,
    Truncated,
    BadBlock,        // reserved block type, or a stored block whose lengths disagree
    BadCode,         // impossible Huffman code, or a code word that it does not have
    BadDistance,     // a copy from before the start
    TooLarge,        // more data than `out` holds
    Checksum,
    SizeMismatch,
    TrailingData,
};
std::string_view to_text(InflateStatus status);

struct InflateResult {
    InflateStatus status = InflateStatus::Ok;
    std::uint64_t consumed = 0;  // bytes of input up to the end, or near the place of the error
    std::size_t produced = 0;    // bytes of output, also in front of an error
};

// `tables` is scratch memory of about 11 KiB.
InflateResult inflate_gzip(std::span<const std::byte> in, std::span<std::byte> out, InflateTables& tables,
                           Trailing trailing = Trailing::Nothing);
InflateResult inflate_gzip(const PieceSource& in, std::span<std::byte> out, InflateTables& tables,
                           Trailing trailing = Trailing::Nothing);

// The same with the scratch memory on the stack.
InflateResult inflate_gzip(std::span<const std::byte> in, std::span<std::byte> out,
                           Trailing trailing = Trailing::Nothing);

// The size that the last four bytes claim, modulo 2^32. Wrong for several members, trailing bytes and liars: a first
// guess for the size of a buffer and nothing more.
std::optional<std::uint32_t> gzip_size_hint(std::span<const std::byte> in);

}  // namespace pvloader
