// SPDX-License-Identifier: MIT
// Bits in zstd's two orders: forward for the description of a table, and backward, from the highest bit of the last byte down,
// for everything that was coded with one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

static_assert(std::endian::native == std::endian::little);

// Bits before the first one read as zeros; how many were read so is what `left()` tells by being negative.
class BackwardBits {
public:
    // So many bytes behind the span must be readable, whatever they hold.
    static constexpr std::size_t kSlackBytes = 8;

    // The highest 1 bit of the last byte is a mark and not data.
    explicit BackwardBits(std::span<const std::byte> bytes) : begin_(bytes.data()) {
        const unsigned last = bytes.empty() ? 0 : std::to_integer<unsigned>(bytes.back());
        has_mark_ = last != 0;
        left_ = has_mark_ ? static_cast<std::ptrdiff_t>(bytes.size() * 8) - 1 - std::countl_zero(static_cast<std::uint8_t>(last)) : 0;
    }

    bool has_mark() const { return has_mark_; }
    std::ptrdiff_t left() const { return left_; }
    bool is_used_up() const { return left_ == 0; }

    // Precondition: count <= 32.
    std::uint32_t peek(unsigned count) const {
        const std::ptrdiff_t first = left_ - static_cast<std::ptrdiff_t>(count);
        if (first >= 0) return bits_at(static_cast<std::size_t>(first), count);
        if (left_ <= 0) return 0;
        return bits_at(0, static_cast<unsigned>(left_)) << (-first);
    }
    void drop(unsigned count) { left_ -= static_cast<std::ptrdiff_t>(count); }
    std::uint32_t take(unsigned count) {
        const std::uint32_t value = peek(count);
        drop(count);
        return value;
    }

private:
    std::uint32_t bits_at(std::size_t first, unsigned count) const {
        std::uint64_t word;
        __builtin_memcpy(&word, begin_ + first / 8, sizeof word);
        return static_cast<std::uint32_t>(word >> (first % 8) & ((std::uint64_t{1} << count) - 1));
    }

    const std::byte* begin_;
    std::ptrdiff_t left_ = 0;
    bool has_mark_ = false;
};

class ForwardBits {
public:
    explicit ForwardBits(std::span<const std::byte> bytes) : bytes_(bytes) {}

    // Bits behind the end are zeros, which has_ended() tells.
    std::uint32_t take(unsigned count) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < count; ++i, ++at_) {
            const bool is_set = at_ / 8 < bytes_.size() && (std::to_integer<unsigned>(bytes_[at_ / 8]) >> (at_ % 8) & 1) != 0;
            value |= is_set ? 1U << i : 0;
        }
        return value;
    }
    void give_back(unsigned count) { at_ -= count; }
    bool has_ended() const { return at_ > bytes_.size() * 8; }
    std::size_t bytes_used() const { return (at_ + 7) / 8; }

private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

}  // namespace pvloader
