// SPDX-License-Identifier: MIT
// The words of one command of a menu, and texts of a menu as they are shown.
#include "parse/menu_commands.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "parse/menu_text.hpp"

using namespace pvloader;

TEST_CASE("The kernel command splits into options, file and the guest's command line") {
    const KernelLine plain = parse_kernel_line("(hd0,0)/boot/vmlinuz  root=/dev/xvda1  ro ");
    CHECK(plain.error == ArgumentError::None);
    CHECK(plain.file == "(hd0,0)/boot/vmlinuz");
    CHECK(plain.arguments == "root=/dev/xvda1  ro");
    const KernelLine options = parse_kernel_line(" --no-mem-option --type=linux /k --type=x");
    CHECK(options.type == "linux");
    CHECK(options.no_mem_option);
    CHECK(options.file == "/k");
    CHECK(options.arguments == "--type=x");
    CHECK(parse_kernel_line("/k").arguments.empty());
}

TEST_CASE("The kernel command's mistakes have a reason and a word") {
    CHECK(parse_kernel_line("").error == ArgumentError::MissingFile);
    CHECK(parse_kernel_line("--type=linux").error == ArgumentError::MissingFile);
    CHECK(parse_kernel_line("--type= /k").error == ArgumentError::EmptyType);
    const KernelLine unknown = parse_kernel_line("--frob /k");
    CHECK(unknown.error == ArgumentError::UnknownOption);
    CHECK(unknown.bad_word == "--frob");
    CHECK(to_text(unknown.error) == "unknown option");
}

TEST_CASE("The initrd command takes one file and module a file with arguments") {
    CHECK(parse_initrd_line("/initrd.img").file == "/initrd.img");
    CHECK(parse_initrd_line("").error == ArgumentError::MissingFile);
    CHECK(parse_initrd_line("/a /b").error == ArgumentError::MoreThanOneFile);
    CHECK(parse_initrd_line("/a /b").bad_word == "/b");
    CHECK(parse_module_line("/m a  b").arguments == "a  b");
    CHECK(parse_module_line("/m a  b").file == "/m");
}

TEST_CASE("A typed line splits like a line of the menu") {
    const MenuCommand command = split_command("  kernel=/k a=b ", 0);
    CHECK(command.kind == CommandKind::Kernel);
    CHECK(command.arguments == "/k a=b");
    CHECK(split_command("Kernel /k", 0).kind == CommandKind::Unknown);
    CHECK(split_command("", 0).name.empty());
    CHECK(split_command("savedefault", 0).kind == CommandKind::Meaningless);
    CHECK(split_command("chainloader +1", 0).kind == CommandKind::ChainLoader);
}

TEST_CASE("Bytes that act on a terminal or hide are shown as escapes, readable text is shown as it is") {
    char memory[256];
    const auto shown = [&](std::string_view text) { return std::string(escape_text(text, memory)); };
    CHECK(shown("Debian \\ ~") == "Debian \\ ~");
    CHECK(shown("\x1B[2J\a\n\x7F") == "\\x1b[2J\\x07\\x0a\\x7f");
    CHECK(shown("D\xC3\xA9" "bian \xE2\x82\xAC \xF0\x9F\x90\xA7") == "D\xC3\xA9" "bian \xE2\x82\xAC \xF0\x9F\x90\xA7");
    CHECK(shown("\xC2\x9B" "31m") == "\\xc2\\x9b31m");          // a C1 control
    CHECK(shown("\xE2\x80\xAE" "x") == "\\xe2\\x80\\xaex");     // turns the direction of writing
    CHECK(shown("\xC0\xAF\xED\xA0\x80\xFF\xE2\x82") == "\\xc0\\xaf\\xed\\xa0\\x80\\xff\\xe2\\x82");
}

TEST_CASE("Escaped text that does not fit ends between characters") {
    char memory[6];
    CHECK(escape_text("abc\x1B" "d", {memory, 6}) == "abc");
    CHECK(escape_text("abcd\xE2\x82\xAC", {memory, 6}) == "abcd");
    CHECK(escape_text("abc", {memory, 0}).empty());
}
