// SPDX-License-Identifier: MIT
// Small text helpers for the loader's parsers: cutting without exceptions, numbers, and making bytes from a
// guest's disk safe to show. Everything is pure and works on memory the caller owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pvloader {

// std::string_view::substr throws when `from` is past the end; this answers with an empty view.
constexpr std::string_view cut(std::string_view text, std::size_t from, std::size_t count = std::string_view::npos) {
    if (from >= text.size()) return {};
    const std::size_t left = text.size() - from;
    return {text.data() + from, count < left ? count : left};
}

constexpr bool starts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && cut(text, 0, prefix.size()) == prefix;
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view skip_blanks(std::string_view text);
std::string_view trim_blanks(std::string_view text);

// The first word of `text` (up to a blank) and the rest of it after those blanks. Leading blanks are skipped.
struct WordSplit {
    std::string_view word;
    std::string_view rest;
};
WordSplit split_word(std::string_view text);

// Looks a text up in a table of fixed-width rows by index. Such tables hold no pointers, so that position-independent
// code needs no relocation for them.
template <std::size_t Rows, std::size_t Width>
constexpr std::string_view row_text(const char (&rows)[Rows][Width], std::size_t index) {
    if (index >= Rows) return {};
    std::size_t length = 0;
    while (length < Width && rows[index][length] != '\0') ++length;
    return {rows[index], length};
}

enum class NumberStatus : std::uint8_t { Ok, NotANumber, Negative, TooLarge };

// An unsigned number, decimal or with 0x, at the start of `text`; `rest` is what follows its digits.
struct Number {
    NumberStatus status = NumberStatus::NotANumber;
    std::uint32_t value = 0;
    std::string_view rest;
};
Number parse_number(std::string_view text);
// The same without the 0x form.
Number parse_decimal(std::string_view text);

// Collects a message in caller-owned memory. What does not fit is left out; text() is always valid.
class TextBuffer {
public:
    explicit TextBuffer(std::span<char> memory) : memory_(memory) {}

    TextBuffer& add(std::string_view text);
    TextBuffer& add_number(std::uint32_t value);
    // As add(), but control bytes, invalid UTF-8 and invisible or direction-changing characters appear as \xNN.
    // Never ends in the middle of a character or of an escape.
    TextBuffer& add_escaped(std::string_view text);

    std::string_view text() const { return {memory_.data(), used_}; }
    bool is_cut() const { return is_cut_; }

private:
    bool add_whole(std::string_view piece);

    std::span<char> memory_;
    std::size_t used_ = 0;
    bool is_cut_ = false;
};

// Writes `text` to `out` with every byte that could act on a terminal escaped; returns what was written.
std::string_view escape_text(std::string_view text, std::span<char> out);

}  // namespace pvloader
