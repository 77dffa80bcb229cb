// SPDX-License-Identifier: MIT
// Decoding of keys, with the escape sequences of arrow keys as ECMA-48 terminals send them.
#include "boot/keys.hpp"

namespace pvloader {

namespace {

constexpr int kEscape = 0x1B;
constexpr int kCtrlN = 0x0E;
constexpr int kCtrlP = 0x10;
// A terminal sends a sequence at once; what comes later is a key of its own.
constexpr std::uint64_t kSequencePatienceNs = 50'000'000;
constexpr int kMaxSequence = 16;

Key sequence_key(int final_byte, int parameter) {
    switch (final_byte) {
        case 'A': return {Key::Kind::Up, 0};
        case 'B': return {Key::Kind::Down, 0};
        case 'H': return {Key::Kind::Home, 0};
        case 'F': return {Key::Kind::End, 0};
        case '~':
            if (parameter == '1' || parameter == '7') return {Key::Kind::Home, 0};
            if (parameter == '4' || parameter == '8') return {Key::Kind::End, 0};
            return {Key::Kind::Other, 0};
        default: return {Key::Kind::Other, 0};
    }
}

// What follows an escape byte.
Key read_sequence(Platform& platform) {
    const std::uint64_t deadline = platform.now_ns() + kSequencePatienceNs;
    const int intro = platform.read_byte(deadline);
    if (intro < 0) return {Key::Kind::Escape, 0};
    if (intro != '[' && intro != 'O') return {Key::Kind::Other, 0};
    int parameter = 0;
    for (int i = 0; i < kMaxSequence; ++i) {
        const int byte = platform.read_byte(deadline);
        if (byte < 0) break;
        if (byte >= 0x40 && byte <= 0x7E) return sequence_key(byte, parameter);
        if (parameter == 0) parameter = byte;
    }
    return {Key::Kind::Other, 0};
}

}  // namespace

Key read_key(Platform& platform, std::uint64_t deadline_ns) {
    const int byte = platform.read_byte(deadline_ns);
    if (byte < 0) return {};
    const auto sent = static_cast<std::uint8_t>(byte);
    if (byte == kEscape) return read_sequence(platform);
    if (byte == '\r' || byte == '\n') return {Key::Kind::Enter, sent};
    if (byte == kCtrlP) return {Key::Kind::Up, sent};
    if (byte == kCtrlN) return {Key::Kind::Down, sent};
    return {byte > ' ' && byte < 0x7F ? Key::Kind::Letter : Key::Kind::Other, sent};
}

}  // namespace pvloader
