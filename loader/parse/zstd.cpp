// SPDX-License-Identifier: MIT
// Frames, their headers and checksums, and the blocks that are not compressed.
#include "parse/zstd.hpp"

#include "parse/xxhash.hpp"
#include "parse/zstd_blocks.hpp"

namespace pvloader {

namespace {

constexpr std::uint32_t kFrameMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // the last four bits are free
constexpr unsigned kMaxWindowBits = 31;

struct FrameHeader {
    std::size_t bytes = 1;  // behind the magic number
    bool is_valid = false;
    bool has_size = false;
    bool has_checksum = false;
    bool has_dictionary = false;
    unsigned window_bits = 10;
    std::uint64_t size = 0;
};

// How long a header is that begins with this byte.
std::size_t header_bytes(std::uint8_t descriptor) {
    constexpr std::uint8_t kDictionaryBytes[] = {0, 1, 2, 4};
    constexpr std::uint8_t kSizeBytes[] = {0, 2, 4, 8};
    const bool is_single = (descriptor & 0x20) != 0;
    const std::size_t size = descriptor >> 6 == 0 && is_single ? 1U : kSizeBytes[descriptor >> 6];
    return 1U + (is_single ? 0U : 1U) + kDictionaryBytes[descriptor & 3] + size;
}

// `bytes` may be cut short: then the header is not valid.
FrameHeader read_header(std::span<const std::byte> bytes) {
    FrameHeader header;
    const std::uint8_t descriptor = load_u8(bytes, 0);
    const bool is_single = (descriptor & 0x20) != 0;
    header.bytes = header_bytes(descriptor);
    header.has_checksum = (descriptor & 0x04) != 0;
    if (!is_single) header.window_bits = 10U + (load_u8(bytes, 1) >> 3);
    header.is_valid = bytes.size() >= header.bytes && (descriptor & 0x08) == 0 && header.window_bits <= kMaxWindowBits;
    const std::size_t dictionary_at = is_single ? 1 : 2;
    constexpr std::uint8_t kDictionaryBytes[] = {0, 1, 2, 4};
    const std::size_t size_at = dictionary_at + kDictionaryBytes[descriptor & 3];
    for (std::size_t i = dictionary_at; i < size_at; ++i) header.has_dictionary |= load_u8(bytes, i) != 0;
    header.has_size = header.bytes > size_at;
    for (std::size_t i = size_at; i < header.bytes; ++i) header.size |= std::uint64_t{load_u8(bytes, i)} << (8 * (i - size_at));
    if (header.bytes - size_at == 2) header.size += 256;
    return header;
}

class ZstdDecoder {
public:
    ZstdDecoder(const PieceSource& in, std::span<std::byte> out, ZstdScratch& scratch, Trailing trailing)
        : in_(in), out_(out), scratch_(scratch), trailing_(trailing) {}

    UnpackResult run() {
        for (bool is_first = true;; is_first = false) {
            std::array<std::byte, 4> bytes{};
            std::size_t count = 0;
            for (std::uint8_t byte = 0; count < bytes.size() && in_.next(byte); ++count) bytes[count] = std::byte{byte};
            const std::uint32_t magic = load_le32(bytes, 0);
            UnpackStatus status = UnpackStatus::Ok;
            if (count == 4 && magic == kFrameMagic) {
                status = frame();
            } else if (count == 4 && (magic & ~0xFU) == kSkippableMagic) {
                status = skippable_frame();
            } else if (is_first) {
                return {count < 4 ? UnpackStatus::Truncated : UnpackStatus::BadHeader, 0};
            } else {
                return {check_trailing(in_, std::span(bytes).first(count), trailing_, used_), used_};
            }
            if (status != UnpackStatus::Ok) return {status, used_};
        }
    }

private:
    UnpackStatus skippable_frame() {
        std::uint32_t bytes = 0;
        return in_.take_number(bytes) && in_.skip(bytes) ? UnpackStatus::Ok : UnpackStatus::Truncated;
    }

    UnpackStatus frame() {
        std::array<std::byte, 16> memory{};
        if (!in_.take(std::span(memory).first(1))) return UnpackStatus::Truncated;
        const auto bytes = std::span(memory).first(header_bytes(load_u8(memory, 0)));
        if (!in_.take(bytes.subspan(1))) return UnpackStatus::Truncated;
        const FrameHeader header = read_header(bytes);
        if (!header.is_valid) return UnpackStatus::BadHeader;
        if (header.has_dictionary) return UnpackStatus::Unsupported;
        const std::size_t begin = used_;
        if (const UnpackStatus status = blocks(); status != UnpackStatus::Ok) return status;
        const auto content = out_.subspan(begin, used_ - begin);
        if (header.has_size && header.size != content.size()) return UnpackStatus::SizeMismatch;
        if (!header.has_checksum) return UnpackStatus::Ok;
        std::uint32_t checksum = 0;
        if (!in_.take_number(checksum)) return UnpackStatus::Truncated;
        return checksum == static_cast<std::uint32_t>(xxh64(content)) ? UnpackStatus::Ok : UnpackStatus::Checksum;
    }

    UnpackStatus blocks() {
        enum Kind : unsigned { kRaw, kRepeated, kCompressed };
        ZstdBlocks compressed(out_, used_, scratch_);
        for (bool is_last = false; !is_last;) {
            std::array<std::byte, 4> head{};
            if (!in_.take(std::span(head).first(3))) return UnpackStatus::Truncated;
            const std::uint32_t word = load_le32(head, 0);
            const std::size_t size = word >> 3;
            is_last = (word & 1) != 0;
            if (size > ZstdScratch::kMaxBlockBytes) return UnpackStatus::BadData;
            UnpackStatus status = UnpackStatus::BadData;
            switch (word >> 1 & 3) {
                case kRaw: status = raw_block(size); break;
                case kRepeated: status = repeated_block(size); break;
                case kCompressed: {
                    const auto block = std::span(scratch_.block).first(size);
                    status = in_.take(block) ? compressed.decode(block) : UnpackStatus::Truncated;
                    break;
                }
                default: break;
            }
            if (status != UnpackStatus::Ok) return status;
        }
        return UnpackStatus::Ok;
    }

    UnpackStatus raw_block(std::size_t size) {
        if (size > out_.size() - used_) return UnpackStatus::TooLarge;
        if (!in_.take(out_.subspan(used_, size))) return UnpackStatus::Truncated;
        used_ += size;
        return UnpackStatus::Ok;
    }

    UnpackStatus repeated_block(std::size_t size) {
        std::uint8_t byte = 0;
        if (!in_.next(byte)) return UnpackStatus::Truncated;
        if (size > out_.size() - used_) return UnpackStatus::TooLarge;
        std::fill_n(out_.begin() + static_cast<std::ptrdiff_t>(used_), size, std::byte{byte});
        used_ += size;
        return UnpackStatus::Ok;
    }

    ByteReader in_;
    std::span<std::byte> out_;
    ZstdScratch& scratch_;
    const Trailing trailing_;
    std::size_t used_ = 0;
};

}  // namespace

UnpackResult unpack_zstd(const PieceSource& in, std::span<std::byte> out, ZstdScratch& scratch, Trailing trailing) {
    return ZstdDecoder(in, out, scratch, trailing).run();
}

std::uint64_t zstd_size_hint(std::span<const std::byte> head) {
    if (head.size() < 5 || load_le32(head, 0) != kFrameMagic) return 0;
    const FrameHeader header = read_header(head.subspan(4));
    return header.is_valid ? header.size : 0;
}

}  // namespace pvloader
