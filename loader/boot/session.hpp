// SPDX-License-Identifier: MIT
// The loader's course: find a menu, choose an entry, run it, and go on when it fails.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "boot/command_line.hpp"
#include "boot/entry_editor.hpp"
#include "boot/entry_runner.hpp"
#include "boot/menu_file.hpp"
#include "boot/menu_screen.hpp"

namespace pvloader {

class Session {
public:
    // A chain of menus that name each other ends after so many.
    static constexpr unsigned kMaxMenus = 8;

    // `menu` is scratch memory, too large for a stack.
    Session(Platform& platform, Volumes& volumes, Menu& menu)
        : platform_(platform), volumes_(volumes), menu_(menu), file_(platform), runner_(platform, volumes), editor_(platform),
          command_line_(platform, runner_) {}

    // `config` names a menu on a disk, `host_menu` is the text of one; both may be empty. Returns only when nothing could be
    // booted; what is to be said about that was printed.
    void run(std::string_view config, std::span<const std::byte> host_menu);

private:
    enum class Next : std::uint8_t { GiveUp, OtherMenu };

    bool load(std::string_view config, std::span<const std::byte> host_menu);
    bool load_other();
    bool accept_menu();
    Next run_menu();
    Next run_choices(MenuScreen& screen, MenuScreen::Choice choice, std::uint32_t cursor);
    // True when another menu is to be read.
    bool run_entry(std::uint32_t index);
    bool run_edited();
    void wait_for_key();
    Next run_command_line();
    bool go_on(bool has_menu);
    bool refuses_to_wait();

    Platform& platform_;
    Volumes& volumes_;
    Menu& menu_;
    MenuFile file_;
    EntryRunner runner_;
    EntryEditor editor_;
    CommandLine command_line_;
    Message why_;
};

}  // namespace pvloader
