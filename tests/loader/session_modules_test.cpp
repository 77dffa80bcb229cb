// SPDX-License-Identifier: MIT
// Modules of a multiboot kernel: the package that is handed over, byte for byte, and what is refused.
#include <doctest/doctest.h>

#include <pvabi/start_info.h>

#include <algorithm>
#include <cstring>

#include "parse/menu_lines.hpp"
#include "session_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

constexpr std::size_t kPage = 4096;

pv_multiboot_mod_list descriptor(const std::string& package, std::size_t index) {
    pv_multiboot_mod_list found{};
    REQUIRE(package.size() >= kPage);
    std::memcpy(&found, package.data() + index * sizeof found, sizeof found);
    return found;
}

FakePlatform booting(std::string_view lines) { return FakePlatform({disk_with("timeout 0\ntitle a\n" + std::string(lines))}); }

}  // namespace

TEST_CASE("Modules become one package: descriptors, then each module and its command line, on pages of their own") {
    if (no_tools()) return;
    FakePlatform platform = booting("kernel /good\nmodule /ramdisk one  two \nmodule /bad\n");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).has_modules);
    const std::string& package = platform.started.at(0).initrd;
    const auto first = descriptor(package, 0);
    CHECK(first.mod_start == kPage);
    CHECK(first.mod_end == kPage + std::strlen("the ramdisk") - 1);
    CHECK(first.cmdline == 2 * kPage);
    CHECK(first.pad == 0);
    CHECK(package.substr(first.mod_start, first.mod_end - first.mod_start + 1) == "the ramdisk");
    CHECK(package.substr(first.mod_end + 1, first.cmdline - first.mod_end - 1).find_first_not_of('\0') == std::string::npos);
    CHECK(std::string(package.data() + first.cmdline) == "/ramdisk one  two");
    const auto second = descriptor(package, 1);
    CHECK(second.mod_start == 3 * kPage);
    CHECK(std::string(package.data() + second.cmdline) == "/bad");
    CHECK(package.size() == second.cmdline + sizeof "/bad");
    CHECK(descriptor(package, 2).mod_start == 0);
}

TEST_CASE("A kernel without modules is handed its ramdisk as one piece, and no flag") {
    if (no_tools()) return;
    FakePlatform platform = booting("kernel /good\ninitrd /ramdisk\n");
    REQUIRE(platform.boot());
    CHECK_FALSE(platform.started.at(0).has_modules);
    CHECK(platform.started.at(0).initrd == "the ramdisk");
}

TEST_CASE("255 modules fit, and one more is refused") {
    if (no_tools()) return;
    std::string lines = "kernel /good\n";
    for (std::size_t i = 0; i < ModuleList::kMaxModules; ++i) lines += "module /ramdisk " + std::to_string(i) + "\n";
    FakePlatform platform = booting(lines);
    REQUIRE(platform.boot());
    CHECK(std::string(platform.started.at(0).initrd.data() + descriptor(platform.started[0].initrd, 254).cmdline) == "/ramdisk 254");
    CHECK(descriptor(platform.started[0].initrd, 255).mod_start == 0);
    FakePlatform refused = booting(lines + "module /ramdisk\n");
    CHECK_FALSE(refused.boot());
    CHECK(refused.shows("module /ramdisk: a kernel can be given 255 modules, no more\n"));
}

TEST_CASE("A module's command line may be as long as a line of a menu can be") {
    if (no_tools()) return;
    std::string line = "/ramdisk ";
    line += std::string(kMaxMenuLine - std::strlen("module ") - line.size(), 'x');
    FakePlatform platform = booting("kernel /good\nmodule " + line + "\nmodule /bad\n");
    REQUIRE(platform.boot());
    CHECK(std::string(platform.started.at(0).initrd.data() + 2 * kPage) == line);
}

TEST_CASE("A ramdisk and modules exclude each other, and a new kernel line forgets both") {
    if (no_tools()) return;
    for (const char* lines : {"kernel /good\ninitrd /ramdisk\nmodule /bad\n", "kernel /good\nmodule /bad\ninitrd /ramdisk\n"}) {
        FakePlatform platform = booting(lines);
        CHECK_FALSE(platform.boot());
        CHECK(platform.shows("a kernel is given a ramdisk or modules, not both\n"));
    }
    FakePlatform platform = booting("kernel /bad\ninitrd /ramdisk\nkernel /good\nmodule /ramdisk\nkernel /good\n");
    REQUIRE(platform.boot());
    CHECK(platform.started.at(0).initrd.empty());
    CHECK_FALSE(platform.started.at(0).has_modules);
}

TEST_CASE("Modules of an entry that failed are given back before the fallback runs") {
    if (no_tools()) return;
    FakePlatform platform({disk_with("timeout 0\nfallback 1\ntitle a\nkernel /good\nmodule /ramdisk\nmodule /none\ntitle b\nkernel /good\n")});
    REQUIRE(platform.boot());
    CHECK(platform.shows("menu.lst:6: module /none: not found on (hd0)\n"));
    CHECK_FALSE(platform.started.at(0).has_modules);
    CHECK(platform.started.at(0).initrd.empty());
}
