// SPDX-License-Identifier: MIT
// From a menu to a running kernel, fallbacks included.
#include "boot/session.hpp"

#include "boot/grub2_advice.hpp"

namespace pvloader {

bool Session::load(std::string_view config, std::span<const std::byte> host_menu) {
    if (!config.empty()) {
        if (file_.open(volumes_, config, std::nullopt, why_)) return true;
        Message line;
        say(platform_, line.more().add_escaped(cut(config, 0, 200)).add(": ").add(why_.text()).text());
        return false;
    }
    if (host_menu.empty() && file_.find(volumes_, why_)) return true;
    if (!host_menu.empty() && file_.take(volumes_, host_menu, why_)) return true;
    if (host_menu.empty() && advise_about_grub2(platform_, volumes_)) return false;
    say(platform_, why_.text());
    return false;
}

// Parses the menu and prints what was skipped in it. False when there is nothing to choose from.
bool Session::accept_menu() {
    file_.parse(menu_);
    for (const MenuNote& note : menu_.notes.all()) {
        std::array<char, 512> memory{};
        say(platform_, note_text(note, cut(file_.name(), 0, 200), memory));
    }
    if (menu_.notes.suppressed != 0) {
        Message line;
        say(platform_, line.more().add("and ").add_number(menu_.notes.suppressed).add(" more notes").text());
    }
    if (menu_.entry_count != 0) return true;
    Message line;
    say(platform_, line.more().add_escaped(cut(file_.name(), 0, 200)).add(": the menu has no entry to boot").text());
    return false;
}

// With no timeout the menu waits for a key, which nobody can press without a terminal.
bool Session::refuses_to_wait() {
    if (menu_.settings.timeout.has_value() || platform_.is_interactive()) return false;
    Message line;
    line.more().add_escaped(cut(file_.name(), 0, 200));
    line.more().add(": the menu waits for a key and input is no terminal; add the line: timeout 0");
    say(platform_, line.text());
    return true;
}

Session::Next Session::run_command_line() {
    return command_line_.run(file_.root()) == CommandLine::End::OtherMenu ? Next::OtherMenu : Next::GiveUp;
}

bool Session::run_entry(std::uint32_t index) {
    const MenuEntry& entry = menu_.entries()[index];
    Message line;
    platform_.write(line.more().add("Booting '").add_escaped(cut(entry.title, 0, 200)).add("'\n").text());
    const MenuCommand title{CommandKind::Title, entry.line, "title", entry.title};
    return runner_.run(menu_.commands_of(entry), title, file_.name(), file_.root()) == EntryRunner::End::OtherMenu;
}

bool Session::run_edited() {
    platform_.write("Booting what was edited\n");
    const MenuCommand title{CommandKind::Title, 0, "title", {}};
    return runner_.run(editor_.commands(), title, "edited", file_.root()) == EntryRunner::End::OtherMenu;
}

void Session::wait_for_key() {
    platform_.write("Press any key to go back to the menu.\n");
    (void)read_key(platform_, 0);
}

// Does what was chosen; when an entry fails, its fallbacks; then the user chooses, if there is one.
Session::Next Session::run_choices(MenuScreen& screen, MenuScreen::Choice choice, std::uint32_t cursor) {
    using Kind = MenuScreen::Choice::Kind;
    for (;;) {
        if (choice.kind == Kind::CommandLine && run_command_line() == Next::OtherMenu) return Next::OtherMenu;
        if (choice.kind == Kind::Edit && editor_.edit(menu_, menu_.entries()[choice.entry])) {
            if (run_edited()) return Next::OtherMenu;
            wait_for_key();
        }
        if (choice.kind == Kind::Boot) {
            if (run_entry(choice.entry)) return Next::OtherMenu;
            if (const std::optional<std::uint32_t> fallback = next_fallback(menu_, cursor)) {
                choice.entry = *fallback;
                continue;
            }
            if (!platform_.is_interactive()) return Next::GiveUp;
            wait_for_key();
        }
        screen.forget();
        choice = screen.choose(choice.entry);
    }
}

Session::Next Session::run_menu() {
    if (refuses_to_wait()) return Next::GiveUp;
    const std::optional<std::uint32_t> saved =
        menu_.settings.default_is_saved ? file_.saved_default(volumes_) : std::nullopt;
    const DefaultChoice start = resolve_default(menu_, saved);
    MenuScreen::Choice choice{MenuScreen::Choice::Kind::Boot, start.entry};
    MenuScreen screen(platform_, menu_);
    if (!menu_.settings.timeout.has_value()) {
        choice = screen.choose(choice.entry);
    } else if (const std::optional<Key> key = screen.count_down(choice.entry)) {
        choice = screen.choose(choice.entry, *key);
    }
    return run_choices(screen, choice, start.fallback_cursor);
}

// The name is copied, for loading replaces the text that it lies in.
bool Session::load_other() {
    std::array<char, kMaxPathBytes> memory{};
    const std::string_view found = runner_.other_menu();
    const std::size_t bytes = found.size() < memory.size() ? found.size() : memory.size();
    for (std::size_t i = 0; i < bytes; ++i) memory[i] = found[i];
    const std::string_view name(memory.data(), bytes);
    if (file_.open(volumes_, name, runner_.root(), why_)) return true;
    Message line;
    say(platform_, line.more().add("configfile ").add_escaped(cut(name, 0, 200)).add(": ").add(why_.text()).text());
    return false;
}

// Without a menu the user has the command line.
bool Session::go_on(bool has_menu) {
    const Next next = has_menu ? run_menu() : platform_.is_interactive() ? run_command_line() : Next::GiveUp;
    return next == Next::OtherMenu && load_other();
}

void Session::run(std::string_view config, std::span<const std::byte> host_menu) {
    if (!load(config, host_menu)) {
        if (!go_on(false)) return;
    }
    for (unsigned menus = 1; go_on(accept_menu()); ++menus) {
        if (menus < kMaxMenus) continue;
        say(platform_, "menus name each other by configfile too many times");
        return;
    }
}

}  // namespace pvloader
