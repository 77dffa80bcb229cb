// SPDX-License-Identifier: MIT
// Looking at the disks, through pv/fs.h. Names and contents come from a disk and are escaped before they are shown.

#include "commands.h"
#include "line.h"
#include "text.h"

#include <pv/fs.h>
#include <pv/guest.h>
#include <pv/heap.h>
#include <pv/string.h>

#define MOST_ENTRIES 4096
#define MOST_PATH 4096

static void complain(const char *command, const char *name)
{
    pv_printf("%s: %s: %s\n", command, name, pv_fs_reason());
}

static bool show_place(void *context, const struct pv_fs_place *place)
{
    ++*(unsigned *)context;
    pv_printf("%-8s %8lu KiB  %s\n", place->name, place->bytes / 1024, place->is_readable ? "files can be read" : pv_fs_reason());
    return true;
}

void run_disks(const char *argument)
{
    (void)argument;
    unsigned places = 0;
    pv_fs_places(show_place, &places);
    if (places == 0)
        pv_printf("this domain has no disk that can be read; start it with --disk FILE\n");
}

// The names in a folder, for sorting: a disk has them in no order.
struct names {
    char **name;
    size_t count;
    bool is_cut; // there are more
};

static bool keep_name(void *context, const char *name, size_t length)
{
    struct names *names = context;
    if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
        return true;
    char *copy = names->count < MOST_ENTRIES ? pv_malloc(length + 1) : NULL;
    if (!copy) {
        names->is_cut = true;
        return false;
    }
    memcpy(copy, name, length);
    copy[length] = '\0';
    names->name[names->count++] = copy;
    return true;
}

static bool is_before(const char *left, const char *right)
{
    while (*left && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left < (unsigned char)*right;
}

// Shell's sort, short and quick enough.
static void sort(struct names *names)
{
    for (size_t gap = names->count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < names->count; i++) {
            char *moving = names->name[i];
            size_t to = i;
            for (; to >= gap && is_before(moving, names->name[to - gap]); to -= gap)
                names->name[to] = names->name[to - gap];
            names->name[to] = moving;
        }
    }
}

static void show_entry(const char *folder, const char *name)
{
    static char path[MOST_PATH];
    struct pv_fs_file file;
    const size_t length = (size_t)pv_snprintf(path, sizeof path, "%s/%s", folder, name);
    const bool is_found = length < sizeof path && pv_fs_open(path, &file) == 0;
    if (!is_found || file.is_folder)
        pv_printf("%12s  ", is_found ? "-" : "?");
    else
        pv_printf("%12lu  ", file.size);
    print_text(name, pv_strlen(name), "");
    pv_printf("%s\n", is_found && file.is_folder ? "/" : "");
}

static void list_folder(const char *name, const struct pv_fs_file *folder)
{
    struct names names = {.name = pv_malloc(MOST_ENTRIES * sizeof(char *))};
    if (!names.name) {
        pv_printf("ls: not enough memory; give the domain more by --memory\n");
        return;
    }
    const int result = pv_fs_list(folder, keep_name, &names);
    if (result < 0)
        complain("ls", name);
    sort(&names);
    bool is_stopped = false;
    for (size_t i = 0; i < names.count; i++) {
        is_stopped = is_stopped || line_interrupted();
        if (!is_stopped)
            show_entry(pv_streq(name, "/") ? "" : name, names.name[i]);
        pv_free(names.name[i]);
    }
    if (names.is_cut)
        pv_printf("... and more\n");
    pv_free(names.name);
}

void run_ls(const char *argument)
{
    const char *name = *argument ? argument : "/";
    struct pv_fs_file file;
    if (pv_fs_open(name, &file) < 0)
        complain("ls", name);
    else if (file.is_folder)
        list_folder(name, &file);
    else
        show_entry("", name + (*name == '/'));
}

void run_cat(const char *argument)
{
    static char piece[4096];
    struct pv_fs_file file;
    if (!*argument) {
        pv_printf("cat: which file? For example: cat /boot/grub/menu.lst\n");
        return;
    }
    int count = pv_fs_open(argument, &file);
    for (uint64_t at = 0; count >= 0; at += (uint64_t)count) {
        count = pv_fs_read(&file, at, piece, sizeof piece);
        if (count <= 0 || line_interrupted())
            break;
        print_text(piece, (size_t)count, "\n\t");
    }
    if (count < 0)
        complain("cat", argument);
}
