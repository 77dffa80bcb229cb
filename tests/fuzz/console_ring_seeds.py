# SPDX-License-Identifier: MIT
"""Seeds of console_ring: steps as console_ring_fuzz.cpp takes them apart."""


def say(text):
    return bytes([0, len(text)]) + text


def typed(text):
    return bytes([3, len(text)]) + text


def number(value):
    return value.to_bytes(4, "little")


TURN, READ = bytes([1]), bytes([4])


def seeds():
    yield "line", say(b"hello\n") + TURN
    yield "keys", typed(b"help\r") + TURN + READ + TURN
    yield "full", bytes([8]) + (2048).to_bytes(2, "little") + TURN + bytes([8]) + (2047).to_bytes(2, "little") + TURN
    yield "slow-sink", bytes([2, 5, 0]) + say(b"eleven byte") + TURN + bytes([2, 255, 0]) + TURN
    yield "wrap", bytes([9]) + number(0xFFFFFFF0) + (say(b"y" * 40) + TURN) * 3
    yield "too-much", bytes([5, 0]) + number(2049) + TURN
    yield "back", say(b"abc") + TURN + bytes([5, 0]) + number(1) + TURN
    yield "bad-reader", typed(b"k") + bytes([5, 1]) + number(0x80000000) + TURN
    yield "ours", bytes([6, 0]) + number(77) + bytes([6, 1]) + number(99) + say(b"still") + typed(b"k") + TURN
    yield "chain-load", typed(b"kept") + TURN + bytes([9]) + number(0) + TURN + READ
