// SPDX-License-Identifier: MIT
// The table of menu.lst commands and the argument parsers.
#include "parse/menu_commands.hpp"

#include <cstddef>

#include "parse/menu_text.hpp"

namespace pvloader {

using namespace std::string_view_literals;

namespace {

struct NamedCommand {
    char name[16];
    CommandKind kind;
};

constexpr NamedCommand kCommands[] = {
    {"title", CommandKind::Title},           {"default", CommandKind::Default},
    {"timeout", CommandKind::Timeout},       {"fallback", CommandKind::Fallback},
    {"hiddenmenu", CommandKind::HiddenMenu}, {"password", CommandKind::Password},
    {"lock", CommandKind::Lock},             {"root", CommandKind::Root},
    {"rootnoverify", CommandKind::RootNoVerify}, {"uuid", CommandKind::Uuid},
    {"find", CommandKind::Find},             {"kernel", CommandKind::Kernel},
    {"initrd", CommandKind::Initrd},         {"module", CommandKind::Module},
    {"modulenounzip", CommandKind::Module},  {"configfile", CommandKind::ConfigFile},
    {"chainloader", CommandKind::ChainLoader}, {"boot", CommandKind::Boot},
};

// They count as commands, so that an entry made of them keeps its place and `default` its meaning.
constexpr char kMeaningless[][16] = {
    "background", "blocklist",  "bootp",      "cat",      "clear",      "cmp",         "color",     "debug",
    "device",     "dhcp",       "displayapm", "displaymem", "dump",     "embed",       "foreground", "fstest",
    "geometry",   "gfxmenu",    "halt",       "help",     "hide",       "ifconfig",    "impsprobe", "install",
    "ioprobe",    "makeactive", "map",        "md5crypt", "pager",      "partnew",     "parttype",  "pause",
    "print",      "quiet",      "quit",       "rarp",     "read",       "reboot",      "savedefault", "serial",
    "setkey",     "setup",      "setvbe",     "shade",    "splashimage", "terminal",   "terminfo",  "testload",
    "testvbe",    "tftpserver", "unhide",     "uppermem", "vbeprobe",   "viewport",
};

// Most rows differ in their first byte.
template <std::size_t Width>
bool spells(const char (&row)[Width], std::string_view name) {
    if (name.size() >= Width) return false;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (row[i] != name[i] || name[i] == '\0') return false;
    return row[name.size()] == '\0';
}

CommandKind find_kind(std::string_view name) {
    for (const NamedCommand& command : kCommands)
        if (spells(command.name, name)) return command.kind;
    for (const auto& row : kMeaningless)
        if (spells(row, name)) return CommandKind::Meaningless;
    return CommandKind::Unknown;
}

bool ends_command(char c) { return is_blank(c) || c == '='; }

}  // namespace

MenuCommand split_command(std::string_view line, std::uint32_t line_number) {
    line = trim_blanks(line);
    std::size_t end = 0;
    while (end < line.size() && !ends_command(line[end])) ++end;
    std::size_t start = end;
    while (start < line.size() && ends_command(line[start])) ++start;
    MenuCommand command;
    command.name = cut(line, 0, end);
    command.arguments = cut(line, start);
    command.line = line_number;
    command.kind = find_kind(command.name);
    return command;
}

bool is_menu_command(CommandKind kind) {
    return kind == CommandKind::Default || kind == CommandKind::Timeout || kind == CommandKind::Fallback ||
           kind == CommandKind::HiddenMenu || kind == CommandKind::Password;
}

std::string_view to_text(ArgumentError error) {
    static constexpr char kTexts[][40] = {
        "no error", "a file name is missing", "unknown option", "--type= needs a word", "only one file can be given here",
    };
    return row_text(kTexts, static_cast<std::size_t>(error));
}

KernelLine parse_kernel_line(std::string_view arguments) {
    KernelLine line;
    WordSplit split = split_word(arguments);
    for (; starts_with(split.word, "--"sv); split = split_word(split.rest)) {
        if (starts_with(split.word, "--type="sv)) {
            line.type = cut(split.word, 7);
            if (line.type.empty()) line.error = ArgumentError::EmptyType;
        } else if (split.word == "--no-mem-option"sv) {
            line.no_mem_option = true;
        } else {
            line.error = ArgumentError::UnknownOption;
        }
        if (line.error != ArgumentError::None) {
            line.bad_word = split.word;
            return line;
        }
    }
    line.file = split.word;
    line.arguments = trim_blanks(split.rest);
    if (line.file.empty()) line.error = ArgumentError::MissingFile;
    return line;
}

FileLine parse_module_line(std::string_view arguments) {
    const WordSplit split = split_word(arguments);
    FileLine line;
    line.file = split.word;
    line.arguments = trim_blanks(split.rest);
    if (line.file.empty()) line.error = ArgumentError::MissingFile;
    return line;
}

FileLine parse_initrd_line(std::string_view arguments) {
    FileLine line = parse_module_line(arguments);
    if (line.error == ArgumentError::None && !line.arguments.empty()) {
        line.error = ArgumentError::MoreThanOneFile;
        line.bad_word = split_word(line.arguments).word;
    }
    return line;
}

}  // namespace pvloader
