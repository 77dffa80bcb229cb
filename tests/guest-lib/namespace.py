#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every name that libpv-guest.a defines begins with pv_ or PV_, except four that compilers call on their own account and that
are weak; and it asks for no name that it, the linker script or the kernel's pv_main does not give.

usage: namespace.py LIBRARY
"""
import re
import subprocess
import sys

WEAK = {"memcpy", "memmove", "memset", "memcmp"}
FROM_OUTSIDE = {
    "pv_main",  # the kernel's
    "pv_notes", "pv_relocations_begin", "pv_relocations_end",  # pv-guest.ld's
    "_GLOBAL_OFFSET_TABLE_",  # the linker's
}


def symbols(library):
    """(name, type) of each external symbol of each member, as nm(1) has them."""
    text = subprocess.run(["nm", "--extern-only", "--format=posix", library], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split()[:2]) for line in text.splitlines() if re.match(r"\S+ \S( |$)", line)]


def complaints(found):
    defined = {(name, kind) for name, kind in found if kind not in "Uvw"}
    for name, kind in sorted(defined):
        if name in WEAK:
            if kind not in "WV":
                yield f"{name} is not weak: a kernel's own would clash with it"
        elif not name.startswith(("pv_", "PV_")):
            yield f"{name} is no pv_ name and could clash with one of the kernel's; make it static, or rename it"
    missing = {name for name, kind in found if kind in "Uvw"} - {name for name, _ in defined} - FROM_OUTSIDE
    for name in sorted(missing):
        yield f"{name} is used, and nobody gives it"
    for name in sorted(WEAK - {name for name, _ in defined}):
        yield f"{name} is missing: compilers call it"


def main():
    found = symbols(sys.argv[1])
    if len(found) < 100:  # nm showed less than the library has
        print(f"nm told of {len(found)} symbols only")
        return 1
    wrong = list(complaints(found))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
