# SPDX-License-Identifier: MIT
"""Courses of at most 12 requests as xenstore_model_fuzz.cpp reads them: a byte for who and what, then what the request needs."""

READ, DIRECTORY, PART, GET_PERMS, WRITE, _, MKDIR, RM, SET_PERMS, WATCH, UNWATCH, RESET = range(12)
TIGHT, AMPLE = b"\0", b"\1"
END_DOMAIN = bytes([16])


def path(top, components=""):
    """`top` 0: /s, 1: data (relative), 2: /local/domain/1/data; up to three of the components a, b, c."""
    shape = top
    for i, name in enumerate(components):
        shape |= "-abc".index(name) << (2 + 2 * i)
    return bytes([shape])


def outside(who, kind, where, rest=b""):
    return bytes([next(choice for choice in range(40, 64) if choice % 3 == who), kind]) + where + rest


def begin(guest):
    return bytes([guest - 1])


def commit(guest):
    return bytes([8 + guest - 1, 0])


def inside(guest, kind, where, rest=b""):
    return bytes([24 + guest - 1, kind]) + where + rest + b"\0"


def words(*letters):
    """Permissions such as "r2"."""
    return bytes([len(letters) - 1] + ["nrwb".index(word[0]) | int(word[1]) << 2 for word in letters])


def seeds():
    watches = outside(1, WATCH, path(0), b"\0") + outside(2, WATCH, path(0, "a"), b"\0") + outside(0, WATCH, path(2), b"\1")
    tree = outside(1, WRITE, path(0, "abc"), b"\3") + outside(2, MKDIR, path(0, "ab")) + outside(1, WRITE, path(1, "a"), b"\2")
    looks = b"".join(outside(who, kind, path(0, "ab")) for who, kind in enumerate((READ, DIRECTORY, GET_PERMS)))
    for title, quotas in (("tight", TIGHT), ("ample", AMPLE)):
        yield f"{title}-tree", quotas + watches + tree + looks + outside(1, PART, path(0, "a"), b"\1") + outside(1, RM, path(0, "a"))
        yield f"{title}-permissions", (quotas + tree + outside(1, SET_PERMS, path(0, "abc"), words("n1", "r2")) + looks
                                       + outside(2, READ, path(0, "abc")) + outside(0, SET_PERMS, path(0, "a"), words("b2", "r3")))
        yield f"{title}-commit", (quotas + watches + begin(1) + inside(1, WRITE, path(0, "b"), b"\1") + inside(1, DIRECTORY, path(0))
                                  + commit(1) + looks)
        yield f"{title}-conflict", (quotas + begin(1) + begin(2) + inside(1, WRITE, path(0, "b"), b"\1")
                                    + inside(2, WRITE, path(0, "b"), b"\2") + commit(1) + commit(2))
        yield f"{title}-end", quotas + watches + tree + END_DOMAIN + looks + outside(1, RESET, path(0)) + outside(2, UNWATCH, path(0, "a"), b"\0")
    yield "text-path", AMPLE + outside(1, READ, b"\xff\x05/s//a") + outside(0, RM, b"\xff\x01/") + outside(0, WATCH, b"\xff\x0e@releaseDomain", b"\0")
