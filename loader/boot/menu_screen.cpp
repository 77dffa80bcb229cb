// SPDX-License-Identifier: MIT
// Drawing the menu. A terminal gets it redrawn in place; without one it is a plain list.
#include "boot/menu_screen.hpp"

#include "fs/message.hpp"

namespace pvloader {

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::size_t kTitleWidth = 68;
constexpr char kReverse[] = "\x1b[7m";
constexpr char kNormal[] = "\x1b[0m";
constexpr char kClearLine[] = "\r\x1b[K";

void add_title(TextBuffer& text, const MenuEntry& entry) {
    std::array<char, kTitleWidth> memory{};
    text.add(escape_text(entry.title.empty() ? std::string_view("(no title)") : entry.title, memory));
}

}  // namespace

void MenuScreen::draw(std::uint32_t selected) {
    const bool is_terminal = platform_.is_interactive();
    const std::uint32_t rows = !is_terminal || menu_.entry_count < kRows ? menu_.entry_count : kRows;
    if (selected < first_row_) first_row_ = selected;
    if (selected >= first_row_ + rows) first_row_ = selected - rows + 1;
    if (rows_drawn_ == 0 && is_terminal)
        platform_.write("Choose with the arrow keys or a number, boot with Enter; e edits, c is for a command line.\n");
    if (rows_drawn_ != 0) {
        Message up;
        platform_.write(up.more().add("\x1b[").add_number(rows_drawn_).add("A").text());
    }
    for (std::uint32_t row = 0; row < rows; ++row) {
        const std::uint32_t entry = first_row_ + row;
        Message line;
        TextBuffer& text = line.more();
        if (is_terminal) text.add(kClearLine);
        if (is_terminal && entry == selected) text.add(kReverse);
        text.add(entry == selected ? "> " : "  ").add(entry < 10 ? " " : "").add_number(entry).add("  ");
        add_title(text, menu_.entries()[entry]);
        if (is_terminal && entry == selected) text.add(kNormal);
        platform_.write(text.add("\n").text());
    }
    rows_drawn_ = rows;
}

void MenuScreen::show_seconds(std::uint32_t entry, std::uint32_t seconds) {
    Message line;
    TextBuffer& text = line.more();
    if (platform_.is_interactive()) text.add(kClearLine);
    text.add("Booting '");
    add_title(text, menu_.entries()[entry]);
    text.add("' in ").add_number(seconds).add(" s");
    text.add(platform_.is_interactive() ? ", any key stops " : "\n");
    platform_.write(text.text());
}

std::optional<Key> MenuScreen::count_down(std::uint32_t entry) {
    const std::uint32_t seconds = menu_.settings.timeout.value_or(0);
    if (seconds == 0) return std::nullopt;
    const std::uint64_t end = platform_.now_ns() + seconds * kSecondNs;
    if (!menu_.settings.is_hidden) draw(entry);
    if (!platform_.is_interactive()) {
        show_seconds(entry, seconds);
        platform_.sleep_until(end);
        return std::nullopt;
    }
    Key key;
    for (std::uint32_t left = seconds; left > 0 && key.kind == Key::Kind::None; --left) {
        show_seconds(entry, left);
        key = read_key(platform_, end - (left - 1) * kSecondNs);
    }
    platform_.write(kClearLine);
    if (key.kind == Key::Kind::None) return std::nullopt;
    return menu_.settings.is_hidden ? Key{Key::Kind::Other, 0} : key;
}

bool MenuScreen::move(Key key, std::uint32_t& selected) const {
    const std::uint32_t last = menu_.entry_count - 1;
    const bool is_digit_key = key.kind == Key::Kind::Letter && is_digit(static_cast<char>(key.byte));
    const std::uint32_t before = selected;
    if (key.kind == Key::Kind::Up || key.byte == 'k') selected -= selected > 0 ? 1 : 0;
    if (key.kind == Key::Kind::Down || key.byte == 'j') selected += selected < last ? 1 : 0;
    if (key.kind == Key::Kind::Home) selected = 0;
    if (key.kind == Key::Kind::End) selected = last;
    if (is_digit_key && key.byte - std::uint32_t{'0'} <= last) selected = key.byte - std::uint32_t{'0'};
    return selected != before;
}

MenuScreen::Choice MenuScreen::choose(std::uint32_t selected, Key key) {
    for (bool is_shown = false;; key = read_key(platform_, 0)) {
        const bool is_refused = menu_.settings.has_password && (key.byte == 'e' || key.byte == 'c');
        if (key.kind == Key::Kind::Enter) return {Choice::Kind::Boot, selected};
        if (key.byte == 'e' && !is_refused) return {Choice::Kind::Edit, selected};
        if (key.byte == 'c' && !is_refused) return {Choice::Kind::CommandLine, selected};
        if (is_refused) {
            say(platform_, "the menu has a password, which refuses editing and the command line");
            rows_drawn_ = 0;
        }
        if (move(key, selected) || is_refused || !is_shown) draw(selected);
        is_shown = true;
    }
}

}  // namespace pvloader
