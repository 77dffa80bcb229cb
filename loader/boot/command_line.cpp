// SPDX-License-Identifier: MIT
// Reading lines with the keys that every terminal has: backspace, Ctrl-U, Ctrl-D.
#include "boot/command_line.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

constexpr char kPrompt[] = "loader> ";
constexpr int kCtrlD = 0x04;
constexpr int kCtrlU = 0x15;
constexpr int kBackspace = 0x08;
constexpr int kDelete = 0x7F;

}  // namespace

void CommandLine::show_help() {
    platform_.write(
        "  root (hd0,0)      the disk or partition that paths without one are on\n"
        "  uuid UUID         the same by a file system's UUID\n"
        "  find /FILE        the disks and partitions that have this file\n"
        "  kernel FILE ARGS  loads a kernel; ARGS are its command line\n"
        "  initrd FILE       loads its ramdisk\n"
        "  boot              starts it\n"
        "  configfile FILE   goes on with this menu\n"
        "  exit              leaves, as Ctrl-D does\n");
}

// False when the user leaves.
bool CommandLine::read_line() {
    bytes_ = 0;
    platform_.write(kPrompt);
    for (;;) {
        const int byte = platform_.read_byte(0);
        if (byte == '\r' || byte == '\n') {
            platform_.write("\n");
            return true;
        }
        if (byte == kCtrlD && bytes_ == 0) {
            platform_.write("\n");
            return false;
        }
        std::size_t erased = 0;
        if (byte == kBackspace || byte == kDelete) erased = bytes_ > 0 ? 1 : 0;
        if (byte == kCtrlU) erased = bytes_;
        bytes_ -= erased;
        for (; erased > 0; --erased) platform_.write("\b \b");
        // Other control bytes, and letters of several bytes, would spoil the line on the screen.
        if (byte < ' ' || byte >= kDelete || bytes_ == line_.size()) continue;
        line_[bytes_++] = static_cast<char>(byte);
        platform_.write({&line_[bytes_ - 1], 1});
    }
}

CommandLine::End CommandLine::run(const std::optional<Place>& root) {
    platform_.write("Type help for the commands.\n");
    runner_.begin(root);
    while (read_line()) {
        const std::string_view line = trim_blanks({line_.data(), bytes_});
        if (line.empty()) continue;
        if (line == "exit") return End::Left;
        if (line == "help") {
            show_help();
            continue;
        }
        if (runner_.run_typed(line) == EntryRunner::End::OtherMenu) return End::OtherMenu;
    }
    return End::Left;
}

}  // namespace pvloader
