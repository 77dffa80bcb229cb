// SPDX-License-Identifier: MIT
// What somebody at a terminal can do beyond choosing: change an entry before it boots, and look around on the disks.
#include <doctest/doctest.h>

#include <random>

#include "boot/browse.hpp"
#include "session_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

FakePlatform at_terminal(std::string_view menu, std::string_view keys) {
    FakePlatform platform({disk_with(menu)});
    platform.interactive = true;
    platform.type(keys);
    return platform;
}

constexpr std::string_view kTwo = "title a\nkernel /good from=a\ninitrd /ramdisk\ntitle b\nkernel /good from=b\n";
constexpr int kPause = -1;  // ends an escape sequence

}  // namespace

TEST_CASE("A line of an entry is changed where it ends, and the entry boots with it") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal(kTwo, "ee more\x7f\x7f\rb");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "from=a mo");
    CHECK(platform.started.at(0).initrd == "the ramdisk");
    CHECK(platform.shows("> kernel /good from=a\n  initrd /ramdisk\n"));
    CHECK(platform.shows("edit> kernel /good from=a more"));
    CHECK(platform.shows("Booting what was edited\n"));
}

TEST_CASE("Lines are added above and below, and removed") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal(kTwo, "e\x1b[Bdd" "Okernel /good one\rokernel /good two\rOroot (hd0)\rb");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "two");
    CHECK(platform.started.at(0).initrd.empty());
    CHECK(platform.shows("  (no lines)\n"));
    CHECK(platform.shows("  kernel /good one\n> root (hd0)\n  kernel /good two\n"));
}

TEST_CASE("Escape leaves the editor, and the menu is as it was") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal(kTwo, "ed\x1b");
    platform.typed.push_back(kPause);
    platform.type("\r");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "from=a");
}

TEST_CASE("Escape leaves a line as it was") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal(kTwo, "ee changed\x1b");
    platform.typed.push_back(kPause);
    platform.type("b");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "from=a");
}

TEST_CASE("An edited entry that fails names its line and leads back to the menu, not to a fallback") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal("fallback 1\n" + std::string(kTwo), "e\x1b[Boinitrd /none\rbxee\x15" "frob\rbx\r");
    REQUIRE(platform.boot());
    CHECK(platform.shows("loader: edited:3: initrd /none: not found on (hd0)\nPress any key"));
    CHECK(platform.shows("loader: edited:1: frob: no command here\n"));
    CHECK(platform.started.at(0).command_line == "from=a");
}

TEST_CASE("An entry of more lines than the editor has is not cut but refused") {
    if (no_tools()) return;
    std::string menu = "title long\n";
    for (std::size_t i = 0; i < EntryEditor::kMaxLines; ++i) menu += "root (hd0)\n";
    FakePlatform platform = at_terminal(menu + "kernel /good long\n", "e\r");
    REQUIRE(platform.boot());
    CHECK(platform.shows("more lines, or longer ones, than can be edited"));
    CHECK(platform.started.at(0).command_line == "long");
}

TEST_CASE("Bytes of an entry that could act on the terminal are escaped in the editor, and erased whole") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal("title a\nkernel /good \x1b[2J\xff\n", "ee\x7f" "x\rb");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "\x1b[2Jx");
    CHECK(platform.shows("edit> kernel /good \\x1b[2J\\xff\b \b\b \b\b \b\b \bx"));
    CHECK_FALSE(platform.shows("\x1b[2J"));
}

TEST_CASE("A flood of keys in the editor ends in the menu, with nothing out of bounds") {
    if (no_tools()) return;
    std::mt19937 random(3);
    FakePlatform platform = at_terminal(kTwo, "e");
    for (int i = 0; i < 20000; ++i) {
        constexpr std::string_view kKeys = "eoOdjk\r\x7f\x15" "abx (/)";
        const char key = kKeys[random() % kKeys.size()];
        if (key != 'b') platform.typed.push_back(key);
    }
    for (int i = 0; i < 3; ++i) {
        platform.type("\x1b");
        platform.typed.push_back(kPause);
    }
    platform.type("0\r");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "from=a");
}

TEST_CASE("ls and cat show what is on the disks, escaped, and say why when they cannot") {
    if (no_tools()) return;
    FakePlatform platform = at_terminal(kTwo, "cls\rls /boot\rls /ramdisk\rcat /ramdisk\rcat /boot/grub/menu.lst\rls /none\rcat /boot\rcat\rls (hd7)\r"
                                              "kernel /good x\rboot\r");
    REQUIRE(platform.boot());
    CHECK(platform.shows("lost+found/\n"));
    CHECK(platform.shows("loader> ls /boot\ngrub/\n"));
    CHECK(platform.shows("loader> ls /ramdisk\n1 KiB\n"));
    CHECK(platform.shows("loader> cat /ramdisk\nthe ramdisk\n"));
    CHECK(platform.shows("cat /boot/grub/menu.lst\ntitle a\nkernel /good from=a\n"));
    CHECK(platform.shows("loader: ls: not found on (hd0)\n"));
    CHECK(platform.shows("loader: cat: a directory\n"));
    CHECK(platform.shows("loader: ls: there is no disk (hd7), the domain has only (hd0)\n"));
}

TEST_CASE("A large file is shown up to a limit, and no byte of it acts on the terminal") {
    if (no_tools()) return;
    TempDir folder;
    std::string text = "one\r\ntwo\x1b[2J\n";
    text += std::string(kMostShown, 'x');
    write_text(folder / "text", text);
    FakePlatform platform({make_ext_image(folder.str(), "-t ext4 -b 1024", 2)});
    platform.interactive = true;
    platform.type("cat (hd0)/text\rexit\r");
    CHECK_FALSE(platform.boot());
    CHECK(platform.shows("\none\ntwo\\x1b[2J\nxxx"));
    CHECK(platform.shows("xxx\nand more\n"));
    CHECK(platform.output.size() < kMostShown + 2000);
}
