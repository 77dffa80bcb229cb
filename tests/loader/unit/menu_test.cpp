// SPDX-License-Identifier: MIT
// The menu.lst parser: GRUB legacy's grammar and the choice of the entry to boot. Caps and hostile files are in
// menu_limits_test.cpp, the words of one command in menu_commands_test.cpp.
#include "parse/menu.hpp"

#include <doctest/doctest.h>

#include <string>

#include "parsed_menu.hpp"

using namespace pvloader;

TEST_CASE("A menu as distributions wrote it gives its settings, entries and commands") {
    const Parsed parsed(
        "# menu.lst\n"
        "default\t\t1\n"
        "timeout=5\n"
        "fallback 0 2\n"
        "hiddenmenu\n"
        "\n"
        "title\t\tDebian GNU/Linux\n"
        "root\t\t(hd0,0)\n"
        "kernel\t\t/boot/vmlinuz root=/dev/xvda1 ro  quiet\n"
        "initrd\t\t/boot/initrd.img\n"
        "boot\n"
        "title Rescue\n"
        "uuid 1234-abcd\n"
        "  kernel /k single\n");
    const MenuSettings& settings = parsed.menu->settings;
    CHECK(settings.default_entry == 1);
    CHECK(settings.timeout == 5U);
    CHECK(settings.fallback_count == 2);
    CHECK(settings.fallbacks[1] == 2);
    CHECK(settings.is_hidden);
    CHECK_FALSE(settings.has_password);
    REQUIRE(parsed.menu->entries().size() == 2);
    CHECK(parsed.entry(0).title == "Debian GNU/Linux");
    CHECK(parsed.entry(0).line == 7);
    REQUIRE(parsed.commands(0).size() == 4);
    CHECK(parsed.commands(0)[0].kind == CommandKind::Root);
    CHECK(parsed.commands(0)[0].arguments == "(hd0,0)");
    CHECK(parsed.commands(0)[1].kind == CommandKind::Kernel);
    CHECK(parsed.commands(0)[1].arguments == "/boot/vmlinuz root=/dev/xvda1 ro  quiet");
    CHECK(parsed.commands(0)[1].line == 9);
    CHECK(parsed.commands(0)[3].kind == CommandKind::Boot);
    CHECK(parsed.commands(1)[0].kind == CommandKind::Uuid);
    CHECK(parsed.commands(1)[1].arguments == "/k single");
    CHECK(parsed.menu->notes.count == 0);
}

TEST_CASE("A command ends at a blank or an equals sign") {
    const Parsed parsed("default=2\ntimeout = 7\ntitle = A b=c\nkernel=/vmlinuz a=b\nroot==(hd0)\n");
    CHECK(parsed.menu->settings.default_entry == 2);
    CHECK(parsed.menu->settings.timeout == 7U);
    REQUIRE(parsed.menu->entries().size() == 1);
    CHECK(parsed.entry(0).title == "A b=c");
    CHECK(parsed.commands(0)[0].arguments == "/vmlinuz a=b");
    CHECK(parsed.commands(0)[1].arguments == "(hd0)");
}

TEST_CASE("Carriage returns vanish, tabs are blanks and a byte order mark is no text") {
    const Parsed parsed("\xEF\xBB\xBF" "default 1\r\ntitle\tA\tb\r\nkernel\t/k\tx\r\n");
    CHECK(parsed.menu->settings.default_entry == 1);
    CHECK(parsed.entry(0).title == "A b");
    CHECK(parsed.commands(0)[0].arguments == "/k x");
    CHECK(parsed.menu->notes.count == 0);
}

TEST_CASE("A backslash at the end of a line joins the next and line numbers stay those of the file") {
    const Parsed parsed("title A\nkernel /k a\\\nb \\\r\n  c\nroot (hd0)\nfrob\n");
    REQUIRE(parsed.commands(0).size() == 2);
    CHECK(parsed.commands(0)[0].arguments == "/k a b    c");
    CHECK(parsed.commands(0)[0].line == 2);
    CHECK(parsed.commands(0)[1].line == 5);
    CHECK(parsed.note(0) == "menu.lst:6: unknown command 'frob' is skipped");
}

