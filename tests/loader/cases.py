# SPDX-License-Identifier: MIT
"""The cases of the loader's tests. The name of a function, without case_ and with dashes, is the case's name."""

import os
import re
import struct

import disk_cases
import fat_cases
import hostile_menus
import images
import kernel_cases
from kernel_cases import BOOTS, MENU, byte_sum, one_disk
from world import FAILED_BOOT

UUID = "0b5e6f38-5c3d-4e0a-9a5e-c1d7f00dbeef"


def all_cases():
    functions = {**vars(disk_cases), **vars(fat_cases), **vars(hostile_menus), **vars(kernel_cases), **globals()}
    return {name[5:].replace("_", "-"): value for name, value in functions.items() if name.startswith("case_")}


def compare_lists(listed, known):
    """The build names each case once."""
    wrong = set(listed) ^ set(known)
    for name in sorted(wrong):
        print(f"{name}: {'there is no such case' if name in listed else 'not in meson.build'}")
    return 1 if wrong else 0


# Choosing an entry ------------------------------------------------------------------------------------------------


def case_default(world):
    menu = "default 1\ntimeout 0\ntitle one\nkernel /boot/kernel from=one\n\ntitle two\nkernel /boot/kernel from=two exit=7\n"
    result = world.boot(one_disk(world, menu))
    result.shows("Booting 'two'\n", 'started with "from=two exit=7"\n', "no ramdisk\n").lacks("one").loader_lines(0).ends(7)


def case_statistics(world):
    result = world.boot(one_disk(world, BOOTS), options=["--statistics", "--name", "b"])
    result.ends(0)
    if not re.search(r"^pvisor: domain b: loader: [0-9]+\.[0-9]{3} ms from its first instruction to the kernel's\n"
                     r"pvisor: domain b: disk xvda: [0-9]+ reads", result.errors, re.MULTILINE):
        result.complain("lines about loader and disk were expected")


def case_saved_default(world):
    menu = "default saved\ntimeout 0\ntitle one\nkernel /boot/kernel from=one\ntitle two\nkernel /boot/kernel from=two\n"
    result = world.boot(one_disk(world, menu, {"/boot/grub/default": "1\n#\n#\n"}))
    result.shows('started with "from=two"').ends(0)


def case_countdown(world):
    result = world.boot(one_disk(world, "timeout 1\ntitle first\nkernel /boot/kernel a\ntitle second\nkernel /boot/kernel b\n"))
    result.shows(">  0  first\n", "   1  second\n", "Booting 'first' in 1 s\n", "Booting 'first'\n", 'started with "a"')
    result.lacks("\x1b").ends(0)


def case_no_timeout(world):
    result = world.boot(one_disk(world, "title one\nkernel /boot/kernel\n"))
    result.shows("loader: (hd0)/boot/grub/menu.lst: the menu waits for a key and input is no terminal; add the line: timeout 0")
    result.lacks("started").loader_lines(1).ends(FAILED_BOOT)


def case_key_stops_countdown(world):
    disk = one_disk(world, "timeout 25\nhiddenmenu\ntitle one\nkernel /boot/kernel from=one\ntitle two\nkernel /boot/kernel from=two\n")
    result = world.boot_typing(disk, keys=[("any key stops", b" "), ("Choose", b"1"), ("> ", b"\r")])
    result.shows("Booting 'one' in 25 s", "Choose with the arrow keys", "Booting 'two'\n", 'started with "from=two"').ends(0)


def case_arrow_keys(world):
    menu = "".join(f"title t{i}\nkernel /boot/kernel from={i}\n" for i in range(3))
    result = world.boot_typing(one_disk(world, menu), keys=[("   2  t2", b"\x1b[B\x1b[B\x1b[A\r")])
    result.shows("\x1b[7m>  0  t0\x1b[0m", "\x1b[7m>  1  t1\x1b[0m", "Booting 't1'\n", 'started with "from=1"').ends(0)


