// SPDX-License-Identifier: MIT
// The bits of a deflate stream, lowest first, from one or several pieces of memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/inflate.hpp"

namespace pvloader {

static_assert(std::endian::native == std::endian::little);

// Up to 63 bits wait in `bits`. Above `count` there may be bits already that belong to the bytes at `next`; they agree
// with those bytes, so that filling again by "or" does no harm.
class InflateBits {
public:
    explicit InflateBits(std::span<const std::byte> in) { set_piece(in); }
    explicit InflateBits(const PieceSource& source) : source_(source) {}

    // At least 56 bits afterwards. Precondition: has_piece(8).
    void fill_fast() {
        std::uint64_t word;
        __builtin_memcpy(&word, next, sizeof word);
        bits |= word << count;
        next += (63 - count) >> 3;
        count |= 56;
    }

    // At least 56 bits afterwards, or all that are left.
    void fill() {
        if (has_piece(8)) {
            fill_fast();
            return;
        }
        while (count < 56 && (next != end || pull())) {
            bits |= std::to_integer<std::uint64_t>(*next++) << count;
            count += 8;
        }
    }

    void drop(unsigned amount) {
        bits >>= amount;
        count -= amount;
    }

    // False when the input ends before. Precondition: amount <= 32.
    [[nodiscard]] bool take(unsigned amount, std::uint32_t& value) {
        if (count < amount) fill();
        if (count < amount) return false;
        value = low(amount);
        drop(amount);
        return true;
    }

    void align_to_byte() { drop(count & 7); }

    // Copies whole bytes; false when the input ends before. Precondition: aligned to a byte.
    [[nodiscard]] bool take_bytes(std::byte* to, std::size_t amount) {
        for (; amount > 0 && count > 0; --amount, drop(8)) *to++ = static_cast<std::byte>(bits & 0xFF);
        if (amount == 0) return true;
        bits = 0;
        while (amount > 0) {
            if (next == end && !pull()) return false;
            const auto piece = static_cast<std::size_t>(end - next);
            const std::size_t step = piece < amount ? piece : amount;
            __builtin_memcpy(to, next, step);
            next += step;
            to += step;
            amount -= step;
        }
        return true;
    }

    bool has_piece(std::ptrdiff_t bytes) const { return end - next >= bytes; }
    std::uint64_t consumed() const { return earlier_ + static_cast<std::uint64_t>(next - start_) - count / 8; }

    // Open to the decoding loop, which keeps them in registers.
    std::uint64_t bits = 0;
    unsigned count = 0;
    const std::byte* next = nullptr;
    const std::byte* end = nullptr;

private:
    std::uint32_t low(unsigned amount) const {
        return static_cast<std::uint32_t>(bits & ((std::uint64_t{1} << amount) - 1));
    }

    void set_piece(std::span<const std::byte> piece) {
        next = start_ = piece.data();
        end = start_ + piece.size();
    }

    bool pull() {
        if (source_.pull == nullptr) return false;
        const std::span<const std::byte> piece = source_.pull(source_.context);
        earlier_ += static_cast<std::uint64_t>(end - start_);
        set_piece(piece);
        if (piece.empty()) source_.pull = nullptr;  // the end stays the end
        return !piece.empty();
    }

    PieceSource source_;
    const std::byte* start_ = nullptr;
    std::uint64_t earlier_ = 0;
};

}  // namespace pvloader
