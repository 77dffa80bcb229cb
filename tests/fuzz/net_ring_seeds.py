# SPDX-License-Identifier: MIT
"""Seeds of net_ring: steps as net_ring_fuzz.cpp takes them apart."""

MORE, EXTRA = 4, 8
PUSH, TURN = bytes([4]), bytes([5])


def put(grant, flags, size, late=0):
    """A slot of good form; grants 16 to 39 are the guest's own."""
    return bytes([0, 1, flags, late, 1]) + size.to_bytes(2, "little") + bytes([grant])


def extra(kind, size, gso=1, more=0):
    return bytes([2]) + size.to_bytes(2, "little") + bytes([gso, kind, more])


def ip(shape, payload, flags, gso):
    return bytes([3, shape]) + payload.to_bytes(2, "little") + bytes([40, 0, flags, gso])


def post(count):
    return bytes([7, count])


def seeds():
    yield "frame", post(4) + put(16, 0, 60) + PUSH + TURN * 2
    yield "parts", post(4) + put(16, MORE, 9000) + put(17, MORE, 4096) + put(18, 0, 4000) + PUSH + TURN * 2
    yield "segments", post(30) + ip(2, 20000, 1, 5) + PUSH + TURN * 2
    yield "checksums", post(30) + b"".join(ip(shape, 100 + shape, 1, 0) for shape in range(4)) + PUSH + TURN * 2
    yield "waits", ip(2, 30000, 1, 4) * 3 + PUSH + TURN + post(39) + PUSH + TURN * 2
    yield "extras", post(8) + put(16, EXTRA, 60) + extra(1, 1000) + put(16, EXTRA, 60) + extra(4, 0) + PUSH + TURN
    yield "extra-chain", put(16, EXTRA, 60) + extra(1, 9, more=1) + extra(2, 0, more=1) + extra(3, 0, more=1) + extra(4, 0, more=1) + PUSH + TURN
    yield "no-last-slot", put(16, MORE, 60) + PUSH + TURN
    yield "many-slots", put(16, MORE, 4000) + put(17, MORE, 3) * 18 + put(18, 0, 1) + PUSH + TURN
    yield "leaves-its-page", put(16, 0, 200, late=1) + PUSH + TURN
    yield "index-too-far", put(16, 0, 60) + bytes([9, 1]) + (0x101).to_bytes(4, "little") + PUSH + TURN
    yield "rx-index-too-far", bytes([10, 1]) + (0x1000).to_bytes(4, "little") + post(1) + put(16, 0, 60) + PUSH + TURN * 3
    yield "reconnect", put(16, 0, 60) * 3 + PUSH + bytes([11]) + PUSH + TURN
    yield "grant-changes", post(2) + put(16, 0, 60) + bytes([8, 0, 40, 1, 16, 1]) + PUSH + TURN
    yield "scribble", post(2) + put(16, 0, 60) + PUSH + bytes([12, 64, 0, 0, 12]) + b"\xff" * 12 + TURN
