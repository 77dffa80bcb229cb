// SPDX-License-Identifier: MIT
// Files on the domain's disks, to read: ext2, ext3, ext4 and FAT, on whole disks and in MBR and GPT partitions. A library of its
// own, pv-fs, for guests that link pv-guest: the loader's readers, which trust nothing they find on a disk.
//
// Names are those of boot menus: "(hd0,1)/boot/vmlinuz" is on partition 1 of disk 0, both counted from 0; "(hd0)/x" on a disk
// without partitions; "/boot/vmlinuz" on the first place that has a file system.
//
//     struct pv_fs_file file;
//     char text[100];
//     int result = pv_fs_open("/etc/motd", &file);
//     if (result == 0)
//         result = pv_fs_read(&file, 0, text, sizeof text); // the number of bytes
//     if (result < 0)
//         pv_printf("/etc/motd: %s\n", pv_fs_reason());
//
// One caller at a time, not in handlers. Disks are connected to when they are first needed; nothing is ever written.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A file or folder that was found. Nothing has to be closed; good until pv_fs_release().
struct pv_fs_file {
    uint64_t size; // in bytes
    bool is_folder;
    uint64_t internal[14];
};

// Finds a file or a folder, through symbolic links. Returns 0 or a negated PV_E*.
int pv_fs_open(const char *name, struct pv_fs_file *file);

// Reads what there is of `size` bytes from `offset` on. Returns how many that were: fewer only at the file's end, 0 behind it.
int pv_fs_read(const struct pv_fs_file *file, uint64_t offset, void *buffer, size_t size);

// Calls `visit` for each entry of a folder, in the disk's order and with "." and ".." where the disk has them; false ends the
// list. A name may hold any bytes but '/' and NUL. `visit` must not call functions of this header.
typedef bool (*pv_fs_entry_visitor)(void *context, const char *name, size_t length);
int pv_fs_list(const struct pv_fs_file *folder, pv_fs_entry_visitor visit, void *context);

// A place that may hold a file system: a partition, or a disk that has none.
struct pv_fs_place {
    char name[24]; // "(hd0,1)"
    uint64_t bytes;
    bool is_readable; // whether its file system can be read; pv_fs_reason() says why not
};

// Calls `visit` for each place of each disk; false ends the walk. `visit` must not call functions of this header but
// pv_fs_reason().
typedef bool (*pv_fs_place_visitor)(void *context, const struct pv_fs_place *place);
void pv_fs_places(pv_fs_place_visitor visit, void *context);

// Why the last call failed, in words for people: "not found on (hd0)". Safe to print, whatever the disk holds.
const char *pv_fs_reason(void);

// Disconnects from the disks and gives all memory back. The next call begins anew, and sees what others wrote meanwhile.
void pv_fs_release(void);

#ifdef __cplusplus
}
#endif
