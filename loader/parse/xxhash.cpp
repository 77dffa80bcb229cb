// SPDX-License-Identifier: MIT
// Four lanes run through the bulk, are joined, and take in the tail word by word.
#include "parse/xxhash.hpp"

#include <bit>

#include "parse/le_bytes.hpp"

namespace pvloader {

namespace {

constexpr std::uint32_t kSmall[] = {0x9E3779B1U, 0x85EBCA77U, 0xC2B2AE3DU, 0x27D4EB2FU, 0x165667B1U};
constexpr std::uint64_t kLarge[] = {0x9E3779B185EBCA87U, 0xC2B2AE3D27D4EB4FU, 0x165667B19E3779F9U, 0x85EBCA77C2B2AE63U,
                                    0x27D4EB2F165667C5U};

template <typename Word>
Word word_at(std::span<const std::byte> bytes) {
    Word word;
    __builtin_memcpy(&word, bytes.data(), sizeof word);
    return word;
}

std::uint32_t round32(std::uint32_t lane, std::uint32_t word) { return std::rotl(lane + word * kSmall[1], 13) * kSmall[0]; }
std::uint64_t round64(std::uint64_t lane, std::uint64_t word) { return std::rotl(lane + word * kLarge[1], 31) * kLarge[0]; }

// Takes what fills all four lanes from the front of `bytes`.
template <typename Word, typename Round>
void run_lanes(std::span<const std::byte>& bytes, Word (&lanes)[4], Round round) {
    while (bytes.size() >= 4 * sizeof(Word)) {
        for (Word& lane : lanes) {
            lane = round(lane, word_at<Word>(bytes));
            bytes = bytes.subspan(sizeof(Word));
        }
    }
}

}  // namespace

std::uint32_t xxh32(std::span<const std::byte> bytes) {
    const std::size_t size = bytes.size();
    std::uint32_t hash = kSmall[4];
    if (size >= 16) {
        std::uint32_t lanes[4] = {kSmall[0] + kSmall[1], kSmall[1], 0, 0U - kSmall[0]};
        run_lanes(bytes, lanes, round32);
        hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    }
    hash += static_cast<std::uint32_t>(size);
    for (; bytes.size() >= 4; bytes = bytes.subspan(4))
        hash = std::rotl(hash + word_at<std::uint32_t>(bytes) * kSmall[2], 17) * kSmall[3];
    for (const std::byte byte : bytes) hash = std::rotl(hash + std::to_integer<std::uint32_t>(byte) * kSmall[4], 11) * kSmall[0];
    hash = (hash ^ hash >> 15) * kSmall[1];
    hash = (hash ^ hash >> 13) * kSmall[2];
    return hash ^ hash >> 16;
}

std::uint64_t xxh64(std::span<const std::byte> bytes) {
    const std::size_t size = bytes.size();
    std::uint64_t hash = kLarge[4];
    if (size >= 32) {
        std::uint64_t lanes[4] = {kLarge[0] + kLarge[1], kLarge[1], 0, 0U - kLarge[0]};
        run_lanes(bytes, lanes, round64);
        hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
        for (const std::uint64_t lane : lanes) hash = (hash ^ round64(0, lane)) * kLarge[0] + kLarge[3];
    }
    hash += size;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8))
        hash = std::rotl(hash ^ round64(0, word_at<std::uint64_t>(bytes)), 27) * kLarge[0] + kLarge[3];
    if (bytes.size() >= 4) {
        hash = std::rotl(hash ^ word_at<std::uint32_t>(bytes) * kLarge[0], 23) * kLarge[1] + kLarge[2];
        bytes = bytes.subspan(4);
    }
    for (const std::byte byte : bytes) hash = std::rotl(hash ^ std::to_integer<std::uint64_t>(byte) * kLarge[4], 11) * kLarge[0];
    hash = (hash ^ hash >> 33) * kLarge[1];
    hash = (hash ^ hash >> 29) * kLarge[2];
    return hash ^ hash >> 32;
}

}  // namespace pvloader