def case_command_line(world):
    disk = one_disk(world, "timeout 25\ntitle one\nkernel /boot/kernel from=one\n")
    keys = [("any key stops", b" "), ("> ", b"c"), ("loader> ", b"kernel /boot/kernel typed\r"), ("loader> ", b"boot\r")]
    world.boot_typing(disk, keys=keys).shows("loader> kernel /boot/kernel typed\n", 'started with "typed"').ends(0)


def case_typed_commands(world):
    first = world.file_system({MENU: "title one\nkernel /k from=menu\n", "/ramdisk": "abc"})
    second = world.file_system({"/k": "KERNEL", "/note": "a text\n", "/folder/x": ""})
    keys = [("  0  one", b"c"), ("loader> ", b"help\r"), ("exit ", b"find /k\r"), ("(hd1)", b"root (hd1)\r"), ("loader> ", b"ls\r"),
            ("folder/", b"cat /note\r"), ("a text", b"kernel /k typed\r"), ("loader> ", b"initrd (hd0)/ramdisk\r"), ("loader> ", b"boot\r")]
    result = world.boot_typing(first, second, keys=keys)
    result.shows("  root (hd0,0)", "  find /FILE", "  ls FOLDER", "  cat FILE", "  kernel FILE ARGS", "  initrd FILE", "  module FILE ARGS", "  boot ",
                 "loader> find /k\n(hd1)\n", "loader> root (hd1)\n", "loader> ls\n", "note\n", "loader> cat /note\na text\n",
                 'started with "typed"\n', f"ramdisk of 3 bytes, sum {byte_sum(b'abc')}").loader_lines(0).ends(0)


def case_edit(world):
    disk = one_disk(world, "timeout 25\ntitle one\nkernel /boot/absent from=one\ntitle two\nkernel /boot/kernel from=two\n")
    keys = [("any key stops", b" "), ("> ", b"e"), ("> kernel /boot/absent from=one", b"e"),
            ("edit> kernel /boot/absent from=one", b"\x15kernel /boot/kernel edited\r"), ("> kernel /boot/kernel edited", b"b")]
    result = world.boot_typing(disk, keys=keys)
    result.shows("Boot with b; e edits the line", "Booting what was edited\n", 'started with "edited"').loader_lines(0).ends(0)


def case_browse(world):
    keys = [("  0  one", b"c"), ("loader> ", b"ls /boot\r"), ("kernel\r\n", b"cat /boot/grub/menu.lst\r"), ("from=one", b"ls /absent\r"),
            ("not found", b"help\r"), ("leaves", b"kernel /boot/kernel typed\r"), ("loader> ", b"boot\r")]
    result = world.boot_typing(one_disk(world, BOOTS.replace("timeout 0\n", "")), keys=keys)
    result.shows("loader> ls /boot\n", "grub/\n", "loader> cat /boot/grub/menu.lst\ntitle one\nkernel /boot/kernel from=one\n",
                 "loader: ls: not found on (hd0)\n", "  find /FILE", 'started with "typed"').ends(0)


def case_password(world):
    disk = one_disk(world, "password secret\ntitle one\nkernel /boot/kernel from=one\n")
    keys = [("  0  one", b"e"), ("refuses editing", b"c"), ("refuses editing", b"\r")]
    result = world.boot_typing(disk, keys=keys)
    result.shows("has a password", "has a password", "Booting 'one'", 'started with "from=one"').lacks("loader>").ends(0)


def case_fallback(world):
    menu = ("default 0\nfallback 9 2\ntimeout 0\ntitle broken\nkernel /boot/absent x\ntitle other\nkernel /boot/kernel other\n"
            "title spare\nkernel /boot/kernel spare\n")
    result = world.boot(one_disk(world, menu))
    result.shows("Booting 'broken'\n", "loader: (hd0)/boot/grub/menu.lst:5: kernel /boot/absent: not found on (hd0)\n",
                 "Booting 'spare'\n", 'started with "spare"').loader_lines(1).ends(0)


