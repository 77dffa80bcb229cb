# SPDX-License-Identifier: MIT
"""Seeds of grants: steps as grants_fuzz.cpp takes them apart. Who: 0 or 1. Domains: 0 and 1 are themselves, 2 is the monitor."""

FULL, READONLY, NOTHING, TRANSFER, SUBPAGE, IN_USE = 1, 2, 3, 4, 5, 6


def entry(who, ref, kind, to, frame):
    return bytes([who, 0, ref, kind, to, frame])


def mapped(who, owner, ref, frame, readonly=0):
    return bytes([who, 2, owner, ref, readonly, frame])


def unmap(who, number):
    return bytes([who, 4, number, 1])


def copy(who, flags, length, source, dest):
    def end(by_ref, domain, offset, thing):
        middle = bytes([thing]) if by_ref else bytes([1, thing])
        return bytes([domain]) + offset.to_bytes(2, "little") + middle

    return bytes([who, 5, flags]) + length.to_bytes(2, "little") + end(flags & 1, *source) + end(flags & 2, *dest)


def hold(who, ref, readonly=0):
    return bytes([who, 6, ref, readonly])


LET_GO = bytes([0, 7, 0])


def seeds():
    grant = entry(0, 9, FULL, 1, 4)
    yield "map-unmap", grant + mapped(1, 0, 9, 5) + unmap(1, 0)
    yield "map-twice", grant + mapped(1, 0, 9, 5) + mapped(1, 0, 9, 6, 1) + unmap(1, 0) + unmap(1, 0)
    yield "read-only", entry(0, 9, READONLY, 1, 4) + mapped(1, 0, 9, 5) + mapped(1, 0, 9, 5, 1) + unmap(1, 0)
    yield "rewritten-in-use", grant + mapped(1, 0, 9, 5) + entry(0, 9, FULL, 1, 6) + mapped(1, 0, 9, 6) + unmap(1, 0)
    yield "copy", grant + copy(1, 1, 16, (0, 8, 9), (0, 0, 5)) + copy(1, 2, 16, (0, 8, 5), (0, 0, 9))
    yield "copy-both", grant + copy(1, 3, 4096, (0, 0, 9), (0, 0, 9))
    yield "own", entry(0, 9, FULL, 0, 4) + mapped(0, 0, 9, 4) + mapped(0, 0, 9, 5) + unmap(0, 0)
    yield "foreign-granted-on", grant + mapped(1, 0, 9, 5) + entry(1, 3, FULL, 0, 5) + mapped(0, 1, 3, 6)
    yield "back-end", entry(0, 9, FULL, 2, 4) + hold(0, 9) + hold(0, 9, 1) + mapped(0, 0, 9, 5) + LET_GO + LET_GO
    yield "dies-mapped", grant + entry(1, 3, FULL, 0, 5) + mapped(0, 1, 3, 6) + mapped(1, 0, 9, 7)
    yield "types", b"".join(entry(0, 9, kind, 1, 4) + mapped(1, 0, 9, 5) for kind in range(7))
    yield "special", entry(0, 9, FULL, 1, 9) + mapped(1, 0, 9, 5) + grant + mapped(1, 0, 9, 9)
