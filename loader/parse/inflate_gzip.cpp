// SPDX-License-Identifier: MIT
// The gzip file format around deflate: headers, checksums, members one after the other, and what follows the last.
#include "parse/crc32.hpp"
#include "parse/inflate.hpp"
#include "parse/inflate_blocks.hpp"
#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

constexpr std::uint32_t kFlagHeaderChecksum = 2;
constexpr std::uint32_t kFlagExtra = 4;
constexpr std::uint32_t kFlagName = 8;
constexpr std::uint32_t kFlagComment = 16;
constexpr std::uint32_t kFlagsReserved = 0xE0;

class Gzip {
public:
    Gzip(InflateBits in, std::span<std::byte> out, InflateTables& tables)
        : in_(in), begin_(out.data()), out_(begin_), out_end_(begin_ + out.size()), tables_(tables) {}

    InflateResult run(Trailing trailing);

private:
    InflateStatus members(Trailing trailing);
    InflateStatus member();
    InflateStatus header();
    InflateStatus body(std::uint32_t& crc);
    InflateStatus trailer(std::uint32_t crc, std::uint32_t size);
    InflateStatus rest_is_zeros();
    bool header_bytes(std::size_t amount, std::uint32_t& value);
    bool skip_text();
    std::uint32_t peek() {
        in_.fill();
        return static_cast<std::uint32_t>(in_.bits);
    }
    bool at_magic() { return (peek() & 0xFFFF) == 0x8B1F && in_.count >= 16; }

    InflateBits in_;
    std::byte* const begin_;
    std::byte* out_;
    std::byte* const out_end_;
    InflateTables& tables_;
    std::uint32_t header_crc_ = 0;
};

// Up to four bytes of the header as a little-endian number; they enter the header's checksum.
bool Gzip::header_bytes(std::size_t amount, std::uint32_t& value) {
    value = 0;
    for (std::size_t i = 0; i < amount; ++i) {
        std::uint32_t byte = 0;
        if (!in_.take(8, byte)) return false;
        const auto raw = static_cast<std::byte>(byte);
        header_crc_ = crc32_update(header_crc_, {&raw, 1});
        value |= byte << (8 * i);
    }
    return true;
}

bool Gzip::skip_text() {
    std::uint32_t byte = 1;
    while (byte != 0)
        if (!header_bytes(1, byte)) return false;
    return true;
}

InflateStatus Gzip::header() {
    std::uint32_t start = 0;
    std::uint32_t skipped = 0;
    header_crc_ = 0;
    if (!header_bytes(4, start)) return InflateStatus::Truncated;
    const std::uint32_t flags = start >> 24;
    if ((start >> 16 & 0xFF) != 8 || (flags & kFlagsReserved) != 0) return InflateStatus::BadHeader;
    if (!header_bytes(4, skipped) || !header_bytes(2, skipped)) return InflateStatus::Truncated;  // time, system
    if ((flags & kFlagExtra) != 0) {
        std::uint32_t size = 0;
        if (!header_bytes(2, size)) return InflateStatus::Truncated;
        for (; size > 0; --size)
            if (!header_bytes(1, skipped)) return InflateStatus::Truncated;
    }
    if ((flags & kFlagName) != 0 && !skip_text()) return InflateStatus::Truncated;
    if ((flags & kFlagComment) != 0 && !skip_text()) return InflateStatus::Truncated;
    if ((flags & kFlagHeaderChecksum) != 0) {
        const std::uint32_t expected = header_crc_ & 0xFFFF;
        std::uint32_t found = 0;
        if (!header_bytes(2, found)) return InflateStatus::Truncated;
        if (found != expected) return InflateStatus::HeaderChecksum;
    }
    return InflateStatus::Ok;
}

