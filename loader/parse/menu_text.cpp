// SPDX-License-Identifier: MIT
// Text helpers of the loader's parsers: blanks, words, numbers, and escaping of untrusted bytes.
#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t index) { return static_cast<std::uint8_t>(text[index]); }

int digit_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

// Reads all digits even after an overflow, so that `rest` begins behind the number in every case.
Number parse_digits(std::string_view text, std::uint32_t base) {
    Number number;
    std::uint64_t value = 0;
    std::size_t used = 0;
    bool too_large = false;
    for (; used < text.size(); ++used) {
        const int digit = digit_value(text[used]);
        if (digit >= static_cast<int>(base)) break;
        value = value * base + static_cast<std::uint64_t>(digit);
        if (value > 0xFFFFFFFFU) {
            too_large = true;
            value = 0;
        }
    }
    number.rest = cut(text, used);
    if (used == 0) return number;
    number.status = too_large ? NumberStatus::TooLarge : NumberStatus::Ok;
    number.value = too_large ? 0 : static_cast<std::uint32_t>(value);
    return number;
}

Number parse_signed_digits(std::string_view text, bool allow_hex) {
    if (text.size() >= 2 && text[0] == '-' && is_digit(text[1])) {
        Number number = parse_digits(cut(text, 1), 10);
        number.status = NumberStatus::Negative;
        number.value = 0;
        return number;
    }
    if (allow_hex && text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && digit_value(text[2]) < 16)
        return parse_digits(cut(text, 2), 16);
    return parse_digits(text, 10);
}

struct Decoded {
    std::size_t length = 0;  // 0: not a valid UTF-8 sequence
    std::uint32_t code_point = 0;
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode_utf8(std::string_view text) {
    const std::uint8_t lead = byte_at(text, 0);
    if (lead < 0x80) return {1, lead};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    std::uint32_t code_point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xC0) != 0x80) return {};
        code_point = code_point << 6 | (byte_at(text, i) & 0x3FU);
    }
    const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
    if (overlong || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return {};
    return {length, code_point};
}

// Controls act on the terminal (C1 controls included); the others would let a title lie about what it says.
bool is_harmless(std::uint32_t code_point) {
    const auto between = [code_point](std::uint32_t low, std::uint32_t high) {
        return code_point >= low && code_point <= high;
    };
    if (code_point < 0x20 || between(0x7F, 0x9F)) return false;
    return code_point != 0xAD && code_point != 0x061C && !between(0x200B, 0x200F) && !between(0x2028, 0x202E) &&
           !between(0x2060, 0x206F) && code_point != 0xFEFF && !between(0xFFF0, 0xFFFB) && !between(0xE0000, 0xE0FFF);
}

}  // namespace

std::string_view skip_blanks(std::string_view text) {
    std::size_t start = 0;
    while (start < text.size() && is_blank(text[start])) ++start;
    return cut(text, start);
}

std::string_view trim_blanks(std::string_view text) {
    text = skip_blanks(text);
    std::size_t end = text.size();
    while (end > 0 && is_blank(text[end - 1])) --end;
    return cut(text, 0, end);
}

WordSplit split_word(std::string_view text) {
    text = skip_blanks(text);
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    return {cut(text, 0, end), skip_blanks(cut(text, end))};
}

Number parse_number(std::string_view text) { return parse_signed_digits(text, true); }

Number parse_decimal(std::string_view text) { return parse_signed_digits(text, false); }

TextBuffer& TextBuffer::add(std::string_view text) {
    const std::size_t space = memory_.size() - used_;
    if (is_cut_) return *this;
    if (text.size() > space) is_cut_ = true;
    const std::size_t taken = text.size() < space ? text.size() : space;
    for (std::size_t i = 0; i < taken; ++i) memory_[used_ + i] = text[i];
    used_ += taken;
    return *this;
}

TextBuffer& TextBuffer::add_number(std::uint32_t value) {
    char digits[10];
    std::size_t start = sizeof digits;
    do {
        digits[--start] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return add({digits + start, sizeof digits - start});
}

bool TextBuffer::add_whole(std::string_view piece) {
    if (is_cut_ || piece.size() > memory_.size() - used_) {
        is_cut_ = true;
        return false;
    }
    add(piece);
    return true;
}

TextBuffer& TextBuffer::add_escaped(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    while (!text.empty()) {
        const Decoded decoded = decode_utf8(text);
        if (decoded.length != 0 && is_harmless(decoded.code_point)) {
            if (!add_whole(cut(text, 0, decoded.length))) break;
            text = cut(text, decoded.length);
            continue;
        }
        // A rejected character is escaped byte by byte; its later bytes are invalid on their own.
        const std::uint8_t byte = byte_at(text, 0);
        const char escape[4] = {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        if (!add_whole({escape, sizeof escape})) break;
        text = cut(text, 1);
    }
    return *this;
}

std::string_view escape_text(std::string_view text, std::span<char> out) {
    TextBuffer buffer(out);
    return buffer.add_escaped(text).text();
}

}  // namespace pvloader
