// SPDX-License-Identifier: MIT
// The filter makes the operand of E8 (call) and E9 (jmp) absolute where it looks like a near one: its highest byte 00 or FF. To
// not be misled by E8 and E9 inside of operands, it keeps track of such bytes among the last three.
#include "parse/xz.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kOperandBytes = 4;

bool is_near(std::uint32_t high_byte) { return high_byte == 0x00 || high_byte == 0xFF; }

// `recent` has a bit for each of the last three bytes that was an opcode, the latest lowest. Where in the operand, from its low
// end, the byte lies that tells whether the earlier opcode was a real one.
constexpr unsigned telling_byte(unsigned recent) { return recent == 0 ? 0 : recent == 1 ? 1 : recent <= 3 ? 2 : 3; }
constexpr bool may_convert(unsigned recent) { return recent == 0 || recent == 1 || recent == 2 || recent == 4; }

std::uint32_t relative(std::uint32_t operand, std::uint32_t next_address, unsigned recent) {
    for (;;) {
        const std::uint32_t value = operand - next_address;
        if (recent == 0) return value;
        const unsigned shift = 24 - 8 * telling_byte(recent);
        if (!is_near(value >> shift & 0xFF)) return value;
        operand = value ^ ((1U << (shift + 8)) - 1);
    }
}

}  // namespace

void undo_x86_filter(std::span<std::byte> code) {
    unsigned recent = 0;
    std::size_t since = 4;  // bytes since the last opcode, itself included; 4 stands for more
    for (std::size_t at = 0; at + kOperandBytes < code.size(); ++at, ++since) {
        if ((code[at] & std::byte{0xFE}) != std::byte{0xE8}) continue;
        recent = since > 3 ? 0 : recent << (since - 1) & 7;
        since = 0;
        const auto byte_at = [&](std::size_t place) { return load_u8(code, place); };
        const bool is_inside = recent != 0 && (!may_convert(recent) || is_near(byte_at(at + kOperandBytes - telling_byte(recent))));
        if (is_inside || !is_near(byte_at(at + kOperandBytes))) {
            recent = recent << 1 | 1;
            continue;
        }
        std::uint32_t value = relative(load_le32(code, at + 1), static_cast<std::uint32_t>(at + 1 + kOperandBytes), recent) & 0x01FFFFFF;
        value |= 0U - (value & 0x01000000);
        __builtin_memcpy(&code[at + 1], &value, sizeof value);
        at += kOperandBytes;
        since = kOperandBytes;
        recent = 0;
    }
}

}  // namespace pvloader
