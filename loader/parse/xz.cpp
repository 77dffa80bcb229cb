// SPDX-License-Identifier: MIT
// The container: streams of blocks, an index that repeats the blocks' sizes, and a footer that repeats the header.
#include "parse/xz.hpp"

#include <array>

#include "parse/crc32.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxBlockHeaderBytes = 1024;
constexpr std::uint64_t kLzma2 = 0x21;
constexpr std::uint64_t kX86 = 0x04;
constexpr std::uint8_t kStreamMagic[] = {0xFD, '7', 'z', 'X', 'Z', 0};

enum class Check : std::uint8_t { None = 0, Crc32 = 1, Crc64 = 4 };

std::uint64_t crc64_of(std::span<const std::byte> bytes) {
    constexpr std::uint64_t kPolynomial = 0xC96C5795D7870F42U;
    static constexpr auto kTable = [] {
        std::array<std::uint64_t, 256> table{};
        for (std::uint64_t byte = 0; byte < 256; ++byte) {
            std::uint64_t value = byte;
            for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? kPolynomial : 0);
            table[byte] = value;
        }
        return table;
    }();
    std::uint64_t crc = ~std::uint64_t{0};
    for (const std::byte byte : bytes) crc = kTable[(crc ^ std::to_integer<std::uint64_t>(byte)) & 0xFF] ^ crc >> 8;
    return ~crc;
}

// What the blocks were, and what the index says they were, in a form that can be compared.
struct Sizes {
    std::uint64_t count = 0;
    std::uint64_t packed = 0;
    std::uint64_t unpacked = 0;

    void add(std::uint64_t packed_bytes, std::uint64_t unpacked_bytes) {
        ++count;
        packed += packed_bytes;
        unpacked += unpacked_bytes;
    }
    bool operator==(const Sizes&) const = default;
};

// Seven bits a byte, lowest first; false when it does not fit or the bytes end.
bool take_number(std::span<const std::byte>& bytes, std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
        const std::uint8_t byte = load_u8(bytes, 0);
        bytes = bytes.subspan(1);
        number |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80) == 0) return byte != 0 || shift == 0;
    }
    return false;
}

struct BlockHeader {
    bool has_x86_filter = false;
    bool has_unpacked_size = false;
    std::uint64_t unpacked_size = 0;
};

// `bytes` is what lies between the size byte and the checksum.
UnpackStatus read_block_header(std::span<const std::byte> bytes, BlockHeader& header) {
    const std::uint8_t flags = load_u8(bytes, 0);
    const unsigned filters = (flags & 3U) + 1;
    std::uint64_t number = 0;
    bytes = bytes.subspan(1);
    header.has_unpacked_size = (flags & 0x80) != 0;
    if ((flags & 0x3C) != 0) return UnpackStatus::BadHeader;
    if ((flags & 0x40) != 0 && !take_number(bytes, number)) return UnpackStatus::BadHeader;  // the packed size: the index has it too
    if (header.has_unpacked_size && !take_number(bytes, header.unpacked_size)) return UnpackStatus::BadHeader;
    for (unsigned filter = 0; filter < filters; ++filter) {
        std::uint64_t properties = 0;
        if (!take_number(bytes, number) || !take_number(bytes, properties) || properties > bytes.size()) return UnpackStatus::BadHeader;
        const bool is_last = filter + 1 == filters;
        if (number == kX86 && !is_last && properties == 0 && !header.has_x86_filter) {
            header.has_x86_filter = true;
        } else if (number != kLzma2 || !is_last || properties != 1) {
            return UnpackStatus::Unsupported;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(properties));
    }
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; }) ? UnpackStatus::Ok
                                                                                                      : UnpackStatus::BadHeader;
}

class XzDecoder {
public:
    XzDecoder(const PieceSource& in, std::span<std::byte> out, LzmaModel& model, Trailing trailing)
        : in_(in), out_(out), model_(model), trailing_(trailing) {}

    UnpackResult run() {
        std::array<std::byte, kHeaderBytes> header{};
        UnpackStatus status = in_.take(header) ? stream(header) : UnpackStatus::Truncated;
        while (status == UnpackStatus::Ok) {
            // Another stream, or what trails.
            std::size_t count = 0;
            for (std::uint8_t byte = 0; count < 4 && in_.next(byte); ++count) header[count] = std::byte{byte};
            if (count < 4 || load_le32(header, 0) != load_le32(std::as_bytes(std::span(kStreamMagic)), 0)) {
                return {check_trailing(in_, std::span(header).first(count), trailing_, used_), used_};
            }
            status = in_.take(std::span(header).subspan(4)) ? stream(header) : UnpackStatus::Truncated;
        }
        return {status, used_};
    }

private:
    UnpackStatus stream(std::span<const std::byte, kHeaderBytes> header) {
        const auto magic = std::as_bytes(std::span(kStreamMagic));
        if (!std::equal(magic.begin(), magic.end(), header.begin())) return UnpackStatus::BadHeader;
        const auto flags = header.subspan(6, 2);
        if (crc32_of(flags) != load_le32(header, 8) || load_u8(flags, 0) != 0) return UnpackStatus::BadHeader;
        check_ = static_cast<Check>(load_u8(flags, 1));
        if (check_ != Check::None && check_ != Check::Crc32 && check_ != Check::Crc64) return UnpackStatus::Unsupported;
        blocks_ = {};
        for (;;) {
            std::uint8_t size = 0;
            if (!in_.next(size)) return UnpackStatus::Truncated;
            const UnpackStatus status = size == 0 ? index() : block(size);
            if (status != UnpackStatus::Ok) return status;
            if (size == 0) return footer(flags);
        }
    }

