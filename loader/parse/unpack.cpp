// SPDX-License-Identifier: MIT
// The end of compressed data, and the words for what went wrong.
#include "parse/unpack.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

UnpackStatus check_trailing(ByteReader& in, std::span<const std::byte> head, Trailing trailing, std::size_t produced) {
    if (trailing == Trailing::RawSize) {
        if (head.size() < 4) return UnpackStatus::Truncated;
        if (load_le32(head, 0) != static_cast<std::uint32_t>(produced)) return UnpackStatus::SizeMismatch;
        head = head.subspan(4);
    }
    bool has_zeros_only = std::all_of(head.begin(), head.end(), [](std::byte byte) { return byte == std::byte{0}; });
    for (std::uint8_t byte = 0; has_zeros_only && in.next(byte);) has_zeros_only = byte == 0;
    return has_zeros_only && (trailing != Trailing::Nothing || head.empty()) ? UnpackStatus::Ok : UnpackStatus::TrailingData;
}

std::string_view to_text(UnpackStatus status) {
    static constexpr char kTexts[][56] = {
        "no error",
        "damaged or unknown header",
        "a filter, check or dictionary that is not known here",
        "the compressed data ends too early",
        "damaged compressed data",
        "the data is larger than the memory for it",
        "the data's checksum is wrong",
        "the data has another size than it should",
        "bytes follow the compressed data",
    };
    return row_text(kTexts, static_cast<std::size_t>(status));
}

}  // namespace pvloader
