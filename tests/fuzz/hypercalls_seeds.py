# SPDX-License-Identifier: MIT
"""Seeds of hypercalls: each kind of step of hypercalls_fuzz.cpp in a sensible order, and long mixtures of all."""
import random

# Domains: 0 and 1 are the two, 5 (an index into the table of names, modulo) is SELF.
SELF = 5


def alloc(who, remote):
    return bytes([who, 0, 0, SELF, remote])


def bind(who, remote, port):
    return bytes([who, 0, 1, remote, port, 1])


def send(who, port):
    return bytes([who, 0, 5, port, 1])


def close(who, port):
    return bytes([who, 0, 4, port, 1])


def grant(who, flags, to, frame, ref):
    return bytes([who, 8, flags, to, frame, ref])


def map_ref(who, owner, ref, frame):
    return bytes([who, 3, ref, 0, 3, frame, 0, 0, 1, owner, 1])


def unmap(who, number):
    return bytes([who, 3, 0, 1, number, 1, 1])


BLOCK, YIELD = bytes([0, 5, 1]), bytes([0, 5, 0])
TURN = bytes([0, 9, 1, 100, 0, 1])


def seeds():
    joined = alloc(0, 1) + bind(1, 0, 3)
    yield "ports", joined + send(0, 3) + send(1, 3) + close(1, 3) + send(0, 3)
    yield "reset", joined + bytes([0, 0, 9, SELF]) + send(1, 3)
    yield "grants", grant(0, 1, 1, 4, 9) + map_ref(1, 0, 9, 5) + unmap(1, 1)
    yield "sched", BLOCK + TURN + YIELD + bytes([0, 5, 2, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    yield "dies-joined", joined + grant(0, 1, 1, 4, 9) + map_ref(1, 0, 9, 5) + bytes([0, 9, 0]) + send(1, 3) + unmap(1, 1)
    draw = random.Random(3)
    for kind in range(10):
        yield f"kind-{kind}", b"".join(bytes([draw.randrange(2), kind]) + draw.randbytes(20) for _ in range(8))
    for number in range(4):
        yield f"mixture-{number}", draw.randbytes(300)
