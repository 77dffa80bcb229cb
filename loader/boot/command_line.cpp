// SPDX-License-Identifier: MIT
// Commands until a kernel runs.
#include "boot/command_line.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

constexpr char kPrompt[] = "loader> ";

}  // namespace

void CommandLine::show_help() {
    platform_.write(
        "  root (hd0,0)      the disk or partition that paths without one are on\n"
        "  uuid UUID         the same by a file system's UUID\n"
        "  find /FILE        the disks and partitions that have this file\n"
        "  ls FOLDER         what is in a folder; without one, in the topmost\n"
        "  cat FILE          the text of a file\n"
        "  kernel FILE ARGS  loads a kernel; ARGS are its command line\n"
        "  initrd FILE       loads its ramdisk\n"
        "  module FILE ARGS  loads one more module, for a kernel that takes these\n"
        "  boot              starts it\n"
        "  configfile FILE   goes on with this menu\n"
        "  exit              leaves, as Ctrl-D and Escape do\n");
}

CommandLine::End CommandLine::run(const std::optional<Place>& root) {
    platform_.write("Type help for the commands.\n");
    runner_.begin(root);
    while (input_.read(kPrompt)) {
        const std::string_view line = trim_blanks(input_.text());
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
