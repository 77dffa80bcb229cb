// SPDX-License-Identifier: MIT
// The menu on the console: a list of titles, a countdown, and the keys that choose.
#pragma once

#include <cstdint>
#include <optional>

#include "boot/platform.hpp"
#include "parse/menu.hpp"

namespace pvloader {

class MenuScreen {
public:
    MenuScreen(Platform& platform, const Menu& menu) : platform_(platform), menu_(menu) {}

    // Counts the menu's timeout down, showing the list unless the menu is hidden. False: a key was pressed. Without a
    // terminal nothing that was typed is read, it is for the kernel.
    bool count_down(std::uint32_t entry);

    // Lets the user choose an entry; none means that the command line is wanted. Precondition: somebody can press keys.
    std::optional<std::uint32_t> choose(std::uint32_t selected);

    // Something else was written: the list is drawn anew the next time.
    void forget() { rows_drawn_ = 0; }

private:
    static constexpr std::uint32_t kRows = 12;

    void draw(std::uint32_t selected);
    void show_seconds(std::uint32_t entry, std::uint32_t seconds);
    bool move(struct Key key, std::uint32_t& selected) const;

    Platform& platform_;
    const Menu& menu_;
    std::uint32_t first_row_ = 0;   // the entry in the first row
    std::uint32_t rows_drawn_ = 0;  // 0: the list is not on the screen
};

}  // namespace pvloader