TEST_CASE("A backslash elsewhere is text") {
    const Parsed parsed("title A\nkernel /k a\\b \\\\ c\\");
    CHECK(parsed.commands(0)[0].arguments == "/k a\\b \\\\ c\\");
}

TEST_CASE("Comments begin only at the start of a line and swallow joined lines") {
    const Parsed parsed("  # default 1 \\\ndefault 2\n#\ntitle A # b\nkernel /k # x\n#end");
    CHECK(parsed.menu->settings.default_entry == 0);
    CHECK(parsed.entry(0).title == "A # b");
    CHECK(parsed.commands(0)[0].arguments == "/k # x");
    CHECK(parsed.commands(0)[0].line == 5);
}

TEST_CASE("Before the first title only menu commands act") {
    const Parsed parsed("root (hd0,1)\nkernel /k\ntimeout 3\ntitle A\nkernel /k\n");
    CHECK(parsed.menu->settings.timeout == 3U);
    CHECK(parsed.commands(0).size() == 1);
    CHECK(parsed.note(0) == "menu.lst:1: command 'root' stands before the first title and is skipped");
    CHECK(parsed.note(1) == "menu.lst:2: command 'kernel' stands before the first title and is skipped");
}

TEST_CASE("Menu commands within an entry are skipped with a note") {
    const Parsed parsed("title A\ntimeout 3\nkernel /k\n");
    CHECK_FALSE(parsed.menu->settings.timeout.has_value());
    CHECK(parsed.commands(0).size() == 1);
    CHECK(parsed.notes_of(NoteKind::MenuCommandInEntry) == 1);
}

TEST_CASE("A title without commands is dropped, also as the last one and with unknown commands alone") {
    const Parsed parsed("title A\ntitle B\nkernel /k\ntitle C\nfrobnicate\ntitle D\nroot\ntitle E");
    REQUIRE(parsed.menu->entries().size() == 2);
    CHECK(parsed.entry(0).title == "B");
    CHECK(parsed.entry(1).title == "D");
    CHECK(parsed.notes_of(NoteKind::TitleWithoutCommands) == 3);
}

TEST_CASE("An entry of meaningless commands keeps its place in the count of default") {
    const Parsed parsed("default 1\ntitle Halt\nhalt\ntitle B\nkernel /k\n");
    REQUIRE(parsed.menu->entries().size() == 2);
    CHECK(parsed.commands(0).empty());
    CHECK(parsed.entry(parsed.chosen()).title == "B");
}

TEST_CASE("Each meaningless or unknown command is noted once with file, first line and the number of other lines") {
    std::string text = "color cyan/blue\nsplashimage (hd0,0)/x.xpm.gz\n";
    for (int i = 0; i < 40; ++i) text += "title t\nkernel /k\nquiet\nsavedefault\nfrob\n";
    const Parsed parsed(text);
    CHECK(parsed.menu->entries().size() == 40);
    REQUIRE(parsed.menu->notes.count == 5);
    CHECK(parsed.note(0) == "menu.lst:1: command 'color' has no meaning here and is skipped");
    CHECK(parsed.note(2) == "menu.lst:5: command 'quiet' has no meaning here and is skipped (and on 39 more lines)");
    CHECK(parsed.note(4) == "menu.lst:7: unknown command 'frob' is skipped (and on 39 more lines)");
}

TEST_CASE("Notes beyond the cap are counted") {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + "\n";
    const Parsed parsed(text);
    CHECK(parsed.menu->notes.count == kMaxMenuNotes);
    CHECK(parsed.menu->notes.suppressed == 100 - kMaxMenuNotes);
}

TEST_CASE("Lock is meaningless on an unlocked menu and kept on one with a password") {
    const Parsed unlocked("title A\nlock\nkernel /k\n");
    CHECK(unlocked.commands(0).size() == 1);
    CHECK(unlocked.notes_of(NoteKind::MeaninglessCommand) == 1);
    const Parsed locked("password --md5 $1$x\ntitle A\nlock\nkernel /k\n");
    CHECK(locked.menu->settings.has_password);
    REQUIRE(locked.commands(0).size() == 2);
    CHECK(locked.commands(0)[0].kind == CommandKind::Lock);
}

TEST_CASE("No timeout waits for ever and zero boots at once") {
    CHECK_FALSE(Parsed(entries(1)).menu->settings.timeout.has_value());
    CHECK(Parsed("timeout 0\n" + entries(1)).menu->settings.timeout == 0U);
    CHECK(Parsed("timeout 0x10\n").menu->settings.timeout == 16U);
}

