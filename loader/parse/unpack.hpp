// SPDX-License-Identifier: MIT
// What the decoders of xz, lz4 and zstd share: how they end, and where their input comes from. (gzip has its own, inflate.hpp,
// which is as fast as it is large.)
//
// Any input is safe: a decoder reads only its source, writes only `out`, and its time is bounded by the sizes of both.
// It may scribble in `out` behind `produced`. No state outlives a call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parse/le_bytes.hpp"

namespace pvloader {

enum class UnpackStatus : std::uint8_t {
    Ok,
    BadHeader,     // another format, reserved bits, or a header whose checksum is wrong
    Unsupported,   // a filter, check or dictionary that is valid and not here
    Truncated,
    BadData,       // a code, length or distance that cannot be
    TooLarge,      // more data than `out` holds
    Checksum,
    SizeMismatch,  // another size than the stream says
    TrailingData,
};
std::string_view to_text(UnpackStatus status);

// What may follow the last frame, stream or member. Further ones are always decoded, one after the other.
enum class Trailing : std::uint8_t {
    Nothing,
    Zeros,    // padding to a sector or record
    RawSize,  // as Zeros, and before them the size of the data in 4 bytes, as in a Linux bzImage
    Anything, // left alone; inflate only
};

struct UnpackResult {
    UnpackStatus status = UnpackStatus::Ok;
    std::size_t produced = 0;  // bytes of output, also in front of an error
};

// A source hands out the next piece, which stays valid until the next call; an empty one is the end.
struct PieceSource {
    std::span<const std::byte> (*pull)(void* context) = nullptr;
    void* context = nullptr;
};

// Takes a source's bytes one after the other.
class ByteReader {
public:
    explicit ByteReader(const PieceSource& source) : source_(source) {}

    // False at the end.
    [[nodiscard]] bool next(std::uint8_t& byte) {
        if (at_ == piece_.size() && !pull()) return false;
        byte = std::to_integer<std::uint8_t>(piece_[at_++]);
        return true;
    }

    [[nodiscard]] bool take(std::span<std::byte> out) {
        while (!out.empty()) {
            if (at_ == piece_.size() && !pull()) return false;
            const std::size_t count = std::min(out.size(), piece_.size() - at_);
            __builtin_memcpy(out.data(), piece_.data() + at_, count);
            out = out.subspan(count);
            at_ += count;
        }
        return true;
    }

    [[nodiscard]] bool skip(std::uint64_t bytes) {
        while (bytes > 0) {
            if (at_ == piece_.size() && !pull()) return false;
            const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, piece_.size() - at_));
            bytes -= count;
            at_ += count;
        }
        return true;
    }

    // A little-endian number.
    template <std::unsigned_integral Number>
    [[nodiscard]] bool take_number(Number& number) {
        std::byte bytes[sizeof(Number)];
        if (!take(bytes)) return false;
        number = load_le<Number>(bytes, 0);
        return true;
    }

    std::uint64_t consumed() const { return earlier_ + at_; }

private:
    bool pull() {
        if (source_.pull == nullptr) return false;
        earlier_ += piece_.size();
        piece_ = source_.pull(source_.context);
        at_ = 0;
        if (piece_.empty()) source_.pull = nullptr;  // the end stays the end
        return !piece_.empty();
    }

    PieceSource source_;
    std::span<const std::byte> piece_;
    std::size_t at_ = 0;
    std::uint64_t earlier_ = 0;
};

// The rest of the input behind the last frame, of which `head` was read already and is no frame's beginning.
UnpackStatus check_trailing(ByteReader& in, std::span<const std::byte> head, Trailing trailing, std::size_t produced);

}  // namespace pvloader
