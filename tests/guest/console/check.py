# SPDX-License-Identifier: MIT
"""Every byte of the output, in order."""
LINES = 116509


def check(run):
    expected = b"".join(b"%08x\n" % line for line in range(LINES)) + b"by console_io\nSUCCESS\n"
    if run.stdout == expected:
        return None
    at = next((i for i, (a, b) in enumerate(zip(run.stdout, expected)) if a != b), min(len(run.stdout), len(expected)))
    return f"{len(run.stdout)} bytes of {len(expected)}, the first difference at {at}: {run.stdout[at:at + 40]!r}"