TEST_CASE("A timeout that is no number from 0 on is noted and leaves the menu waiting") {
    for (const char* value : {"-1", "10000000000", "soon", ""}) {
        CAPTURE(value);
        const Parsed parsed("timeout " + std::string(value) + "\n" + entries(1));
        CHECK_FALSE(parsed.menu->settings.timeout.has_value());
        CHECK(parsed.notes_of(NoteKind::BadNumber) == 1);
    }
}

TEST_CASE("The default counts from 0 and the last one given holds") {
    CHECK(Parsed(entries(3)).chosen() == 0);
    CHECK(Parsed("default 2\n" + entries(3)).chosen() == 2);
    CHECK(Parsed("default saved\ndefault 1\n" + entries(3)).chosen(2) == 1);
}

TEST_CASE("A default out of range means the first valid fallback, else entry 0") {
    for (const char* value : {"3", "4294967295", "10000000000", "-1"}) {
        CAPTURE(value);
        const std::string line = "default " + std::string(value) + "\n";
        CHECK(Parsed(line + entries(3)).chosen() == 0);
        CHECK(Parsed(line + "fallback 7 2 1\n" + entries(3)).chosen() == 2);
        CHECK(Parsed(line + "fallback 7 8\n" + entries(3)).chosen() == 0);
    }
}

TEST_CASE("A saved default is that of the saved number and 0 without one") {
    const Parsed parsed("default saved\nfallback 1\n" + entries(3));
    CHECK(parsed.menu->settings.default_is_saved);
    CHECK(parsed.chosen() == 0);
    CHECK(parsed.chosen(2) == 2);
    CHECK(parsed.chosen(9) == 1);
}

TEST_CASE("The saved number is the first word of its file") {
    CHECK(parse_saved_default("2\n#\n#\n#") == 2U);
    CHECK(parse_saved_default("10") == 10U);
    CHECK(parse_saved_default("99999999999\n") == kEntryOutOfRange);
    CHECK_FALSE(parse_saved_default("").has_value());
    CHECK_FALSE(parse_saved_default("-1\n").has_value());
    CHECK_FALSE(parse_saved_default("saved\n").has_value());
}

TEST_CASE("Fallbacks are tried in order, invalid ones passed over, and end") {
    const Parsed parsed("default 9\nfallback 1 x 5 -1 2 0\n" + entries(3));
    DefaultChoice choice = resolve_default(*parsed.menu, std::nullopt);
    CHECK(choice.entry == 1);
    CHECK(next_fallback(*parsed.menu, choice.fallback_cursor) == 2U);
    CHECK(next_fallback(*parsed.menu, choice.fallback_cursor) == 0U);
    CHECK_FALSE(next_fallback(*parsed.menu, choice.fallback_cursor).has_value());
    CHECK(parsed.notes_of(NoteKind::BadNumber) == 1);
}

TEST_CASE("More fallbacks than fit are noted") {
    const Parsed parsed("fallback 0 1 2 3 4 5 6 7 8 9\n" + entries(1));
    CHECK(parsed.menu->settings.fallback_count == kMaxFallbacks);
    CHECK(parsed.notes_of(NoteKind::TooManyFallbacks) == 1);
}

TEST_CASE("Files without entries parse to an empty menu") {
    for (const char* text : {"", "\n", "\r\n\t \n", "#", "\\", "\\\n", "title", "title\n", "\xEF\xBB\xBF", "default saved"}) {
        CAPTURE(text);
        const Parsed parsed(text);
        CHECK(parsed.menu->entries().empty());
        CHECK(parsed.chosen() == 0);
    }
}

TEST_CASE("Parsing again forgets the menu before") {
    Parsed parsed("default 1\ntimeout 4\nfallback 1\npassword x\nfrob\n" + entries(4));
    std::string text = entries(1);
    parse_menu(text, *parsed.menu);
    CHECK(parsed.menu->entries().size() == 1);
    CHECK(parsed.menu->notes.count == 0);
    CHECK_FALSE(parsed.menu->settings.timeout.has_value());
    CHECK_FALSE(parsed.menu->settings.has_password);
}
