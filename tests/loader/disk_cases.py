# SPDX-License-Identifier: MIT
"""Disks of odd sizes: hardly any, cut short, and larger than 32-bit sector numbers reach."""

import os
import sys

import images
from kernel_cases import BOOTS, one_disk
from world import FAILED_BOOT

SECTOR = 512
TIB = 1 << 40


def case_tiny_disks(world):
    for size in (SECTOR, 2 * SECTOR, 8 * SECTOR):
        result = world.boot(world.host_file(f"tiny{size}", bytes(size)))
        result.shows("loader: no menu was found: (hd0) holds no").loader_lines(1).ends(FAILED_BOOT)


def case_odd_disk_size(world):
    """A disk has whole sectors, so that the loader never sees another one."""
    disk = one_disk(world, BOOTS)
    with open(disk, "ab") as file:
        file.write(b"?" * 100)
    result = world.boot(disk).lacks("started").ends(125)
    if "is no whole number of 512-byte sectors; round it up with zeros: truncate" not in result.errors:
        result.complain("an error with its remedy was expected")


def case_cut_disk(world):
    """The file system says that it is larger than the disk."""
    disk = one_disk(world, BOOTS)
    os.truncate(disk, os.path.getsize(disk) // 2)
    result = world.boot(disk)
    result.shows("loader: no menu was found: (hd0)", "damaged").loader_lines(1).ends(FAILED_BOOT)


def case_beyond_2_tib(world):
    """A partition whose sector numbers have more than 32 bits."""
    start = (2 * TIB + (1 << 30)) // SECTOR
    try:
        disk = world.disk(f"label: gpt\nstart=2048, size=2048\nstart={start}, size=20480\n", {start: one_disk(world, BOOTS)},
                          mebibytes=3 * TIB // images.MIB)
    except OSError as error:
        print(f"skipped: no file of 3 TiB here: {error}")
        sys.exit(77)
    world.boot(disk).shows('started with "from=one"').loader_lines(0).ends(0)
