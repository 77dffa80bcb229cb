# SPDX-License-Identifier: MIT
"""The image keeps its size and uses less of the host than before; the one that may only be read does not change."""

FIRST, COUNT, SECTOR = 1001, 1500, 512


def prepare(run):
    (path, _), (fixed, _) = run.disks
    path.write_bytes(b"x" * path.stat().st_size)
    fixed.write_bytes(b"y" * fixed.stat().st_size)
    run.blocks = path.stat().st_blocks


def check(run):
    (path, _), (fixed, _) = run.disks
    expected = bytearray(b"x" * (2 << 20))
    expected[FIRST * SECTOR:(FIRST + COUNT) * SECTOR] = bytes(COUNT * SECTOR)
    expected[(FIRST + 100) * SECTOR:(FIRST + 101) * SECTOR] = b"n" * SECTOR
    if path.read_bytes() != expected:
        return "the image is not what the guest left"
    if path.stat().st_blocks >= run.blocks:
        return "the image uses as much of the host as before"
    return None if fixed.read_bytes() == b"y" * (1 << 20) else "the read-only image has changed"
