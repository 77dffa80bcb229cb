# SPDX-License-Identifier: MIT
"""The block-copy guest with two disks: what several groups do."""

import random

SECTORS = 2048
EXPECTED = """from: disk 51712, 2048 sectors, read-only
to: disk 51728, 2048 sectors, writable
copied 2048 sectors
both disks hold the same
"""


def pattern(seed):
    return random.Random(seed).randbytes(SECTORS * 512)


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def run(program, source, target, options=(), **how):
    return program.run("run", program.block_copy, *options, "--disk", source, "--disk", target, "--", f"sectors={SECTORS}", **how)
