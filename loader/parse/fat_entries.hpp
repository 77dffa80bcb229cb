// SPDX-License-Identifier: MIT
// Puts directory entries together: a file's long name lies, in pieces of 13 UTF-16 units, in entries before its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pvloader {

class FatEntryReader {
public:
    static constexpr std::size_t kEntryBytes = 32;

    enum class Step : std::uint8_t { Nothing, Entry, End };

    // Takes the next entry of the directory. After Entry the functions below tell of it, until the next one is taken.
    Step take(std::span<const std::byte, kEntryBytes> raw);

    std::string_view name() const { return long_bytes_ != 0 ? std::string_view(long_.data(), long_bytes_) : short_name(); }
    std::string_view short_name() const { return {short_.data(), short_bytes_}; }
    bool is_folder() const { return is_folder_; }
    std::uint32_t first_cluster() const { return first_cluster_; }
    std::uint32_t bytes() const { return bytes_; }

private:
    static constexpr std::size_t kPieceUnits = 13;
    static constexpr std::size_t kMaxPieces = 20;

    void take_piece(std::span<const std::byte, kEntryBytes> raw);
    void take_short_name(std::span<const std::byte, kEntryBytes> raw);
    void make_long_name();
    void add_character(std::uint32_t character);

    std::array<std::uint16_t, kPieceUnits * kMaxPieces> units_{};
    std::size_t pieces_ = 0;       // of the long name that is being put together
    std::size_t pieces_left_ = 0;  // still to come; pieces come last first
    std::uint8_t checksum_ = 0;    // of the short name that the pieces belong to

    std::array<char, kPieceUnits * kMaxPieces * 3> long_{};
    std::size_t long_bytes_ = 0;
    std::array<char, 12> short_{};
    std::size_t short_bytes_ = 0;
    bool is_folder_ = false;
    std::uint32_t first_cluster_ = 0;
    std::uint32_t bytes_ = 0;
};

// As FAT compares names: ASCII letters without regard to their case, everything else exactly.
bool is_same_fat_name(std::string_view left, std::string_view right);

}  // namespace pvloader
