// SPDX-License-Identifier: MIT
// Short and long names.
#include "parse/fat_entries.hpp"

#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Raw = std::span<const std::byte, FatEntryReader::kEntryBytes>;

constexpr std::uint8_t kEnd = 0x00;
constexpr std::uint8_t kDeleted = 0xE5;
constexpr std::uint8_t kStandsForE5 = 0x05;
constexpr std::uint8_t kVolumeLabel = 0x08;
constexpr std::uint8_t kDirectory = 0x10;
constexpr std::uint8_t kLongName = 0x0F;
constexpr std::uint8_t kLastPiece = 0x40;

// Of the eleven characters of a short name: what ties a long name to it.
std::uint8_t checksum_of(Raw raw) {
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < 11; ++i) {
        sum = static_cast<std::uint8_t>(((sum & 1) << 7) + (sum >> 1) + load_u8(raw, i));
    }
    return sum;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

bool is_same_fat_name(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) {
        return false;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) {
            return false;
        }
    }
    return true;
}

// A piece that does not continue what came before drops all of it: the short name is left, as other readers do it.
void FatEntryReader::take_piece(Raw raw) {
    constexpr std::array<std::uint8_t, kPieceUnits> kPlaces = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    const std::uint8_t order = load_u8(raw, 0);
    const std::size_t number = order & 0x1F;
    const std::uint8_t checksum = load_u8(raw, 13);
    if ((order & kLastPiece) != 0) {
        pieces_ = number >= 1 && number <= kMaxPieces ? number : 0;
        pieces_left_ = pieces_;
        checksum_ = checksum;
    }
    if (pieces_left_ == 0 || number != pieces_left_ || checksum != checksum_) {
        pieces_ = 0;
        return;
    }
    --pieces_left_;
    for (std::size_t i = 0; i < kPieceUnits; ++i) {
        units_[pieces_left_ * kPieceUnits + i] = load_le16(raw, kPlaces[i]);
    }
}

void FatEntryReader::take_short_name(Raw raw) {
    const std::uint8_t cases = load_u8(raw, 12);
    const auto add_part = [&](std::size_t begin, std::size_t end, bool is_lower) {
        while (end > begin && load_u8(raw, end - 1) == ' ') {
            --end;
        }
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint8_t byte = load_u8(raw, i);
            const char c = static_cast<char>(i == 0 && byte == kStandsForE5 ? kDeleted : byte);
            short_[short_bytes_++] = is_lower ? lower(c) : c;
        }
        return end > begin;
    };
    short_bytes_ = 0;
    add_part(0, 8, (cases & 0x08) != 0);
    short_[short_bytes_++] = '.';
    if (!add_part(8, 11, (cases & 0x10) != 0)) {
        --short_bytes_;
    }
}

void FatEntryReader::add_character(std::uint32_t character) {
    const auto add = [this](std::uint32_t byte) { long_[long_bytes_++] = static_cast<char>(byte); };
    if (character < 0x80) {
        add(character);
    } else if (character < 0x800) {
        add(0xC0 | character >> 6);
        add(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        add(0xE0 | character >> 12);
        add(0x80 | (character >> 6 & 0x3F));
        add(0x80 | (character & 0x3F));
    } else {
        add(0xF0 | character >> 18);
        add(0x80 | (character >> 12 & 0x3F));
        add(0x80 | (character >> 6 & 0x3F));
        add(0x80 | (character & 0x3F));
    }
}

// UTF-16 to UTF-8, at most three bytes for each unit. Half a surrogate pair becomes U+FFFD. A slash in a name would read as a path
// and is no name that FAT allows: such a file keeps its short name.
void FatEntryReader::make_long_name() {
    for (std::size_t i = 0; i < pieces_ * kPieceUnits && units_[i] != 0; ++i) {
        const std::uint32_t unit = units_[i];
        const std::uint32_t next = i + 1 < pieces_ * kPieceUnits ? units_[i + 1] : 0;
        if (unit == '/') {
            long_bytes_ = 0;
            return;
        }
        if (is_high_surrogate(unit) && is_low_surrogate(next)) {
            add_character(0x10000 + ((unit & 0x3FF) << 10) + (next & 0x3FF));
            ++i;
        } else {
            add_character(is_high_surrogate(unit) || is_low_surrogate(unit) ? 0xFFFD : unit);
        }
    }
}

FatEntryReader::Step FatEntryReader::take(Raw raw) {
    const std::uint8_t first = load_u8(raw, 0);
    const std::uint8_t attributes = load_u8(raw, 11);
    if (first == kEnd) {
        return Step::End;
    }
    if (first != kDeleted && (attributes & 0x3F) == kLongName) {
        take_piece(raw);
        return Step::Nothing;
    }
    const bool has_long_name = pieces_ != 0 && pieces_left_ == 0 && checksum_ == checksum_of(raw);
    long_bytes_ = 0;
    if (first != kDeleted && has_long_name) {
        make_long_name();
    }
    pieces_ = 0;
    pieces_left_ = 0;
    if (first == kDeleted || (attributes & kVolumeLabel) != 0) {
        return Step::Nothing;
    }
    take_short_name(raw);
    if (name().empty()) {
        return Step::Nothing;  // all blanks: nobody can mean it
    }
    is_folder_ = (attributes & kDirectory) != 0;
    first_cluster_ = std::uint32_t{load_le16(raw, 20)} << 16 | load_le16(raw, 26);
    bytes_ = load_le32(raw, 28);
    return Step::Entry;
}

}  // namespace pvloader
