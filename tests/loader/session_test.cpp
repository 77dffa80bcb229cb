// SPDX-License-Identifier: MIT
// The loader's course with a fake machine: menus, keys, fallbacks, what is left behind, and damaged disks.
#include <doctest/doctest.h>

#include <random>

#include "boot/grub2_advice.hpp"
#include "session_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constexpr std::string_view kThree = "title a\nkernel /good from=a\ntitle b\nkernel /good from=b\ntitle c\nkernel /good from=c\n";

}  // namespace

TEST_CASE("An entry hands kernel, ramdisk and command line over as they are") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 0\ntitle a\nkernel /good x  y=1\ninitrd /ramdisk\n")});
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).kernel == "\x7f" "ELF good");
    CHECK(platform.started.at(0).initrd == "the ramdisk");
    CHECK(platform.started.at(0).command_line == "x  y=1");
    CHECK(platform.output == "Booting 'a'\n");
}

TEST_CASE("A ramdisk of a failed entry does not reach the next one") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 0\nfallback 1\ntitle a\nkernel /bad x\ninitrd /ramdisk\ntitle b\nkernel /good\n")});
    REQUIRE(platform.boot());
    REQUIRE(platform.started.size() == 2);
    CHECK(platform.started[1].initrd.empty());
    CHECK(platform.started[1].command_line.empty());
    CHECK(platform.shows("loader: (hd0)/boot/grub/menu.lst:4: kernel /bad: it was refused\n"));
}

TEST_CASE("All memory is given back when nothing boots") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 0\nfallback 1 0 1\ntitle a\nkernel /bad\ninitrd /ramdisk\ntitle b\nkernel /none\n")});
    CHECK_FALSE(platform.boot());
    CHECK(platform.started.size() == 2);
    CHECK(platform.memory_left == FakePlatform::kMemory);
}

TEST_CASE("A countdown that nobody stops takes its seconds and boots the default") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 3\ndefault 1\n" + std::string(kThree))});
    platform.interactive = true;
    const std::uint64_t before = platform.now;
    REQUIRE(platform.boot());
    CHECK(platform.now - before == 3 * kSecond);
    CHECK(platform.started.at(0).command_line == "from=b");
    CHECK(platform.shows("in 3 s"));
    CHECK(platform.shows("in 1 s"));
    CHECK_FALSE(platform.shows("in 0 s"));
}

TEST_CASE("The key that stops the countdown counts, unless the menu was hidden") {
    if (no_tools()) return;
    const auto chosen = [](std::string_view menu, std::string_view keys) {
        FakePlatform platform({disk_with(std::string(menu) + std::string(kThree))});
        platform.interactive = true;
        platform.typed.push_back(-1);  // a second passes
        platform.type(keys);
        REQUIRE(platform.boot());
        return platform.started.at(0).command_line;
    };
    CHECK(chosen("timeout 9\n", "\r") == "from=a");
    CHECK(chosen("timeout 9\n", "\x1b[B\r") == "from=b");
    CHECK(chosen("timeout 9\n", "ckernel /good typed\rboot\r") == "typed");
    CHECK(chosen("timeout 9\nhiddenmenu\n", "2\r") == "from=a");
    CHECK(chosen("timeout 9\nhiddenmenu\n", "\r1\r") == "from=b");
}

TEST_CASE("Half an escape sequence, a NUL and a flood of keys leave the menu as usable as before") {
    if (no_tools()) return;
    std::mt19937 random(7);
    std::string flood;
    while (flood.size() < 100000) {
        const char key = static_cast<char>(random());
        if (key != '\r' && key != '\n' && key != 'c' && key != 'e') flood += key;
    }
    for (const std::string& keys : {std::string("\x1b"), std::string("\x1b["), std::string(1, '\0'), flood}) {
        FakePlatform platform({disk_with("timeout 9\n" + std::string(kThree))});
        platform.interactive = true;
        platform.type(keys);
        platform.typed.push_back(-1);  // a pause, which ends a sequence
        platform.type("1\r");
        REQUIRE(platform.boot());
        CHECK(platform.started.at(0).command_line == "from=b");
    }
}

