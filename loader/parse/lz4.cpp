// SPDX-License-Identifier: MIT
// Frames are chains of blocks; a block is a chain of sequences: literals, then a copy of what came before.
#include "parse/lz4.hpp"

#include <array>

#include "parse/xxhash.hpp"

namespace pvloader {

namespace {

constexpr std::uint32_t kFrameMagic = 0x184D2204;
constexpr std::uint32_t kLegacyMagic = 0x184C2102;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // the last four bits are free
constexpr std::uint32_t kLegacyBlockBytes = 8U << 20;
constexpr std::uint32_t kStoredBlock = 1U << 31;

constexpr std::uint8_t kVersionMask = 0xC0;
constexpr std::uint8_t kVersion = 0x40;
constexpr std::uint8_t kBlockChecksums = 0x10;
constexpr std::uint8_t kHasSize = 0x08;
constexpr std::uint8_t kHasChecksum = 0x04;
constexpr std::uint8_t kReserved = 0x02;
constexpr std::uint8_t kHasDictionary = 0x01;

// What lz4 itself allows a block that it could not make smaller.
constexpr std::uint32_t worst_size(std::uint32_t bytes) { return bytes + bytes / 255 + 16; }

class Lz4Decoder {
public:
    Lz4Decoder(const PieceSource& in, std::span<std::byte> out, Trailing trailing) : in_(in), out_(out), trailing_(trailing) {}

    UnpackResult run() {
        std::uint32_t magic = 0;
        if (!in_.take_number(magic)) return {UnpackStatus::Truncated, 0};
        if (!is_frame(magic)) return {UnpackStatus::BadHeader, 0};
        UnpackStatus status = UnpackStatus::Ok;
        while (status == UnpackStatus::Ok && is_frame(magic)) status = frame(magic);
        return {status, used_};
    }

private:
    static bool is_frame(std::uint32_t magic) {
        return magic == kFrameMagic || magic == kLegacyMagic || (magic & ~0xFU) == kSkippableMagic;
    }

    // Decodes a frame, and reads the magic number of the next; 0 when this was the last and all that trails is right.
    UnpackStatus frame(std::uint32_t& magic) {
        frame_begin_ = used_;
        if (magic == kLegacyMagic) return legacy_blocks(magic);
        UnpackStatus status = UnpackStatus::Ok;
        if (magic == kFrameMagic) {
            status = framed_blocks();
        } else {
            std::uint32_t bytes = 0;
            if (!in_.take_number(bytes) || !in_.skip(bytes)) status = UnpackStatus::Truncated;
        }
        if (status != UnpackStatus::Ok) return status;
        const Word word = take_word();
        magic = word.value;
        return is_frame(magic) ? status : end(magic, word);
    }

    // Up to four bytes.
    struct Word {
        std::array<std::byte, 4> bytes{};
        std::size_t count = 0;
        std::uint32_t value = 0;
    };
    Word take_word() {
        Word word;
        for (std::uint8_t byte = 0; word.count < 4 && in_.next(byte); ++word.count) word.bytes[word.count] = std::byte{byte};
        word.value = word.count == 4 ? load_le32(word.bytes, 0) : 0;
        return word;
    }

    UnpackStatus end(std::uint32_t& magic, const Word& word) {
        magic = 0;
        return check_trailing(in_, std::span(word.bytes).first(word.count), trailing_, used_);
    }

    // This format has no end mark: blocks go on until the input ends, another frame begins, or what comes is what trails.
    UnpackStatus legacy_blocks(std::uint32_t& magic) {
        for (;;) {
            const Word size = take_word();
            magic = size.value;
            if (is_frame(magic)) return UnpackStatus::Ok;
            const bool is_raw_size = trailing_ == Trailing::RawSize && size.value == static_cast<std::uint32_t>(used_);
            if (size.value == 0 || is_raw_size) return end(magic, size);
            if (size.value > worst_size(kLegacyBlockBytes)) return UnpackStatus::BadData;
            const UnpackStatus status = block(size.value, kLegacyBlockBytes);
            if (status != UnpackStatus::Ok) return status;
        }
    }

