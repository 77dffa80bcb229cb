# SPDX-License-Identifier: MIT
"""xvdb is filled with bytes that do not repeat, and must be in xvda from sector 1 on; neither file changes its size."""
import random

SECTOR = 512


def prepare(run):
    path = run.disks[1][0]
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    run.given = path.read_bytes()


def check(run):
    to, given = (path.read_bytes() for path, _ in run.disks)
    if given != run.given:
        return "the disk that was only read has changed"
    if len(to) != 4 << 20:
        return f"the image has {len(to)} bytes now"
    if to[SECTOR:SECTOR + len(given)] != given:
        return "the image does not hold what the guest wrote"
    behind = to[SECTOR + len(given):]
    return None if behind == bytes(len(behind)) else "something was written behind"
