# SPDX-License-Identifier: MIT
"""Menus that mean harm, or that an accident made: each ends in a boot or in a message, and nothing of it acts on the terminal
or on the host."""

import os
import re
import shutil
import subprocess
import sys

from world import FAILED_BOOT

MENU = "/boot/grub/menu.lst"
BOOTS = "title good\nkernel /boot/kernel from=good\n"
SKIPPED = 77


# How a vCPU's own process begins: from memory, not by a name.
VCPU_PROCESS = re.compile(r'execveat\(\d+, "", \["pvisor-vcpu"\]|<... execveat resumed>|clone\([^)]*CLONE_PIDFD[^)]*CLONE_VFORK')


def disk_with(world, menu, files=None):
    return world.file_system({MENU: menu, "/boot/kernel": "KERNEL", **(files or {})})


def case_menu_too_large(world):
    """A gibibyte, nearly all of it a hole."""
    result = world.boot(disk_with(world, 1 << 30))
    result.shows("loader: no menu was found: (hd0) /boot/grub/menu.lst: larger than 1 MiB").loader_lines(1).ends(FAILED_BOOT)


def case_menu_long_line(world):
    """Half a line is not booted."""
    menu = "timeout 0\nfallback 1\ntitle bad\nkernel /boot/kernel " + "x" * 900_000 + "\n" + BOOTS
    result = world.boot(disk_with(world, menu))
    result.shows("menu.lst:4: in 'kernel': the line is longer than 4096 bytes", 'started with "from=good"').ends(0)


def case_menu_odd_bytes(world):
    """A byte order mark, NULs, no UTF-8, control bytes of both kinds and a change of direction."""
    menu = (b"\xef\xbb\xbftimeout 0\r\nfallback 1 2\r\ntitle \xff\xfe\x9b31m \xe2\x80\xae \x1b]0;x\x07\r\nkernel /boot/kernel a\0b\r\n"
            b"title \xc2\x9b2J\r\nkernel /boot/\xc3\x28\x08\x08\r\n" + BOOTS.encode())
    result = world.boot(disk_with(world, menu))
    result.shows("Booting '\\xff\\xfe\\x9b31m \\xe2\\x80\\xae \\x1b]0;x\\x07'", "menu.lst:4: kernel /boot/kernel a\\x00b: the line is too long or has a NUL byte",
                 "Booting '\\xc2\\x9b2J'", "kernel /boot/\\xc3(\\x08\\x08: not found", 'started with "from=good"').ends(0)
    if not re.fullmatch(r"[\n\t -~]*", result.output):
        result.complain("the console shows bytes that a terminal might act on")


def case_menu_many_titles(world):
    """A title without commands is dropped; the last one has some."""
    result = world.boot(disk_with(world, "timeout 0\n" + "title\n" * 100_000 + BOOTS))
    result.shows("Booting 'good'", 'started with "from=good"').ends(0)


def case_menu_extremes(world):
    for value in ("-1", "4294967295", "10000000000", "saved", ""):
        world.boot(disk_with(world, f"timeout 0\ndefault {value}\n{BOOTS}")).shows('started with "from=good"').ends(0)
    for value in ("-1", "10000000000", "soon", ""):
        result = world.boot(disk_with(world, f"timeout {value}\n{BOOTS}"))
        result.shows("menu.lst:1: ", "the menu waits for a key and input is no terminal").lacks("started").ends(FAILED_BOOT)


def case_menu_device_names(world):
    """Each name fails its entry with a reason, and the next fallback is tried."""
    names = {"(hd99,99)": "there is no disk (hd99)", "(hd0,-1)": "the partition must be a number",
             "(hd99999999999999999999)": "the number after 'hd' must be", "(hd0)/boot/../boot": "'..' is not allowed",
             "(hd0": "the ')' is missing", "(hd0)/" + "x" * 3000: "not found on (hd0)"}
    entries = "".join(f"title bad\nkernel {name}/kernel\n" for name in names)
    fallbacks = " ".join(str(number) for number in range(1, len(names) + 1))
    result = world.boot(disk_with(world, f"timeout 0\nfallback {fallbacks}\n{entries}{BOOTS}"))
    result.shows(*names.values(), 'started with "from=good"').loader_lines(len(names)).ends(0)


def case_menu_is_not_interpreted(world):
    """Names and arguments that a shell or a careless monitor would act on: the host sees none of them in a call about files,
    programs or connections, and starts no program."""
    if not shutil.which("strace"):
        skip("strace is not there")
    name = "/boot/k$(touch${IFS}M05)`touch$IFS'M05`|%n%s;M05"
    menu = f'timeout 0\ntitle M05 $(touch M05)\nkernel {name} "$(touch M05)" ; touch M05 && ../M05 file:///M05 %n%s\n'
    trace = os.path.join(world.folder, "trace")
    disk = world.file_system({MENU: menu, name: "KERNEL"})
    tracer = ["strace", "-f", "-s", "100000", "-e", "trace=%file,%process,%network", "-e", "signal=none", "-o", trace]
    # A build with AddressSanitizer looks for leaks by ptrace itself, which only one can use.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    result = world.boot(disk, under=tracer)
    if "ptrace" in result.errors and "ermitted" in result.errors:
        skip("this host denies ptrace")
    result.shows('started with ""$(touch M05)" ; touch M05 && ../M05 file:///M05 %n%s"').ends(0)
    with open(trace, encoding="latin-1") as file:
        calls = file.read().splitlines()
    calls = [call for call in calls if not VCPU_PROCESS.search(call)]
    programs = [call for call in calls if "execve" in call or re.search(r"\b(v?fork|clone3?)\((?!.*CLONE_THREAD)", call)]
    told = [call for call in calls if "M05" in call]
    if len(programs) != 1 or told:
        result.complain("\n".join(programs[1:] + told))


def skip(reason):
    print("SKIP", reason)
    sys.exit(SKIPPED)
