# SPDX-License-Identifier: MIT
"""The form of ext4.trace.xz: what a kernel did with its disk, in order.

Unpacked it is a disk, so that a guest can read it (replay/main.c): records of one sector, each followed by its data's sectors.
A record is four little-endian 64-bit numbers: MAGIC, its kind, the first sector, the number of sectors.
"""
import lzma
import struct

SECTOR = 512
MAGIC = 0x6563617274766470
WRITE, FLUSH, MARK, END = 1, 2, 3, 4  # a mark's number is where a write's sector is
HEAD = struct.Struct("<4Q")


def record(kind, sector=0, data=b""):
    assert len(data) % SECTOR == 0
    return HEAD.pack(MAGIC, kind, sector, len(data) // SECTOR).ljust(SECTOR, b"\0") + data


def records(disk):
    at = 0
    while True:
        magic, kind, sector, count = HEAD.unpack_from(disk, at)
        assert magic == MAGIC, f"no record at byte {at}"
        if kind == END:
            return
        yield kind, sector, disk[at + SECTOR:at + SECTOR * (1 + count)]
        at += SECTOR * (1 + count)


def unpack(path):
    with lzma.open(path) as file:
        return file.read()


def pack(path, disk):
    with lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        file.write(disk)