TEST_CASE("What is typed without a terminal stays for the kernel") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 3\n" + std::string(kThree))});
    platform.type("hello");
    REQUIRE(platform.boot());
    CHECK(platform.typed.size() == 5);
}

TEST_CASE("Keys move through the menu and stay inside it") {
    if (no_tools()) return;
    const auto chosen = [](std::string_view keys) {
        FakePlatform platform({disk_with(kThree)});
        platform.interactive = true;
        platform.type(keys);
        REQUIRE(platform.boot());
        return platform.started.at(0).command_line;
    };
    CHECK(chosen("\r") == "from=a");
    CHECK(chosen("\x1b[B\r") == "from=b");
    CHECK(chosen("\x1bOB\x1bOB\x1b[B\x1b[B\n") == "from=c");
    CHECK(chosen("jjjk\r") == "from=b");
    CHECK(chosen("\x1b[F\x1b[A\x1b[H\x1b[1~\x1b[4~\r") == "from=c");
    CHECK(chosen("29\r") == "from=c");
    CHECK(chosen("\x1b[999999999999999999999999zx\x7f\r") == "from=a");
}

TEST_CASE("A menu longer than the screen scrolls") {
    if (no_tools()) return;
    std::string menu;
    for (int i = 0; i < 40; ++i) menu += "title t" + std::to_string(i) + "\nkernel /good from=" + std::to_string(i) + "\n";
    FakePlatform platform({disk_with(menu)});
    platform.interactive = true;
    platform.type("\x1b[F\x1b[A\r");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "from=38");
    CHECK(platform.shows("\x1b[7m> 39  t39"));
    CHECK(platform.shows("\x1b[12A"));
}

TEST_CASE("After the last fallback a key leads back to the menu") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 0\nfallback 1\ntitle a\nkernel /bad\ntitle b\nkernel /none\ntitle c\nkernel /good c\n")});
    platform.interactive = true;
    platform.type("x2\r");
    REQUIRE(platform.boot());
    CHECK(platform.started.back().command_line == "c");
}

TEST_CASE("A password refuses editing and the command line, and leaves entries bootable") {
    if (no_tools()) return;
    for (const char* keys : {"e\r", "c\r"}) {
        FakePlatform locked({disk_with("password x\n" + std::string(kThree))});
        locked.interactive = true;
        locked.type(keys);
        REQUIRE(locked.boot());
        CHECK(locked.shows("loader: the menu has a password, which refuses editing and the command line"));
        CHECK(locked.started.at(0).command_line == "from=a");
    }
}

TEST_CASE("Commands are typed at the command line, and it leads back to the menu") {
    if (no_tools()) return;
    FakePlatform platform({disk_with(kThree)});
    platform.interactive = true;
    platform.type("chelp\rfrob\rboot\rkernel /none\r\x04");
    platform.type("ckernel /bad\rboot\rkernel /gooe\x7f" "d x\x15kernel /good typed\rinitrd /ramdisk\rboot\r");
    REQUIRE(platform.boot());
    REQUIRE(platform.started.size() == 2);
    CHECK(platform.started[1].command_line == "typed");
    CHECK(platform.started[1].initrd == "the ramdisk");
    CHECK(platform.shows("loader: frob: no command here"));
    CHECK(platform.shows("loader: boot: no kernel line came before"));
    CHECK(platform.shows("loader: kernel: not found on (hd0)"));
    CHECK(platform.shows("loader: boot: it was refused"));
}

TEST_CASE("A kernel that was not found leaves no earlier one to boot") {
    if (no_tools()) return;
    FakePlatform platform({disk_with(kThree)});
    platform.interactive = true;
    platform.type("ckernel /good\rkernel /none\rboot\rexit\r\r");
    REQUIRE(platform.boot());
    CHECK(platform.shows("loader: boot: no kernel line came before"));
    CHECK(platform.started.at(0).command_line == "from=a");
}

TEST_CASE("Without a menu somebody at a terminal has the command line") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("# nothing\n")});
    platform.interactive = true;
    platform.type("kernel (hd0)/good typed\rboot\r");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).command_line == "typed");
    FakePlatform none({std::vector<std::byte>(1 << 20)});
    none.interactive = true;
    none.type("root (hd0)\r\x04");
    CHECK_FALSE(none.boot());
    CHECK(none.shows("loader: root: (hd0) holds no ext2"));
}

