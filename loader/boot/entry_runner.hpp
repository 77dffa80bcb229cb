// SPDX-License-Identifier: MIT
// Executes the commands of one menu entry, up to starting its kernel.
#pragma once

#include <optional>
#include <string_view>

#include "boot/module_list.hpp"
#include "boot/platform.hpp"
#include "fs/files.hpp"
#include "parse/menu.hpp"

namespace pvloader {

class EntryRunner {
public:
    // How an entry ended that did not start a kernel.
    enum class End : std::uint8_t { Failed, OtherMenu };

    EntryRunner(Platform& platform, Volumes& volumes)
        : platform_(platform), volumes_(volumes), kernel_(platform), initrd_(platform), modules_(platform), command_line_(platform) {}

    // Runs an entry's commands one after the other and then starts the kernel. When one fails, its line and the reason are
    // printed, and memory is given back; `title` is blamed when there is no line to blame. After OtherMenu, other_menu() names the
    // one to go on with, as a view into the commands.
    End run(std::span<const MenuCommand> commands, const MenuCommand& title, std::string_view menu_name,
            const std::optional<Place>& menu_root);

    // For commands that are typed: forgets what was loaded, then runs one command at a time. Failed also stands for a command
    // that was done, for which there is nothing more to do.
    void begin(const std::optional<Place>& root) { reset(root); }
    End run_typed(std::string_view line);

    std::string_view other_menu() const { return other_menu_; }
    const std::optional<Place>& root() const { return root_; }

private:
    enum class Step : std::uint8_t { Next, Failed, Start, OtherMenu };

    Step run_command(const MenuCommand& command);
    Step run_root(const MenuCommand& command, bool is_mounted);
    Step run_uuid(const MenuCommand& command);
    Step run_find(const MenuCommand& command);
    Step run_kernel(const MenuCommand& command);
    Step run_initrd(const MenuCommand& command);
    Step run_module(const MenuCommand& command);
    Step run_config_file(const MenuCommand& command);
    static bool is_browsing(const MenuCommand& command);
    Step run_browsing(const MenuCommand& command);
    Step fail(std::string_view reason);
    Step open(std::string_view name, OpenFile& opened);
    void start();
    void report(const MenuCommand& command, std::string_view menu_name);
    void reset(const std::optional<Place>& root);

    Platform& platform_;
    Volumes& volumes_;
    std::optional<Place> root_;
    Buffer kernel_;
    Buffer initrd_;
    ModuleList modules_;
    Buffer command_line_;
    const MenuCommand* kernel_command_ = nullptr;  // blamed when the kernel does not start
    std::string_view other_menu_;
    Message why_;
};

}  // namespace pvloader
