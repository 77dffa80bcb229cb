// SPDX-License-Identifier: MIT
// The menu on the console: a list of titles, a countdown, and the keys that choose.
#pragma once

#include <cstdint>
#include <optional>

#include "boot/keys.hpp"
#include "parse/menu.hpp"

namespace pvloader {

class MenuScreen {
public:
    struct Choice {
        enum class Kind : std::uint8_t { Boot, Edit, CommandLine };

        Kind kind = Kind::Boot;
        std::uint32_t entry = 0;  // the selected one, whatever is to be done
    };

    MenuScreen(Platform& platform, const Menu& menu) : platform_(platform), menu_(menu) {}

    // Counts the menu's timeout down, showing the list unless the menu is hidden. The key that stopped it, if one did: for
    // choose(), unless the user has not seen yet what there is to choose. Without a terminal nothing that was typed is read, it
    // is for the kernel.
    std::optional<Key> count_down(std::uint32_t entry);

    // Lets the user choose, beginning with a key that was pressed already. Precondition: somebody can press keys.
    Choice choose(std::uint32_t selected, Key key = {});

    // Something else was written: the list is drawn anew the next time.
    void forget() { rows_drawn_ = 0; }

private:
    static constexpr std::uint32_t kRows = 12;

    void draw(std::uint32_t selected);
    void show_seconds(std::uint32_t entry, std::uint32_t seconds);
    bool move(Key key, std::uint32_t& selected) const;

    Platform& platform_;
    const Menu& menu_;
    std::uint32_t first_row_ = 0;   // the entry in the first row
    std::uint32_t rows_drawn_ = 0;  // 0: the list is not on the screen
};

}  // namespace pvloader
