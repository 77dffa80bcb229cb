// SPDX-License-Identifier: MIT
// Reads little-endian numbers out of raw disk bytes at any alignment.
//
// Callers check their offsets first; a field that lies outside the bytes nevertheless reads as 0, so that a
// forgotten check is a wrong number and not a read out of bounds.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

template <std::unsigned_integral Number>
constexpr Number load_le(std::span<const std::byte> bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(Number)) {
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
    }
    return static_cast<Number>(value);
}

constexpr std::uint8_t load_u8(std::span<const std::byte> bytes, std::size_t at) {
    return load_le<std::uint8_t>(bytes, at);
}
constexpr std::uint16_t load_le16(std::span<const std::byte> bytes, std::size_t at) {
    return load_le<std::uint16_t>(bytes, at);
}
constexpr std::uint32_t load_le32(std::span<const std::byte> bytes, std::size_t at) {
    return load_le<std::uint32_t>(bytes, at);
}
constexpr std::uint64_t load_le64(std::span<const std::byte> bytes, std::size_t at) {
    return load_le<std::uint64_t>(bytes, at);
}

}  // namespace pvloader
