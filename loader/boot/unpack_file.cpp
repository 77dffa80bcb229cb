// SPDX-License-Identifier: MIT
// How large the output is, is a guess at first: what the file says, if it does. When that was too little, twice as much is tried,
// as long as memory lasts; that is also what ends a file that would grow without end.
#include "boot/unpack_file.hpp"

#include <algorithm>
#include <new>

#include "parse/inflate.hpp"
#include "parse/lz4.hpp"
#include "parse/xz.hpp"
#include "parse/zstd.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kHeadBytes = 18;  // what the size hints look at
constexpr std::uint64_t kUsualRatio = 4;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
// Deflate makes data at most 1032 times smaller: a larger claim is a lie.
constexpr std::uint64_t kMostGzipRatio = 1040;

// Hands the decoder one piece of the file after the other.
struct FilePieces {
    const PackedFile& file;
    std::span<std::byte> piece;
    Message& why;
    std::uint64_t done = 0;
    bool has_failed = false;

    static std::span<const std::byte> pull(void* context) {
        auto& self = *static_cast<FilePieces*>(context);
        const std::uint64_t left = self.file.bytes - self.done;
        const std::size_t count = left < self.piece.size() ? static_cast<std::size_t>(left) : self.piece.size();
        if (count == 0 || self.has_failed) return {};
        if (!read_file(self.file.opened, self.file.offset + self.done, self.piece.first(count), self.why)) {
            self.has_failed = true;
            return {};
        }
        self.done += count;
        return self.piece.first(count);
    }
};

constexpr std::size_t scratch_bytes(ImageKind kind) {
    switch (kind) {
        case ImageKind::Gzip: return sizeof(InflateTables);
        case ImageKind::Xz: return sizeof(LzmaModel);
        case ImageKind::Zstd: return sizeof(ZstdScratch);
        default: return 1;  // lz4 needs none
    }
}

// What a decoder said, in common terms.
struct Outcome {
    bool is_done = false;
    bool is_too_large = false;
    std::size_t produced = 0;
    std::string_view reason;
};

template <typename Result, typename Status>
Outcome outcome_of(const Result& result, Status ok, Status too_large) {
    return {result.status == ok, result.status == too_large, result.produced, to_text(result.status)};
}

Outcome decode(const PackedFile& file, const PieceSource& in, std::span<std::byte> out, void* scratch) {
    if (file.kind == ImageKind::Gzip) {
        const InflateResult result = inflate_gzip(in, out, *new (scratch) InflateTables, file.trailing);
        return outcome_of(result, InflateStatus::Ok, InflateStatus::TooLarge);
    }
    UnpackResult result{UnpackStatus::BadHeader, 0};
    if (file.kind == ImageKind::Xz) result = unpack_xz(in, out, *new (scratch) LzmaModel, file.trailing);
    if (file.kind == ImageKind::Lz4) result = unpack_lz4(in, out, file.trailing);
    if (file.kind == ImageKind::Zstd) result = unpack_zstd(in, out, *new (scratch) ZstdScratch, file.trailing);
    return outcome_of(result, UnpackStatus::Ok, UnpackStatus::TooLarge);
}

bool guess_size(const PackedFile& file, std::uint64_t& size, Message& why) {
    std::array<std::byte, kHeadBytes> memory{};
    const auto head = std::span(memory).first(static_cast<std::size_t>(std::min<std::uint64_t>(file.bytes, memory.size())));
    std::array<std::byte, 4> tail{};
    if (file.bytes < tail.size()) {
        why.clear().add("the compressed data ends too early");
        return false;
    }
    if (!read_file(file.opened, file.offset, head, why)) return false;
    if (!read_file(file.opened, file.offset + file.bytes - tail.size(), tail, why)) return false;
    const std::uint64_t packed = std::min(file.bytes, kMostBytes);
    size = packed * kUsualRatio;
    if (file.kind == ImageKind::Zstd && zstd_size_hint(head) != 0) size = zstd_size_hint(head);
    if (file.kind == ImageKind::Lz4 && lz4_size_hint(head) != 0) size = lz4_size_hint(head);
    if (file.kind == ImageKind::Gzip) size = std::min<std::uint64_t>(load_le32(tail, 0), packed * kMostGzipRatio);
    if (file.trailing == Trailing::RawSize) size = load_le32(tail, 0);
    size = std::clamp(size, packed, std::max(packed, kMostBytes));
    return true;
}

}  // namespace

bool unpack_file(Platform& platform, const PackedFile& file, Buffer& out, Message& why) {
    std::uint64_t size = 0;
    if (!guess_size(file, size, why)) return false;
    Buffer piece(platform);
    Buffer scratch(platform);
    if (!piece.allocate(kPieceBytes) || !scratch.allocate(scratch_bytes(file.kind))) {
        explain_memory(why.clear(), kPieceBytes + scratch_bytes(file.kind));
        return false;
    }
    for (;; size *= 2) {
        if (!out.allocate(size)) {
            explain_memory(why.clear(), size);
            return false;
        }
        FilePieces pieces{file, piece.bytes(), why};
        const Outcome outcome = decode(file, {&FilePieces::pull, &pieces}, out.bytes(), scratch.bytes().data());
        if (pieces.has_failed) return false;
        if (outcome.is_done) {
            out.shrink(outcome.produced);
            return true;
        }
        if (!outcome.is_too_large) {
            why.clear().add("cannot be decompressed: ").add(outcome.reason);
            return false;
        }
    }
}

}  // namespace pvloader
