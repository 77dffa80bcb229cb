// SPDX-License-Identifier: MIT
// Keys of a terminal, from the bytes it sends.
#pragma once

#include <cstdint>

#include "boot/platform.hpp"

namespace pvloader {

struct Key {
    enum class Kind : std::uint8_t { None, Up, Down, Home, End, Enter, Escape, Letter, Other };

    Kind kind = Kind::None;  // None: the deadline came first
    std::uint8_t byte = 0;   // of a key that sends a single byte, Letter or not; 0 for sequences
};

// Waits for a key until the deadline, 0 for ever.
Key read_key(Platform& platform, std::uint64_t deadline_ns);

}  // namespace pvloader
