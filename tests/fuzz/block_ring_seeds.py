# SPDX-License-Identifier: MIT
"""Seeds of block_ring: steps as block_ring_fuzz.cpp takes them apart."""


def put(operation, sector, segments):
    """A request of good form; grants 16 to 79 are the guest's own."""
    body = bytes([0, 1, operation, len(segments), 7, sector])
    return body + b"".join(bytes(segment) for segment in segments)


def discard(sector, count):
    return bytes([0, 1, 5, 0, 7, sector, count])


def indirect(operation, sector, segments):
    """Named by the grant of the first data page, which holds them."""
    body = bytes([0, 1, 6, operation, 7, sector]) + len(segments).to_bytes(2, "little") + bytes([len(segments)])
    return body + b"".join(bytes(segment) for segment in segments) + bytes([1])


PUSH, TURN, TAKE = bytes([3]), bytes([4]), bytes([6])


def finish(how):
    return bytes([5, 0, how])


def served(*requests):
    return b"".join(requests) + PUSH + TURN + finish(3) * len(requests) + TURN + TAKE


def seeds():
    read = put(0, 3, [(16, 0, 7), (17, 2, 3)])
    write = put(1, 0, [(20, 0, 7)])
    flush = put(3, 0, [])
    yield "read", served(read)
    yield "read-write-flush", served(read, write, flush)
    yield "discard", served(read, discard(8, 16), read)
    yield "discard-beyond", served(discard(63, 2))
    yield "indirect", served(*[indirect(n % 2, n, [(17 + k, 0, 1) for k in range(n + 1)]) for n in range(12)])
    yield "full-ring", served(*[put(0, n % 8, [(16 + n, 0, 7)]) for n in range(32)])
    yield "beyond-the-end", served(put(1, 63, [(16, 0, 7)]))
    yield "short-and-failed", read + write + PUSH + TURN + finish(0) + finish(1) + TURN + TAKE
    yield "flush-fails", flush + PUSH + TURN + finish(0) + TURN + flush + PUSH + TURN + TAKE
    yield "index-too-far", read + bytes([9, 0, 33]) + TURN
    yield "index-back", read + bytes([9, 1]) + (0xFFFFFFFE).to_bytes(4, "little") + TURN
    yield "wrap", bytes([10]) + (0xFFFFFFF0).to_bytes(4, "little") + served(*[read] * 20)
    yield "reconnect-in-flight", read + PUSH + TURN + bytes([10, 0, 0, 0, 0]) + read + PUSH + TURN + finish(3) * 2 + TURN + TAKE
    yield "grant-changes", read + bytes([8, 0, 40, 16, 1, 0]) + PUSH + TURN + bytes([8, 1, 1, 0, 0, 0, 16, 1, 1]) + finish(3) + TURN
    yield "scribble", read + PUSH + bytes([11, 64, 0, 8]) + b"\xff" * 8 + TURN + finish(3) + TURN + TAKE
