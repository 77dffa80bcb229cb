# SPDX-License-Identifier: MIT
"""Disks with FAT, as mkfs.fat and mtools make them: found, booted from, and damaged."""

import struct

import images
from world import FAILED_BOOT

MENU = "/boot/grub/menu.lst"
BOOTS = "timeout 0\ntitle one\nkernel /boot/kernel from=fat\n"


def one_disk(world, menu=BOOTS, files=None, **options):
    return world.fat({MENU: menu, "/boot/kernel": "KERNEL", **(files or {})}, **options)


def case_fat12(world):
    world.boot(one_disk(world, kind="12", mebibytes=4)).shows('started with "from=fat"').loader_lines(0).ends(0)


def case_fat16(world):
    """A file in many clusters, and a ramdisk beside it."""
    disk = one_disk(world, BOOTS + "initrd /boot/ramdisk\n", {"/boot/ramdisk": b"abc"}, options=["-s", "1"])
    world.boot(disk).shows('started with "from=fat"', "ramdisk of 3 bytes").loader_lines(0).ends(0)


def case_fat32(world):
    world.boot(one_disk(world, kind="32", mebibytes=40, options=["-s", "1"])).shows('started with "from=fat"').ends(0)


def case_fat_large_sectors(world):
    world.boot(one_disk(world, options=["-S", "4096", "-s", "1"], mebibytes=40)).shows('started with "from=fat"').ends(0)


def case_fat_names(world):
    """Long names, and any of their letters in upper or lower case."""
    menu = "timeout 0\ntitle one\nkernel /BOOT/KERNEL~1.elf short\ntitle two\nkernel /boot/K\u00e9rnel-6.1.0-13-Amd64 long\n"
    files = {"/boot/k\u00e9rnel-6.1.0-13-amd64": "KERNEL", "/boot/kernel-of-a-long-name.elf": "KERNEL"}
    disk = one_disk(world, menu, files)
    world.boot(disk).shows('started with "short"').ends(0)
    world.boot(disk, options=["--menu", world.host_file("m", "default 1\n" + menu)]).shows('started with "long"').ends(0)


def case_fat_partition(world):
    """The type of a partition is not asked: 0x0c and 0x83 are read alike."""
    script = "label: dos\nstart=2048, size=2048, type=83\nstart=4096, size=32768, type=c\nstart=36864, type=83\n"
    disk = world.disk(script, {4096: one_disk(world, BOOTS.replace("from=fat", "first")), 36864: one_disk(world)})
    world.boot(disk).shows('started with "first"').ends(0)
    world.boot(disk, options=["--config", f"(hd0,2){MENU}"]).shows('started with "from=fat"').ends(0)


def case_fat_gpt(world):
    script = "label: gpt\nstart=2048, size=32768, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n"
    menu = "timeout 0\ntitle one\nkernel (hd0,0)/boot/kernel esp\n"
    world.boot(world.disk(script, {2048: one_disk(world, menu)})).shows('started with "esp"').ends(0)


def case_fat_uuid(world):
    """A menu on ext, a kernel on FAT, found by its serial number or by its path."""
    menu = "timeout 0\nfallback 1\ntitle a\nuuid 1234-ABCE\ntitle b\nuuid 1234-abcd\nkernel /boot/kernel by-uuid\n"
    disks = [world.file_system({MENU: menu}), one_disk(world, options=["-i", "1234ABCD"])]
    world.boot(*disks).shows("menu.lst:4: uuid 1234-ABCE: no file system has this UUID", 'started with "by-uuid"').ends(0)
    found = world.host_file("m", "timeout 0\ntitle a\nfind --set-root /boot/kernel\nkernel /boot/kernel found\n")
    world.boot(*disks, options=["--menu", found]).shows('started with "found"').ends(0)


def case_fat_grub_cfg(world):
    result = world.boot(world.fat({"/boot/grub/grub.cfg": "x", "/boot/vmlinuz-6.1": "x", "/boot/grub/vmlinuz-9": "x"}))
    result.shows("timeout 0\ntitle vmlinuz-6.1\nroot (hd0)\nkernel /boot/vmlinuz-6.1").ends(FAILED_BOOT)


def case_fat_damaged(world):
    """A chain that leads nowhere is told where it is met, and the fallback boots."""
    menu = "timeout 0\nfallback 1\ntitle bad\nkernel /boot/bad\ntitle good\nkernel /boot/kernel good\n"
    disk = one_disk(world, menu, {"/boot/bad": "KERNEL"}, options=["-s", "1"])
    with open(disk, "rb") as file:
        image = file.read()
    entry = image.index(b"BAD        ")
    cluster = struct.unpack_from("<H", image, entry + 26)[0]
    table = struct.unpack_from("<H", image, 14)[0] * 512
    images.overwrite(disk, table + 2 * cluster, struct.pack("<H", 1))
    result = world.boot(disk)
    result.shows("menu.lst:4: kernel /boot/bad: cannot be read: damaged: chain of clusters", 'started with "good"').ends(0)


def case_fat_bad_boot_sector(world):
    disk = one_disk(world)
    images.overwrite(disk, 22, struct.pack("<H", 0xFFFF))
    result = world.boot(disk)
    result.shows("loader: no menu was found: (hd0): the file system is damaged: boot sector: size").loader_lines(1).ends(FAILED_BOOT)
