# SPDX-License-Identifier: MIT
"""What a guest's driver writes into its xenstore page, as xenstore_wire_fuzz.cpp reads it."""
import struct

(DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, TRANSACTION_START, TRANSACTION_END) = range(1, 8)
(GET_DOMAIN_PATH, WRITE, MKDIR, RM, SET_PERMS) = range(10, 15)
IS_DOMAIN_INTRODUCED, RESET_WATCHES, DIRECTORY_PART = 17, 21, 22
TAKE, RUN = b"\5", b"\7\x08"


def request(kind, payload, transaction=0):
    return bytes([0, kind, transaction, len(payload)]) + payload


def raw(content):
    return bytes([3, len(content)]) + content


def scribble(word, value):
    return bytes([4, word]) + struct.pack("<I", value)


def seeds():
    everything = [request(WRITE, b"data/a\0value"), request(READ, b"data/a\0"), request(MKDIR, b"data/b\0"), request(DIRECTORY, b"data\0"),
                  request(GET_PERMS, b"data/a\0"), request(SET_PERMS, b"data/a\0n1\0r2\0"), request(WATCH, b"data\0token\0"),
                  request(UNWATCH, b"data\0token\0"), request(DIRECTORY_PART, b"data\x000\0"), request(GET_DOMAIN_PATH, b"2\0"),
                  request(IS_DOMAIN_INTRODUCED, b"1\0"), request(RM, b"data/a\0"), request(RESET_WATCHES, b"\0")]
    yield "every-request", b"".join(each + RUN + TAKE for each in everything)
    yield "transaction", (request(TRANSACTION_START, b"\0") + request(WRITE, b"data/x\0y", 1) + RUN + TAKE
                          + request(TRANSACTION_END, b"T\0", 1) + RUN + TAKE)
    yield "reads-nothing", request(WATCH, b"data\0t\0") + (request(WRITE, b"data/a\0" + b"v" * 200) + RUN) * 6
    yield "cut-request", raw(struct.pack("<IIII", READ, 1, 0, 7) + b"dat") + RUN + raw(b"a/a\0") + RUN + TAKE
    yield "too-long", raw(struct.pack("<IIII", WRITE, 1, 0, 4097)) + RUN
    yield "indices", scribble(1, 0xfffffff0) + RUN + scribble(2, 7) + scribble(0, 99) + RUN