TEST_CASE("A menu from the host starts at the first file system") {
    if (no_tools()) return;
    std::vector<std::byte> blank(1 << 20);
    FakePlatform platform({blank, disk_with("timeout 0\ntitle disk\nkernel /bad\n")});
    REQUIRE(platform.boot({}, "timeout 0\ntitle host\nkernel /good host\n"));
    CHECK(platform.started.at(0).command_line == "host");
}

TEST_CASE("A domain without disks, or whose disk cannot be opened, is told so") {
    FakePlatform none({});
    CHECK_FALSE(none.boot());
    CHECK(none.output == "loader: no menu was found: there is no disk (hd0), the domain has none\n");
    FakePlatform broken({std::vector<std::byte>(1 << 20)});
    broken.open_status = Status::IoError;
    CHECK_FALSE(broken.boot());
    CHECK(broken.output == "loader: no menu was found: (hd0) cannot be opened: the disk failed a read\n");
}

TEST_CASE("A command line of 1024 bytes is refused, one of 1023 is not") {
    if (no_tools()) return;
    const std::string most(1023, 'x');
    FakePlatform fits({disk_with("timeout 0\ntitle a\nkernel /good " + most + "\n")});
    REQUIRE(fits.boot());
    CHECK(fits.started.at(0).command_line == most);
    FakePlatform longer({disk_with("timeout 0\ntitle a\nkernel /good " + most + "x\n")});
    CHECK_FALSE(longer.boot());
    CHECK(longer.shows("longer than 1023 bytes"));
}

TEST_CASE("Too little memory is an error of the entry at every step") {
    if (no_tools()) return;
    const auto image = disk_with("timeout 0\ntitle a\nkernel /good x\ninitrd /ramdisk\n");
    for (std::size_t memory = 0; memory < FileSystem::kScratchBytes + 100; memory += memory < FileSystem::kScratchBytes ? FileSystem::kScratchBytes / 2 : 1) {
        FakePlatform platform({image});
        platform.memory_left = memory;
        const bool has_booted = platform.boot();
        CHECK(has_booted == platform.output.ends_with("Booting 'a'\n"));
        CHECK(platform.memory_left == memory);
    }
}

TEST_CASE("A disk that fails at any read ends in a message or a boot") {
    if (no_tools()) return;
    const auto image = disk_with("timeout 0\nfallback 1\ntitle a\nkernel /good x\ninitrd /ramdisk\ntitle b\nkernel /good y\n");
    for (std::uint64_t reads = 0; reads < 60; ++reads) {
        FakePlatform platform({image});
        platform.disks[0].fail_after = reads;
        if (!platform.boot()) CHECK(platform.shows("the disk failed a read"));
    }
}

TEST_CASE("A disk with damaged bytes ends in a message or a boot") {
    if (no_tools()) return;
    const auto image = disk_with("timeout 0\nfallback 1\ntitle a\nkernel /good x\ninitrd /ramdisk\ntitle b\nconfigfile /boot/grub/menu.lst\n");
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        auto damaged = image;
        for (int i = 0; i < 40; ++i) damaged[random() % (256 * 1024)] = static_cast<std::byte>(random());
        FakePlatform platform({std::move(damaged)});
        if (!platform.boot()) CHECK(platform.shows("loader: "));
        for (const char c : platform.output) CHECK((c == '\n' || static_cast<unsigned char>(c) >= ' '));
    }
}

TEST_CASE("Version numbers in kernels' names count as numbers") {
    CHECK(is_older_name("vmlinuz-6.9.1", "vmlinuz-6.10.0"));
    CHECK_FALSE(is_older_name("vmlinuz-6.10.0", "vmlinuz-6.9.1"));
    CHECK(is_older_name("vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-12-amd64"));
    CHECK(is_older_name("vmlinuz", "vmlinuz-1"));
    CHECK(is_older_name("", "a"));
    CHECK_FALSE(is_older_name("vmlinuz-007", "vmlinuz-7"));
}