InflateStatus Gzip::body(std::uint32_t& crc) {
    InflateBlocks blocks(in_, out_, out_end_, tables_);
    InflateStatus status = InflateStatus::Ok;
    for (bool is_last = false; !is_last && status == InflateStatus::Ok;) {
        status = blocks.next_block(is_last);
        // Block by block, while the data is still in the cache.
        crc = crc32_update(crc, {out_, blocks.out()});
        out_ = blocks.out();
    }
    return status;
}

InflateStatus Gzip::trailer(std::uint32_t crc, std::uint32_t size) {
    std::uint32_t found_crc = 0;
    std::uint32_t found_size = 0;
    in_.align_to_byte();
    if (!in_.take(32, found_crc) || !in_.take(32, found_size)) return InflateStatus::Truncated;
    if (found_crc != crc) return InflateStatus::Checksum;
    return found_size == size ? InflateStatus::Ok : InflateStatus::SizeMismatch;
}

InflateStatus Gzip::member() {
    InflateStatus status = header();
    if (status != InflateStatus::Ok) return status;
    const std::byte* const start = out_;
    std::uint32_t crc = 0;
    status = body(crc);
    return status == InflateStatus::Ok ? trailer(crc, static_cast<std::uint32_t>(out_ - start)) : status;
}

InflateStatus Gzip::rest_is_zeros() {
    for (std::uint32_t byte = 0; in_.take(8, byte);)
        if (byte != 0) return InflateStatus::TrailingData;
    return InflateStatus::Ok;
}

InflateStatus Gzip::members(Trailing trailing) {
    if (!at_magic()) return in_.count < 16 ? InflateStatus::Truncated : InflateStatus::NotGzip;
    while (at_magic()) {
        const InflateStatus status = member();
        if (status != InflateStatus::Ok) return status;
        // Asked before a further member is looked for: a size may look like the magic.
        const auto size = static_cast<std::uint32_t>(out_ - begin_);
        if (trailing == Trailing::RawSize && peek() == size && in_.count >= 32) {
            in_.drop(32);
            return rest_is_zeros();
        }
    }
    if (in_.count == 0 || trailing == Trailing::Anything) return InflateStatus::Ok;
    return trailing == Trailing::Nothing ? InflateStatus::TrailingData : rest_is_zeros();
}

InflateResult Gzip::run(Trailing trailing) {
    InflateResult result;
    result.status = members(trailing);
    result.consumed = in_.consumed();
    result.produced = static_cast<std::size_t>(out_ - begin_);
    return result;
}

}  // namespace

InflateResult inflate_gzip(std::span<const std::byte> in, std::span<std::byte> out, InflateTables& tables,
                           Trailing trailing) {
    return Gzip(InflateBits(in), out, tables).run(trailing);
}

InflateResult inflate_gzip(const PieceSource& in, std::span<std::byte> out, InflateTables& tables,
                           Trailing trailing) {
    return Gzip(InflateBits(in), out, tables).run(trailing);
}

InflateResult inflate_gzip(std::span<const std::byte> in, std::span<std::byte> out, Trailing trailing) {
    InflateTables tables;
    return inflate_gzip(in, out, tables, trailing);
}

std::optional<std::uint32_t> gzip_size_hint(std::span<const std::byte> in) {
    constexpr std::size_t kSmallestFile = 18;
    if (in.size() < kSmallestFile) return std::nullopt;
    std::uint32_t size = 0;
    __builtin_memcpy(&size, in.data() + in.size() - sizeof size, sizeof size);
    return size;
}

std::string_view to_text(InflateStatus status) {
    static constexpr char kTexts[][48] = {
        "no error",
        "not a gzip file",
        "unknown gzip header",
        "the gzip header's checksum is wrong",
        "the compressed data ends too early",
        "damaged block in the compressed data",
        "damaged code in the compressed data",
        "a copy from before the start of the data",
        "the data is larger than the memory for it",
        "the data's checksum is wrong",
        "the data has another size than its trailer says",
        "bytes follow the compressed data",
    };
    return row_text(kTexts, static_cast<std::size_t>(status));
}

}  // namespace pvloader
