// SPDX-License-Identifier: MIT
// The menu.lst parser: its caps, and hostile files.
#include "parse/menu.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

#include "parse/menu_lines.hpp"
#include "parsed_menu.hpp"

using namespace pvloader;

TEST_CASE("A line beyond the cap makes its entry fail instead of booting with half a line") {
    const Parsed parsed("title A\nkernel /k " + std::string(10 << 10, 'x') + "\nroot (hd0)\ntitle B\nkernel /k\n");
    REQUIRE(parsed.menu->entries().size() == 2);
    REQUIRE(parsed.commands(0).size() == 2);
    CHECK(parsed.commands(0)[0].kind == CommandKind::Broken);
    CHECK(parsed.commands(0)[0].line == 2);
    CHECK(parsed.note(0) == "menu.lst:2: in 'kernel': the line is longer than 4096 bytes");
}

TEST_CASE("A line of exactly the cap is whole") {
    const std::string arguments(kMaxMenuLine - 7, 'x');
    const Parsed parsed("title A\nkernel " + arguments + "   \t \n");
    CHECK(parsed.commands(0)[0].arguments == arguments);
    CHECK(parsed.menu->notes.count == 0);
}

TEST_CASE("A title beyond the cap still begins its own entry") {
    const Parsed parsed("title A\nkernel /a\ntitle " + std::string(9000, 'x') + "\nkernel /b\n");
    REQUIRE(parsed.menu->entries().size() == 2);
    CHECK(parsed.commands(1)[0].arguments == "/b");
}

TEST_CASE("A NUL byte in a command makes its entry fail") {
    using namespace std::string_literals;
    const Parsed parsed("timeout 1\0\ntitle A\nkernel /k a\0b\n"s);
    CHECK_FALSE(parsed.menu->settings.timeout.has_value());
    CHECK(parsed.commands(0)[0].kind == CommandKind::Broken);
    CHECK(parsed.notes_of(NoteKind::NulByte) == 2);
}

TEST_CASE("A hundred thousand titles give the first entries and a note with the line") {
    const Parsed parsed(entries(40000));
    CHECK(parsed.menu->entries().size() == kMaxMenuEntries);
    CHECK(parsed.note(0) == "menu.lst:513: entry 't256' is one entry too many, the rest of the file is skipped");
    std::string titles;
    for (int i = 0; i < 100000; ++i) titles += "title\n";
    CHECK(Parsed(titles).menu->entries().empty());
}

TEST_CASE("An entry that runs over the cap of commands is left out with everything after it") {
    std::string text = "title A\nkernel /k\ntitle B\n";
    for (std::size_t i = 0; i < kMaxMenuCommands; ++i) text += "root (hd0)\n";
    const Parsed parsed(text + "title C\nkernel /k\n");
    CHECK(parsed.menu->entries().size() == 1);
    CHECK(parsed.note(0) == "menu.lst:4099: command 'root' is one too many, this entry and the rest of the file are skipped");
}

TEST_CASE("A file beyond the cap is refused as a whole and one of exactly the cap is read") {
    std::string text = entries(1);
    text.resize(kMaxMenuBytes, '\n');
    CHECK(Parsed(text).menu->entries().size() == 1);
    const Parsed parsed(text + "\n");
    CHECK(parsed.menu->entries().empty());
    CHECK(parsed.note(0) == "menu.lst: the file is larger than 1 MiB and is not used");
}

TEST_CASE("Random and mutated files keep every view inside the text") {
    std::mt19937 random(4711);
    const std::string seed = "default saved\nfallback 1 2\ntitle A\\\nb\r\nkernel=/k \tx\n#c\\\nd\ntitle\nfrob\npassword x\n" + entries(3);
    const char alphabet[] = "\n\n\r\t \\#=-0129titlekernel\0\xFF\x1B";
    for (int round = 0; round < 4000; ++round) {
        std::string text = seed;
        for (std::size_t i = 0, n = 1 + random() % 12; i < n; ++i) {
            const std::size_t at = random() % text.size();
            if (random() % 4 == 0) text.erase(at, 1 + random() % 9);
            if (text.empty()) break;
            text.insert(random() % text.size(), 1, alphabet[random() % (sizeof alphabet - 1)]);
        }
        const Parsed parsed(text);
        const auto inside = [&](std::string_view view) {
            return view.empty() || (view.data() >= parsed.text.data() &&
                                    view.data() + view.size() <= parsed.text.data() + parsed.text.size());
        };
        bool all_inside = true;
        for (const MenuEntry& entry : parsed.menu->entries()) {
            all_inside = all_inside && inside(entry.title);
            for (const MenuCommand& command : parsed.menu->commands_of(entry))
                all_inside = all_inside && inside(command.name) && inside(command.arguments) && command.line > 0;
        }
        for (const MenuNote& note : parsed.menu->notes.all()) all_inside = all_inside && inside(note.word);
        REQUIRE(all_inside);
    }
}
