# SPDX-License-Identifier: MIT
"""What the seeds of disks share: real images, made by the loader tests' images.py, in the form that sparse_disk.hpp reads."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "loader"))

import images  # noqa: E402, F401

SECTOR = 512
FILES = {"/boot/grub/menu.lst": b"timeout 0\ntitle a\nkernel /k\n", "/boot/a kernel with a long name.elf": bytes(range(256)) * 9,
         "/empty": b"", "/hole": 300000}


def pack(path):
    """The sectors of an image that are not all zeros."""
    content = pathlib.Path(path).read_bytes()
    sectors = range(len(content) // SECTOR)
    packed = struct.pack("<I", len(sectors))
    for number in sectors:
        sector = content[number * SECTOR:(number + 1) * SECTOR]
        if any(sector):
            packed += struct.pack("<I", number) + sector
    return packed
