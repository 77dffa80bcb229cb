// SPDX-License-Identifier: MIT
// Looks for grub.cfg, then for kernels by their names.
#include "boot/grub2_advice.hpp"

#include "fs/place_walk.hpp"

namespace pvloader {

namespace {

struct ConfigPlace {
    char file[28];
    char folder[8];      // where the kernels are
    char menu_file[24];  // what to write instead
};
constexpr ConfigPlace kConfigs[] = {
    {"/boot/grub/grub.cfg", "/boot/", "/boot/grub/menu.lst"},
    {"/boot/grub2/grub.cfg", "/boot/", "/boot/grub/menu.lst"},
    {"/grub/grub.cfg", "/", "/grub/menu.lst"},
    {"/grub2/grub.cfg", "/", "/grub/menu.lst"},
};

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() > end.size() && cut(text, text.size() - end.size()) == end;
}

bool is_linux_name(std::string_view name) { return starts_with(name, "vmlinuz") || starts_with(name, "vmlinux"); }

// The best name seen so far.
struct NewestKernel {
    std::array<char, 256> memory{};
    std::size_t bytes = 0;

    std::string_view name() const { return {memory.data(), bytes}; }

    static bool visit(void* context, const DirEntry& entry) {
        auto& self = *static_cast<NewestKernel*>(context);
        const bool is_linux = is_linux_name(entry.name);
        if (entry.is_folder || entry.name.size() > self.memory.size()) return true;
        if (!is_linux && !ends_with(entry.name, ".elf")) return true;
        const bool best_is_linux = is_linux_name(self.name());
        const bool is_better = is_linux != best_is_linux ? is_linux : is_older_name(self.name(), entry.name);
        if (self.bytes == 0 || is_better) {
            self.bytes = entry.name.size();
            for (std::size_t i = 0; i < self.bytes; ++i) self.memory[i] = entry.name[i];
        }
        return true;
    }
};

// As distributions name the ramdisk that belongs to a kernel.
bool find_initrd(FileSystem& volume, std::string_view folder, std::string_view kernel, Message& path) {
    constexpr std::size_t kStem = std::string_view("vmlinuz").size();  // as long as vmlinux
    const std::string_view version = cut(kernel, kStem);
    if (!is_linux_name(kernel) || version.empty()) return false;
    static constexpr char kBefore[][12] = {"initrd.img", "initramfs", "initrd", "initramfs"};
    static constexpr char kAfter[][8] = {"", ".img", "", ""};
    for (std::size_t i = 0; i < 4; ++i) {
        path.clear().add(folder).add(row_text(kBefore, i)).add(version).add(row_text(kAfter, i));
        File file;
        if (volume.open(path.text(), file) == Status::Ok) return true;
    }
    return false;
}

void add_kernel_line(TextBuffer& text, const Place& place, std::string_view folder, std::string_view kernel) {
    text.add("kernel ").add(folder).add_escaped(kernel);
    if (!is_linux_name(kernel)) return;
    const char letter = static_cast<char>('a' + (place.disk < 26 ? place.disk : 0));
    text.add(" root=/dev/xvd").add({&letter, 1});
    if (place.partition.has_value()) text.add_number(*place.partition + 1);
    text.add(" ro");
}

void print_menu(Platform& platform, FileSystem& volume, const Place& place, const ConfigPlace& config) {
    NewestKernel newest;
    File folder;
    if (volume.lookup(config.folder, folder) == Status::Ok)
        (void)volume.list(folder, {&NewestKernel::visit, &newest});  // a damaged folder gives what could be read
    const std::string_view kernel = newest.bytes != 0 ? newest.name() : std::string_view("KERNEL");
    Message initrd;
    const bool has_initrd = find_initrd(volume, config.folder, kernel, initrd);
    Message lines;
    TextBuffer& text = lines.more();
    text.add("timeout 0\ntitle ").add_escaped(kernel).add("\n");
    if (!has_initrd) {
        text.add("root ");
        add_place(text, place);
        text.add("\n");
    }
    add_kernel_line(text, place, config.folder, kernel);
    text.add("\n");
    if (has_initrd) text.add("initrd ").add_escaped(initrd.text()).add("\n");
    platform.write(text.text());
}

std::size_t digits_at(std::string_view text, std::size_t at) {
    std::size_t count = 0;
    while (at + count < text.size() && is_digit(text[at + count])) ++count;
    return count;
}

}  // namespace

bool is_older_name(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (!is_digit(a[i]) || !is_digit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
            continue;
        }
        while (i < a.size() && a[i] == '0') ++i;
        while (j < b.size() && b[j] == '0') ++j;
        const std::size_t in_a = digits_at(a, i);
        const std::size_t in_b = digits_at(b, j);
        if (in_a != in_b) return in_a < in_b;
        const int order = cut(a, i, in_a).compare(cut(b, j, in_b));
        if (order != 0) return order < 0;
        i += in_a;
        j += in_b;
    }
    return j < b.size();
}

bool advise_about_grub2(Platform& platform, Volumes& volumes) {
    PlaceWalk walk(volumes, 0, 1);
    for (Place place; walk.next(place);) {
        Message unused;
        FileSystem* volume = volumes.mount(place, unused);
        if (volume == nullptr) continue;
        for (const ConfigPlace& config : kConfigs) {
            File file;
            if (volume->open(config.file, file) != Status::Ok) continue;
            Message line;
            add_place(line.more(), place);
            line.more().add(config.file).add(" is a script of GRUB 2, which is not read; write ");
            add_place(line.more(), place);
            line.more().add(config.menu_file).add(" with these four lines:");
            say(platform, line.text());
            print_menu(platform, *volume, place, config);
            return true;
        }
    }
    return false;
}

}  // namespace pvloader
