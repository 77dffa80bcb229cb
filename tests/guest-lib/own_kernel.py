#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A kernel with its own start, linker script, allocator, printing, panic and interrupt flag takes events, xenbus and the disk
from the library: it runs, and nm(1) tells that it got nothing else and that no name of its own was in the way.

usage: own_kernel.py --pvisor PROGRAM --kernel ELF --library ARCHIVE
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

# What the library brings for kernels that have none. Here the kernel's own is in its place.
REPLACED = {"pv_start", "pv_console_write", "pv_output", "pv_printf", "pv_vprintf", "pv_realloc",
            "pv_pages_available", "pv_backtrace", "pv_panic_at", "pv_irq_enable", "pv_event_handle", "pv_upcall_entry",
            "pv_trap_handle", "pv_exit", "pv_shutdown"}
OWN = {"malloc", "free", "page_alloc", "printf", "panic", "cli", "sti", "upcall", "upcall_entry", "start_kernel", "memset"}
TAKEN = {"pv_memory_init", "pv_event_bind_virq", "pv_xenbus_list", "pv_blk_open", "pv_blk_read", "pv_hypercall_page"}


def defined(file):
    """{name: type} of the external symbols that a file defines."""
    text = subprocess.run(["nm", "--extern-only", "--defined-only", "--format=posix", file], check=True, capture_output=True,
                          text=True).stdout
    return {words[0]: words[1] for words in map(str.split, text.splitlines()) if len(words) > 1}


def complaints_about_names(kernel, library):
    for name in sorted(REPLACED & kernel.keys()):
        yield f"the library's {name} is in the kernel, which has no use for it"
    for name in sorted(REPLACED - library.keys()):
        yield f"the library has no {name} any more: this test asks for nothing"
    for name in sorted((OWN | TAKEN) - kernel.keys()):
        yield f"{name} is not in the kernel"
    for name in sorted(OWN & kernel.keys()):
        if kernel[name] in "Ww":
            yield f"{name} is the library's, not the kernel's"
    for name in sorted(library.keys() & kernel.keys()):
        if not name.startswith(("pv_", "PV_")) and library[name] not in "Ww":
            yield f"{name} came from the library and is no pv_ name"


def complaint_about_run(pvisor, kernel):
    with tempfile.TemporaryDirectory() as work:
        disk = pathlib.Path(work) / "disk.img"
        disk.write_bytes(random.Random(1).randbytes(1 << 20))
        expected = f"3 ticks\ndisk 51712, sum {sum(disk.read_bytes()[:4096])}\n"
        ended = subprocess.run([pvisor, "run", kernel, "--disk", disk, "--timeout", "20s"], capture_output=True, text=True)
    if (ended.returncode, ended.stdout) == (0, expected):
        return None
    return f"status {ended.returncode}; it said\n{ended.stdout}{ended.stderr}\ninstead of\n{expected}"


def main():
    parser = argparse.ArgumentParser()
    for option in ("pvisor", "kernel", "library"):
        parser.add_argument(f"--{option}", required=True)
    options = parser.parse_args()
    wrong = list(complaints_about_names(defined(options.kernel), defined(options.library)))
    wrong += filter(None, [complaint_about_run(options.pvisor, options.kernel)])
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