    UnpackStatus block(std::uint8_t size) {
        const std::uint64_t begin = in_.consumed() - 1;
        std::array<std::byte, kMaxBlockHeaderBytes> memory{};
        const auto header = std::span(memory).first((std::size_t{size} + 1) * 4);
        header[0] = std::byte{size};
        if (!in_.take(header.subspan(1))) return UnpackStatus::Truncated;
        const auto checked = header.first(header.size() - 4);
        if (crc32_of(checked) != load_le32(header, checked.size())) return UnpackStatus::BadHeader;
        BlockHeader fields;
        if (const UnpackStatus status = read_block_header(checked.subspan(1), fields); status != UnpackStatus::Ok) return status;

        const std::size_t first = used_;
        if (const UnpackStatus status = Lzma2Decoder(in_, out_, model_).run(used_); status != UnpackStatus::Ok) return status;
        const auto content = out_.subspan(first, used_ - first);
        if (fields.has_unpacked_size && fields.unpacked_size != content.size()) return UnpackStatus::SizeMismatch;
        if (fields.has_x86_filter) undo_x86_filter(content);
        const std::uint64_t packed = in_.consumed() - begin;
        if (const UnpackStatus status = padding(packed); status != UnpackStatus::Ok) return status;
        blocks_.add(packed + check_bytes(), content.size());
        return check(content);
    }

    std::size_t check_bytes() const { return check_ == Check::None ? 0 : check_ == Check::Crc32 ? 4 : 8; }

    // Zeros up to a multiple of four.
    UnpackStatus padding(std::uint64_t bytes) {
        for (std::uint8_t byte = 0; bytes % 4 != 0; ++bytes) {
            if (!in_.next(byte)) return UnpackStatus::Truncated;
            if (byte != 0) return UnpackStatus::BadData;
        }
        return UnpackStatus::Ok;
    }

    UnpackStatus check(std::span<const std::byte> content) {
        std::array<std::byte, 8> bytes{};
        if (!in_.take(std::span(bytes).first(check_bytes()))) return UnpackStatus::Truncated;
        const bool is_right = check_ == Check::None || (check_ == Check::Crc32 && load_le32(bytes, 0) == crc32_of(content)) ||
                              (check_ == Check::Crc64 && load_le64(bytes, 0) == crc64_of(content));
        return is_right ? UnpackStatus::Ok : UnpackStatus::Checksum;
    }

    // A number of the index, taken into its checksum.
    UnpackStatus index_number(std::uint32_t& crc, std::uint64_t& number) {
        std::array<std::byte, 9> bytes{};
        std::size_t count = 0;
        for (std::uint8_t byte = 0x80; (byte & 0x80) != 0; ++count) {
            if (count == bytes.size()) return UnpackStatus::BadData;
            if (!in_.next(byte)) return UnpackStatus::Truncated;
            bytes[count] = std::byte{byte};
        }
        const auto taken = std::span<const std::byte>(bytes).first(count);
        crc = crc32_update(crc, taken);
        auto rest = taken;
        return take_number(rest, number) ? UnpackStatus::Ok : UnpackStatus::BadData;
    }

    UnpackStatus index() {
        const std::uint64_t begin = in_.consumed() - 1;
        constexpr std::byte kMark[] = {std::byte{0}};
        std::uint32_t crc = crc32_of(kMark);
        std::uint64_t records = 0;
        if (const UnpackStatus status = index_number(crc, records); status != UnpackStatus::Ok) return status;
        if (records != blocks_.count) return UnpackStatus::SizeMismatch;
        Sizes told;
        for (; records > 0; --records) {
            std::uint64_t packed = 0;
            std::uint64_t unpacked = 0;
            if (const UnpackStatus status = index_number(crc, packed); status != UnpackStatus::Ok) return status;
            if (const UnpackStatus status = index_number(crc, unpacked); status != UnpackStatus::Ok) return status;
            told.add(packed, unpacked);
        }
        if (!(told == blocks_)) return UnpackStatus::SizeMismatch;
        for (; (in_.consumed() - begin) % 4 != 0; crc = crc32_update(crc, kMark)) {
            std::uint8_t byte = 0;
            if (!in_.next(byte)) return UnpackStatus::Truncated;
            if (byte != 0) return UnpackStatus::BadData;
        }
        index_bytes_ = in_.consumed() - begin + 4;
        std::uint32_t stored = 0;
        if (!in_.take_number(stored)) return UnpackStatus::Truncated;
        return stored == crc ? UnpackStatus::Ok : UnpackStatus::Checksum;
    }

    UnpackStatus footer(std::span<const std::byte> flags) {
        std::array<std::byte, kHeaderBytes> bytes{};
        if (!in_.take(bytes)) return UnpackStatus::Truncated;
        const auto checked = std::span<const std::byte>(bytes).subspan(4, 6);
        const bool is_right = crc32_of(checked) == load_le32(bytes, 0) && (std::uint64_t{load_le32(bytes, 4)} + 1) * 4 == index_bytes_ &&
                              std::equal(flags.begin(), flags.end(), bytes.begin() + 8) && load_le16(bytes, 10) == 0x5A59;
        return is_right ? UnpackStatus::Ok : UnpackStatus::BadHeader;
    }

    ByteReader in_;
    std::span<std::byte> out_;
    LzmaModel& model_;
    const Trailing trailing_;
    std::size_t used_ = 0;
    Check check_ = Check::None;
    Sizes blocks_;
    std::uint64_t index_bytes_ = 0;
};

}  // namespace

UnpackResult unpack_xz(const PieceSource& in, std::span<std::byte> out, LzmaModel& model, Trailing trailing) {
    return XzDecoder(in, out, model, trailing).run();
}

}  // namespace pvloader