def case_fallbacks_used_up(world):
    menu = "fallback 1\ntimeout 0\ntitle a\nkernel /boot/absent\ntitle b\nroot (hd4)\n"
    disk = one_disk(world, menu + "title c\nkernel /boot/kernel c\n")
    result = world.boot(disk)
    result.shows("menu.lst:4: kernel /boot/absent: not found", "menu.lst:6: root (hd4): there is no disk (hd4)")
    result.lacks("started").loader_lines(2).ends(FAILED_BOOT)
    result = world.boot_typing(disk, keys=[("Press any key", b"x"), ("   2  c", b"2\r")])
    result.shows("Press any key to go back to the menu.", "Booting 'c'", 'started with "c"').ends(0)


# Finding the menu -------------------------------------------------------------------------------------------------


def case_search_order(world):
    files = {"/boot/grub/grub.conf": BOOTS.replace("one", "conf"), "/grub/menu.lst": BOOTS.replace("one", "late")}
    world.boot(one_disk(world, BOOTS, files)).shows('started with "from=one"').ends(0)
    # Of two partitions the first counts, whatever its menu is called; and its partition is the root.
    first = world.file_system({"/grub/grub.conf": "timeout 0\ntitle a\nkernel /k first\n", "/k": "KERNEL"})
    disk = world.disk("label: dos\nstart=2048, size=20480, type=83\nstart=24576, type=83\n", {2048: first, 24576: one_disk(world, BOOTS)})
    world.boot(disk).shows('started with "first"').ends(0)


def case_boot_grub_conf(world):
    disk = world.file_system({"/grub/grub.conf": BOOTS, "/boot/kernel": "KERNEL"})
    world.boot(disk).shows('started with "from=one"').ends(0)


def case_no_menu(world):
    result = world.boot(world.file_system({"/boot/kernel": "KERNEL"}))
    result.shows("loader: no menu was found: (hd0) has none (looked for /boot/grub/menu.lst /boot/grub/grub.conf "
                 "/grub/menu.lst /grub/grub.conf)").loader_lines(1).ends(FAILED_BOOT)


def case_empty_menu(world):
    result = world.boot(one_disk(world, "timeout 0\ntitle nothing\n# the end\n"))
    result.shows("menu.lst:2: title 'nothing' has no commands and is left out", "menu.lst: the menu has no entry to boot")
    result.ends(FAILED_BOOT)


def case_grub_cfg(world):
    files = {"/boot/grub/grub.cfg": "menuentry 'x' {}\n", "/boot/vmlinuz-6.9.1": "x", "/boot/vmlinuz-6.10.0": "x", "/boot/a.elf": "x"}
    part = world.file_system(files)
    result = world.boot(world.disk("label: dos\nstart=2048, type=83\n", {2048: part}))
    result.shows("loader: (hd0,0)/boot/grub/grub.cfg is a script of GRUB 2, which is not read; "
                 "write (hd0,0)/boot/grub/menu.lst with these four lines:\ntimeout 0\ntitle vmlinuz-6.10.0\nroot (hd0,0)\n"
                 "kernel /boot/vmlinuz-6.10.0 root=/dev/xvda1 ro\n").loader_lines(1).ends(FAILED_BOOT)


def case_grub_cfg_initrd(world):
    files = {"/grub2/grub.cfg": "x", "/vmlinuz-5.14": "x", "/initramfs-5.14.img": "x"}
    result = world.boot(world.file_system(files))
    result.shows("write (hd0)/grub/menu.lst with", "timeout 0\ntitle vmlinuz-5.14\nkernel /vmlinuz-5.14 root=/dev/xvda ro\n"
                 "initrd /initramfs-5.14.img\n").ends(FAILED_BOOT)


def case_grub_cfg_typed(world):
    """Somebody at a terminal gets the advice and can follow it at once."""
    part = world.file_system({"/boot/grub/grub.cfg": "x", "/boot/vmlinuz-6.1": "KERNEL"})
    keys = [("loader> ", b"kernel /boot/vmlinuz-6.1\r"), ("loader> ", b"kernel (hd0)/boot/vmlinuz-6.1 typed\r"), ("loader> ", b"boot\r")]
    result = world.boot_typing(part, keys=keys)
    result.shows("is a script of GRUB 2", "timeout 0\ntitle vmlinuz-6.1\nroot (hd0)\n", 'started with "typed"').ends(0)


