// SPDX-License-Identifier: MIT
// The commands of menu entries.
#include "boot/entry_runner.hpp"

#include "boot/browse.hpp"
#include "boot/kernel_file.hpp"
#include "fs/place_walk.hpp"
#include "parse/menu_commands.hpp"

namespace pvloader {

namespace {

// A domain's command line, without the NUL that ends it.
constexpr std::size_t kMaxCommandLine = 1023;

void explain_argument(TextBuffer& text, ArgumentError error, std::string_view word) {
    text.add(to_text(error));
    if (!word.empty()) text.add(": ").add_escaped(cut(word, 0, 64));
}

}  // namespace

EntryRunner::Step EntryRunner::fail(std::string_view reason) {
    why_.clear().add(reason);
    return Step::Failed;
}

EntryRunner::Step EntryRunner::open(std::string_view name, OpenFile& opened) {
    Location location;
    if (!resolve_name(name, root_, location, why_) || !open_file(volumes_, location, opened, why_)) return Step::Failed;
    return Step::Next;
}

EntryRunner::Step EntryRunner::run_root(const MenuCommand& command, bool is_mounted) {
    const std::string_view name = split_word(command.arguments).word;
    Location location;
    if (name.empty()) return fail("a disk or partition such as (hd0,0) is missing");
    if (!resolve_name(name, root_, location, why_)) return Step::Failed;
    if (!location.path.empty()) return fail("a disk or partition such as (hd0,0) was expected, not a file");
    if (is_mounted && volumes_.mount(location.place, why_) == nullptr) return Step::Failed;
    root_ = location.place;
    return Step::Next;
}

EntryRunner::Step EntryRunner::run_uuid(const MenuCommand& command) {
    const std::string_view wanted = split_word(command.arguments).word;
    Message unused;
    PlaceWalk walk(volumes_, 0, volumes_.disk_count());
    for (Place place; walk.next(place);) {
        const FileSystem* volume = volumes_.mount(place, unused);
        if (volume == nullptr || !volume->has_uuid(wanted)) continue;
        root_ = place;
        return Step::Next;
    }
    return fail("no file system has this UUID");
}

// Shows where a file is. With --set-root the first such place becomes the root.
EntryRunner::Step EntryRunner::run_find(const MenuCommand& command) {
    WordSplit words = split_word(command.arguments);
    const bool sets_root = words.word == "--set-root";
    if (sets_root) words = split_word(words.rest);
    if (words.word.empty() || words.word[0] != '/') return fail("a path that begins with '/' is missing");
    bool is_found = false;
    Message unused;
    PlaceWalk walk(volumes_, 0, volumes_.disk_count());
    for (Place place; walk.next(place);) {
        OpenFile opened;
        if (!open_file(volumes_, {place, words.word}, opened, unused)) continue;
        if (sets_root) {
            root_ = place;
            return Step::Next;
        }
        is_found = true;
        Message line;
        add_place(line.more(), place);
        platform_.write(line.more().add("\n").text());
    }
    return is_found ? Step::Next : fail("not found on any disk");
}

EntryRunner::Step EntryRunner::run_kernel(const MenuCommand& command) {
    const KernelLine line = parse_kernel_line(command.arguments);
    if (line.error != ArgumentError::None) {
        explain_argument(why_.clear(), line.error, line.bad_word);
        return Step::Failed;
    }
    kernel_command_ = nullptr;  // until this one is loaded
    initrd_.reset();            // these were an earlier kernel's
    modules_.reset();
    if (line.arguments.size() > kMaxCommandLine) return fail("the kernel's command line is longer than 1023 bytes");
    OpenFile opened;
    if (open(line.file, opened) == Step::Failed) return Step::Failed;
    if (!load_kernel(platform_, opened, kernel_, why_)) {
        kernel_.reset();
        return Step::Failed;
    }
    command_line_.reset();
    if (!line.arguments.empty()) {
        if (!command_line_.allocate(line.arguments.size())) return fail("not enough memory for the command line");
        for (std::size_t i = 0; i < line.arguments.size(); ++i) command_line_.chars()[i] = line.arguments[i];
    }
    kernel_command_ = &command;
    return Step::Next;
}

EntryRunner::Step EntryRunner::run_initrd(const MenuCommand& command) {
    const FileLine line = parse_initrd_line(command.arguments);
    if (line.error != ArgumentError::None) {
        explain_argument(why_.clear(), line.error, line.bad_word);
        return Step::Failed;
    }
    if (kernel_command_ == nullptr) return fail("a kernel line must come before");
    if (!modules_.is_empty()) return fail("a kernel is given a ramdisk or modules, not both");
    OpenFile opened;
    if (open(line.file, opened) == Step::Failed) return Step::Failed;
    return load_file(opened, initrd_, why_) ? Step::Next : Step::Failed;
}

// A module's command line begins with its file's name, unlike a kernel's: as in GRUB.
EntryRunner::Step EntryRunner::run_module(const MenuCommand& command) {
    const FileLine line = parse_module_line(command.arguments);
    if (line.error != ArgumentError::None) return fail(to_text(line.error));
    if (kernel_command_ == nullptr) return fail("a kernel line must come before");
    if (!initrd_.bytes().empty()) return fail("a kernel is given a ramdisk or modules, not both");
    OpenFile opened;
    if (open(line.file, opened) == Step::Failed) return Step::Failed;
    const auto packed = command.name == "modulenounzip" ? ModuleList::Packed::Keep : ModuleList::Packed::Unzip;
    return modules_.add(opened, trim_blanks(command.arguments), packed, why_) ? Step::Next : Step::Failed;
}

bool EntryRunner::is_browsing(const MenuCommand& command) { return command.name == "ls" || command.name == "cat"; }

// The commands that only show something: ls and cat.
EntryRunner::Step EntryRunner::run_browsing(const MenuCommand& command) {
    const std::string_view name = split_word(command.arguments).word;
    Location location;
    if (!resolve_name(name.empty() ? std::string_view("/") : name, root_, location, why_)) return Step::Failed;
    const bool is_done = command.name == "ls" ? list_files(platform_, volumes_, location, why_) : show_file(platform_, volumes_, location, why_);
    return is_done ? Step::Next : Step::Failed;
}

EntryRunner::Step EntryRunner::run_config_file(const MenuCommand& command) {
    other_menu_ = split_word(command.arguments).word;
    OpenFile opened;  // looked up here, so that the line is blamed when there is no such file
    return open(other_menu_, opened) == Step::Failed ? Step::Failed : Step::OtherMenu;
}

EntryRunner::Step EntryRunner::run_command(const MenuCommand& command) {
    switch (command.kind) {
        case CommandKind::Root: return run_root(command, true);
        case CommandKind::RootNoVerify: return run_root(command, false);
        case CommandKind::Uuid: return run_uuid(command);
        case CommandKind::Find: return run_find(command);
        case CommandKind::Kernel: return run_kernel(command);
        case CommandKind::Initrd: return run_initrd(command);
        case CommandKind::ConfigFile: return run_config_file(command);
        case CommandKind::Boot: return kernel_command_ != nullptr ? Step::Start : fail("no kernel line came before");
        case CommandKind::Module: return run_module(command);
        case CommandKind::ChainLoader: return fail("boot sectors cannot run in a paravirtual domain; name a kernel instead");
        case CommandKind::Lock: return fail("the entry is locked, and the loader cannot ask for the password");
        case CommandKind::Password: return fail("the loader cannot ask for a password");
        case CommandKind::Broken: return fail("the line is too long or has a NUL byte");
        default: return fail("no command here");  // typed, or edited: a menu file's were noted and left out
    }
}

void EntryRunner::start() {
    const std::span<const Buffer> initrd(&initrd_, initrd_.bytes().empty() ? 0 : 1);
    const bool has_modules = !modules_.is_empty();
    const StartRequest request{kernel_.bytes(), has_modules ? modules_.pieces() : initrd, has_modules, command_line_.bytes()};
    volumes_.forget();
    why_.clear().add_escaped(platform_.start(request));
}

// "loader: (hd0,0)/boot/grub/menu.lst:4: kernel /boot/x.elf: not found on (hd0,0)"
void EntryRunner::report(const MenuCommand& command, std::string_view menu_name) {
    Message line;
    line.more().add_escaped(cut(menu_name, 0, 200)).add(":").add_number(command.line).add(": ");
    line.more().add_escaped(cut(command.name, 0, 32));
    const KernelLine kernel = parse_kernel_line(command.arguments);
    const bool is_kernel = command.kind == CommandKind::Kernel && kernel.error == ArgumentError::None;
    const std::string_view shown = is_kernel ? kernel.file : command.arguments;
    if (!shown.empty()) line.more().add(" ").add_escaped(cut(shown, 0, 200));
    say(platform_, line.more().add(": ").add(why_.text()).text());
}

void EntryRunner::reset(const std::optional<Place>& root) {
    kernel_.reset();
    initrd_.reset();
    modules_.reset();
    command_line_.reset();
    kernel_command_ = nullptr;
    root_ = root;
}

EntryRunner::End EntryRunner::run_typed(std::string_view line) {
    static constexpr MenuCommand kTypedKernel{CommandKind::Kernel, 0, {}, {}};
    const MenuCommand command = split_command(line, 0);
    Step step = is_browsing(command) ? run_browsing(command) : run_command(command);
    if (kernel_command_ == &command) kernel_command_ = &kTypedKernel;  // this line will be gone when it boots
    if (step == Step::OtherMenu) return End::OtherMenu;
    if (step == Step::Start) {
        start();
        step = Step::Failed;
    }
    if (step == Step::Failed) {
        Message text;
        text.more().add_escaped(cut(command.name, 0, 32)).add(": ").add(why_.text());
        say(platform_, text.text());
    }
    return End::Failed;
}

EntryRunner::End EntryRunner::run(std::span<const MenuCommand> commands, const MenuCommand& title, std::string_view menu_name,
                                  const std::optional<Place>& menu_root) {
    const MenuCommand* command = &title;
    reset(menu_root);
    Step step = Step::Next;
    for (std::size_t i = 0; i < commands.size() && step == Step::Next; ++i) {
        command = &commands[i];
        step = run_command(*command);
    }
    if (step == Step::OtherMenu) return End::OtherMenu;
    if (step != Step::Failed) {
        if (kernel_command_ != nullptr) {
            command = kernel_command_;
            start();
        } else {
            command = &title;
            why_.clear().add("the entry has no kernel line");
        }
    }
    report(*command, menu_name);
    reset(menu_root);
    return End::Failed;
}

}  // namespace pvloader
