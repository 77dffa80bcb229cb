// SPDX-License-Identifier: MIT
// The commands of menu.lst: how a line splits into command and arguments, and the arguments of the commands that load
// files. Also used for lines typed at the loader's own command line.
#pragma once

#include <cstdint>
#include <string_view>

namespace pvloader {

enum class CommandKind : std::uint8_t {
    Unknown,      // no command of GRUB legacy
    Meaningless,  // a command of GRUB legacy that has nothing to do here
    Broken,       // a line in an entry that could not be taken (too long, a NUL byte): running it fails the entry
    Title,
    Default,
    Timeout,
    Fallback,
    HiddenMenu,
    Password,     // within an entry: asks before going on, which the loader cannot
    Lock,         // kept only when the menu has a password: the entry must not boot
    Root,
    RootNoVerify,
    Uuid,
    Find,
    Kernel,
    Initrd,
    Module,
    ConfigFile,
    ChainLoader,
    Boot,
};

struct MenuCommand {
    CommandKind kind = CommandKind::Unknown;
    std::uint32_t line = 0;
    std::string_view name;
    std::string_view arguments;
};

// Splits one line: the command ends at a blank or '='; blanks and '=' after it are skipped.
MenuCommand split_command(std::string_view line, std::uint32_t line_number);

// Commands that set up the menu and belong before the first title.
bool is_menu_command(CommandKind kind);

enum class ArgumentError : std::uint8_t { None, MissingFile, UnknownOption, EmptyType, MoreThanOneFile };
std::string_view to_text(ArgumentError error);

// `kernel [--type=T] [--no-mem-option] FILE ARGS`
struct KernelLine {
    ArgumentError error = ArgumentError::None;
    std::string_view type;       // empty when not given
    bool no_mem_option = false;
    std::string_view file;
    std::string_view arguments;  // the guest's command line: without the file name
    std::string_view bad_word;   // what the error is about
};
KernelLine parse_kernel_line(std::string_view arguments);

// `initrd FILE` and `module FILE ARGS`
struct FileLine {
    ArgumentError error = ArgumentError::None;
    std::string_view file;
    std::string_view arguments;
    std::string_view bad_word;
};
FileLine parse_initrd_line(std::string_view arguments);
FileLine parse_module_line(std::string_view arguments);

}  // namespace pvloader
