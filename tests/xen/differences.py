# SPDX-License-Identifier: MIT
"""The list of lines that must differ between pvisor and Xen, and the comparison that allows these and no others.

The file: blank lines and lines that begin with # are ignored; `[ID]` begins the lines that have one reason, which is the row ID in
ABI.md's "Differences from Xen". A difference is two lines, as in a diff: `-` what pvisor prints and `+` what Xen prints instead.
"""
import difflib
import pathlib


def read(path):
    """[(id, ours, theirs)] in the file's order."""
    found, reason, ours = [], None, None
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]") and ours is None:
            reason = line[1:-1]
        elif line.startswith("-") and reason and ours is None:
            ours = line[1:]
        elif line.startswith("+") and ours is not None:
            found.append((reason, ours, line[1:]))
            ours = None
        else:
            raise SystemExit(f"{path}:{number}: expected [ID], then pairs of - and +; found: {line}")
    if ours is not None:
        raise SystemExit(f"{path}: the last - has no +")
    return found


def unexpected(ours, theirs, expected):
    """What is not as it should be, as lines to print: a difference that is not listed, or a listed one that is not there."""
    if len(ours) != len(theirs):
        return [f"pvisor printed {len(ours)} lines, Xen {len(theirs)}", *difflib.unified_diff(ours, theirs, "pvisor", "Xen", lineterm="", n=1)]
    left = {(mine, other) for _, mine, other in expected}
    wrong = []
    for number, (mine, other) in enumerate(zip(ours, theirs), 1):
        if (mine, other) in left:
            left.remove((mine, other))
        elif mine != other:
            wrong += [f"line {number} differs:", f"-{mine}", f"+{other}"]
    for mine, other in sorted(left):
        wrong += ["listed as different, but is not there:", f"-{mine}", f"+{other}"]
    return wrong