def case_menu_option(world):
    menu = world.host_file("m.lst", "timeout 0\nfrob\ntitle host\nkernel /boot/kernel host\n")
    result = world.boot(one_disk(world, BOOTS), options=["--menu", menu])
    result.shows("loader: menu:2: unknown command 'frob' is skipped", 'started with "host"', "no ramdisk").ends(0)


def case_config_option(world):
    disk = one_disk(world, BOOTS, {"/etc/other": "timeout 0\ntitle o\nkernel /boot/kernel other\n"})
    world.boot(disk, options=["--config", "(hd0)/etc/other"]).shows('started with "other"').ends(0)
    result = world.boot(disk, options=["--config", "(hd0)/etc/absent"])
    result.shows("loader: (hd0)/etc/absent: not found on (hd0)").loader_lines(1).ends(FAILED_BOOT)


def case_configfile(world):
    menu = "timeout 0\ntitle go\nconfigfile /etc/next\n"
    result = world.boot(one_disk(world, menu, {"/etc/next": "timeout 0\ntitle n\nkernel /boot/kernel next\n"}))
    result.shows("Booting 'go'", "Booting 'n'", 'started with "next"').ends(0)


def case_configfile_loop(world):
    result = world.boot(one_disk(world, f"timeout 0\ntitle again\nconfigfile {MENU}\n"))
    result.shows("Booting 'again'", "loader: menus name each other by configfile too many times").ends(FAILED_BOOT)


# Disks and file systems -------------------------------------------------------------------------------------------


def case_ext2(world):
    world.boot(one_disk(world, BOOTS, kind="ext2")).shows('started with "from=one"').ends(0)


def case_ext3(world):
    world.boot(one_disk(world, BOOTS, kind="ext3")).shows('started with "from=one"').ends(0)


def case_primary_partition(world):
    script = "label: dos\nstart=2048, size=2048, type=83\nstart=4096, type=83\n"
    result = world.boot(world.disk(script, {4096: one_disk(world, BOOTS)}))
    result.shows('started with "from=one"').ends(0)


def case_logical_partition(world):
    script = "label: dos\nstart=2048, size=2048, type=83\nstart=4096, type=5\nstart=6144, size=2048, type=83\nstart=10240, type=83\n"
    menu = "timeout 0\ntitle one\nroot (hd0,5)\nkernel /boot/kernel logical\n"
    result = world.boot(world.disk(script, {10240: one_disk(world, menu)}))
    result.shows('started with "logical"').ends(0)


def case_gpt(world):
    script = "label: gpt\nstart=2048, size=2048\nstart=4096, size=20480\n"
    menu = "timeout 0\ntitle one\nkernel (hd0,1)/boot/kernel gpt\n"
    result = world.boot(world.disk(script, {4096: one_disk(world, menu)}))
    result.shows('started with "gpt"').ends(0)


def case_second_disk(world):
    first = world.file_system({MENU: "timeout 0\ntitle one\nroot (hd1)\nkernel /k two\ninitrd (hd0)/ramdisk\n", "/ramdisk": "abc"})
    result = world.boot(first, world.file_system({"/k": "KERNEL"}))
    result.shows('started with "two"', f"ramdisk of 3 bytes, sum {byte_sum(b'abc')}").ends(0)


def case_disk_is_new(world):
    disk = one_disk(world, BOOTS.replace("from=one", "first=51712"))
    images.overwrite(disk, 0, b"the first sector")
    world.boot(disk).shows("disk 51712 begins with the first sector\n").ends(0)


def case_missing_disk(world):
    result = world.boot(one_disk(world, "timeout 0\ntitle one\nkernel (hd2)/boot/kernel\n"))
    result.shows("menu.lst:3: kernel (hd2)/boot/kernel: there is no disk (hd2), the domain has only (hd0)").ends(FAILED_BOOT)


