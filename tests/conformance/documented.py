#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each reason for which answers differ from Xen's stands in ABI.md, and nothing stands there that does not make a difference.

usage: documented.py ABI.md differences.txt
"""
import pathlib
import re
import sys

SECTION = re.compile(r"^## Differences from Xen\n(.*?)^## ", re.M | re.S)
ROW = re.compile(r"^\| `([a-z0-9-]+)` \|", re.M)


def main(page, differences):
    section = SECTION.search(pathlib.Path(page).read_text())
    documented = ROW.findall(section.group(1)) if section else []
    used = re.findall(r"^\[(.+)\]$", pathlib.Path(differences).read_text(), re.M)
    wrong = [f"{page}: no row {name} in Differences from Xen" for name in used if name not in documented]
    wrong += [f"{differences}: no line shows {name}, which {page} has" for name in documented if name not in used]
    wrong += [f"{name} is there twice" for names in (documented, used) for name in set(names) if names.count(name) > 1]
    print("\n".join(wrong))
    return 1 if wrong or not used else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