    UnpackStatus framed_blocks() {
        std::array<std::byte, 16> header{};
        if (!in_.take(std::span(header).first(2))) return UnpackStatus::Truncated;
        const std::uint8_t flags = load_u8(header, 0);
        const std::uint8_t sizes = load_u8(header, 1);
        if ((flags & kVersionMask) != kVersion || (flags & kReserved) != 0 || (sizes & 0x8F) != 0 || sizes >> 4 < 4)
            return UnpackStatus::BadHeader;
        const std::size_t bytes = 2U + ((flags & kHasSize) != 0 ? 8 : 0) + ((flags & kHasDictionary) != 0 ? 4 : 0);
        std::uint8_t check = 0;
        if (!in_.take(std::span(header).subspan(2, bytes - 2)) || !in_.next(check)) return UnpackStatus::Truncated;
        if (check != (xxh32(std::span(header).first(bytes)) >> 8 & 0xFF)) return UnpackStatus::BadHeader;
        if ((flags & kHasDictionary) != 0) return UnpackStatus::Unsupported;
        const std::uint32_t most = 1U << (8 + 2 * (sizes >> 4));
        for (;;) {
            std::uint32_t size = 0;
            if (!in_.take_number(size)) return UnpackStatus::Truncated;
            if (size == 0) return frame_end(flags, load_le64(header, 2));
            if ((size & ~kStoredBlock) > most) return UnpackStatus::BadData;
            const UnpackStatus status = (size & kStoredBlock) != 0 ? literals(size & ~kStoredBlock) : block(size, most);
            if (status != UnpackStatus::Ok) return status;
            if ((flags & kBlockChecksums) != 0 && !in_.skip(4)) return UnpackStatus::Truncated;
        }
    }

    UnpackStatus frame_end(std::uint8_t flags, std::uint64_t size) {
        const auto content = out_.subspan(frame_begin_, used_ - frame_begin_);
        if ((flags & kHasSize) != 0 && content.size() != size) return UnpackStatus::SizeMismatch;
        if ((flags & kHasChecksum) == 0) return UnpackStatus::Ok;
        std::uint32_t checksum = 0;
        if (!in_.take_number(checksum)) return UnpackStatus::Truncated;
        return checksum == xxh32(content) ? UnpackStatus::Ok : UnpackStatus::Checksum;
    }

    UnpackStatus literals(std::size_t count) {
        if (count > out_.size() - used_) return UnpackStatus::TooLarge;
        if (!in_.take(out_.subspan(used_, count))) return UnpackStatus::Truncated;
        used_ += count;
        return UnpackStatus::Ok;
    }

    // The rest of a length that filled its four bits: bytes that are added up until one is not 255.
    UnpackStatus take_length(std::size_t& left, std::size_t& length) {
        if (length != 15) return UnpackStatus::Ok;
        for (std::uint8_t byte = 255; byte == 255; length += byte) {
            if (left == 0) return UnpackStatus::BadData;
            if (!in_.next(byte)) return UnpackStatus::Truncated;
            --left;
        }
        return UnpackStatus::Ok;
    }

    // A block of `left` bytes. It ends behind literals.
    UnpackStatus block(std::size_t left, std::size_t most) {
        const std::size_t begin = used_;
        for (;;) {
            std::uint8_t token = 0;
            if (left == 0) return UnpackStatus::BadData;
            if (!in_.next(token)) return UnpackStatus::Truncated;
            --left;
            std::size_t count = token >> 4;
            if (const UnpackStatus status = take_length(left, count); status != UnpackStatus::Ok) return status;
            if (count > left) return UnpackStatus::BadData;
            if (const UnpackStatus status = literals(count); status != UnpackStatus::Ok) return status;
            left -= count;
            if (used_ - begin > most) return UnpackStatus::BadData;
            if (left == 0) return UnpackStatus::Ok;
            std::uint16_t distance = 0;
            if (left < 2) return UnpackStatus::BadData;
            if (!in_.take_number(distance)) return UnpackStatus::Truncated;
            left -= 2;
            std::size_t length = token & 15;
            if (const UnpackStatus status = take_length(left, length); status != UnpackStatus::Ok) return status;
            if (const UnpackStatus status = copy(distance, length + 4); status != UnpackStatus::Ok) return status;
        }
    }

    UnpackStatus copy(std::size_t distance, std::size_t length) {
        if (distance == 0 || distance > used_ - frame_begin_) return UnpackStatus::BadData;
        if (length > out_.size() - used_) return UnpackStatus::TooLarge;
        std::byte* to = out_.data() + used_;
        used_ += length;
        if (distance >= length) {
            __builtin_memcpy(to, to - distance, length);
            return UnpackStatus::Ok;
        }
        for (const std::byte* from = to - distance; length > 0; --length) *to++ = *from++;
        return UnpackStatus::Ok;
    }

    ByteReader in_;
    std::span<std::byte> out_;
    const Trailing trailing_;
    std::size_t used_ = 0;
    std::size_t frame_begin_ = 0;
};

}  // namespace

UnpackResult unpack_lz4(const PieceSource& in, std::span<std::byte> out, Trailing trailing) {
    return Lz4Decoder(in, out, trailing).run();
}

std::uint64_t lz4_size_hint(std::span<const std::byte> head) {
    constexpr std::size_t kSizeAt = 6;
    const bool has_size = load_le32(head, 0) == kFrameMagic && (load_u8(head, 4) & kHasSize) != 0;
    return has_size ? load_le64(head, kSizeAt) : 0;
}

}  // namespace pvloader