def case_missing_partition(world):
    disk = world.disk("label: dos\nstart=2048, type=83\n", {2048: one_disk(world, "timeout 0\ntitle one\nroot (hd0,2)\n")})
    result = world.boot(disk)
    result.shows("(hd0,0)/boot/grub/menu.lst:3: root (hd0,2): there is no (hd0,2), the disk has (hd0,0)").ends(FAILED_BOOT)


def case_grub2_name(world):
    result = world.boot(one_disk(world, "timeout 0\ntitle one\nkernel (hd0,msdos1)/boot/kernel\n"))
    result.shows("menu.lst:3: kernel (hd0,msdos1)/boot/kernel: GRUB 2 names partitions otherwise", "write (hd0,0)/boot/kernel")
    result.loader_lines(1).ends(FAILED_BOOT)


def case_uuid(world):
    first = world.file_system({MENU: f"timeout 0\ntitle one\nuuid {UUID}\nkernel /k by-uuid\n"})
    world.boot(first, world.file_system({"/k": "KERNEL"}, uuid=UUID)).shows('started with "by-uuid"').ends(0)
    result = world.boot(first)
    result.shows(f"menu.lst:3: uuid {UUID}: no file system has this UUID").ends(FAILED_BOOT)


def case_find(world):
    menu = "timeout 0\nfallback 1\ntitle a\nfind /k\nfind /absent\ntitle b\nfind --set-root /k\nkernel /k found\n"
    result = world.boot(world.file_system({MENU: menu}), world.file_system({"/k": "KERNEL"}))
    result.shows("(hd1)\n", "menu.lst:5: find /absent: not found on any disk", 'started with "found"').ends(0)


def case_bad_superblock(world):
    disk = one_disk(world, BOOTS)
    images.overwrite(disk, 1024, bytes(1024))
    result = world.boot(disk)
    result.shows("loader: no menu was found: (hd0) holds no ext2, ext3, ext4 or FAT file system").loader_lines(1).ends(FAILED_BOOT)


def case_bad_inode_table(world):
    disk = one_disk(world, BOOTS)
    with open(disk, "rb") as file:
        file.seek(1024)
        superblock = file.read(1024)
        block_bytes = 1024 << struct.unpack_from("<I", superblock, 24)[0]
        file.seek(block_bytes * (struct.unpack_from("<I", superblock, 20)[0] + 1))
        table = struct.unpack_from("<I", file.read(64), 8)[0]
    images.overwrite(disk, table * block_bytes, os.urandom(4096))
    result = world.boot(disk)
    result.shows("loader: no menu was found: (hd0)", "damaged").loader_lines(1).ends(FAILED_BOOT)


# The menu's text ----------------------------------------------------------------------------------------------------


def case_notes(world):
    menu = "color red\nkernel /x\ntimeout 0\ntitle one\nfrobnicate x\nquiet\nsavedefault\nkernel /boot/kernel on\n"
    result = world.boot(one_disk(world, menu))
    result.shows("menu.lst:1: command 'color' has no meaning here and is skipped", "menu.lst:2: command 'kernel' stands before the first title",
                 "menu.lst:5: unknown command 'frobnicate' is skipped", "menu.lst:6: command 'quiet'", "menu.lst:7: command 'savedefault'",
                 'started with "on"').loader_lines(5).ends(0)


def case_crlf(world):
    menu = "timeout=0\r\n\r\ntitle\tone\r\n\tkernel\t/boot/kernel a\tb\r\n"
    world.boot(one_disk(world, menu)).shows("Booting 'one'\n", 'started with "a b"').loader_lines(0).ends(0)


def case_escaped(world):
    menu = b"timeout 0\ntitle \x1b[2Jevil\nkernel /\x1b]0;x\x07\n"
    result = world.boot(one_disk(world, menu))
    result.shows("Booting '\\x1b[2Jevil'", "kernel /\\x1b]0;x\\x07: not found").lacks("\x1b", "\x07").ends(FAILED_BOOT)
