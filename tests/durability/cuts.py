# SPDX-License-Identifier: MIT
"""The images that a power cut may leave, by what the host promises: a write that had ended when a flush began, and that flush has
ended, is there. Of all other writes any sector of 512 bytes may be there or not, whatever became of the rest of its write, and where
several wrote the same sector it holds what any of them wrote, or what was there before.

One exception: ext4 itself needs the two sectors of its superblock to be written together, because it finds its journal by them.
"""
import dataclasses
import random

from disk_trace import SECTOR

SUPERBLOCK = (2, 3)  # its sectors


@dataclasses.dataclass
class Cut:
    moment: int
    kind: str
    sectors: dict  # sector -> bytes; the others are zeros

    def image(self, size):
        out = bytearray(size)
        for sector, data in self.sectors.items():
            out[sector * SECTOR:(sector + 1) * SECTOR] = data
        return bytes(out)


def sectors_of(offset, data):
    for at in range(0, len(data), SECTOR):
        yield (offset + at) // SECTOR, data[at:at + SECTOR]


def pieces_of(write):
    """What of a write is there or not: lists of (sector, bytes)."""
    pieces = []
    for part in sectors_of(write.offset, write.data):
        if part[0] == SUPERBLOCK[1] and pieces and pieces[-1][-1][0] == SUPERBLOCK[0]:
            pieces[-1].append(part)
        else:
            pieces.append([part])
    return pieces


def apply(sectors, writes):
    for write in writes:
        sectors.update(sectors_of(write.offset, write.data))


def flush_moments(calls):
    """(moment, writes that are safe, writes that may be lost) just before each flush begins, when most is at stake; and at the end."""
    writes = [call for call in calls if call.data is not None]
    flushes = [call for call in calls if call.data is None]
    for moment in [flush.begin for flush in flushes] + [calls[-1].end + 1]:
        flushed = max((flush.begin for flush in flushes if flush.end < moment), default=-1)
        safe = [write for write in writes if write.end < flushed]
        yield moment, safe, [write for write in writes if write.end > flushed and write.begin < moment]


def sample(base, writes, chance):
    """One of the possible images, and what kind it is."""
    sectors = dict(base)
    kind = chance.choice(["one write kept", "one write lost", "one write torn", "any sectors"])
    chosen = chance.randrange(len(writes))
    others = writes[:chosen] + writes[chosen + 1:]
    if kind == "one write kept":
        apply(sectors, [writes[chosen]])
    elif kind == "one write lost":
        apply(sectors, others)
    elif kind == "one write torn":
        apply(sectors, others)
        pieces = pieces_of(writes[chosen])
        at = chance.randrange(len(pieces) + 1)
        for piece in chance.choice([pieces[:at], pieces[at:]]):
            sectors.update(piece)
    else:
        for piece in (piece for write in writes for piece in pieces_of(write)):
            if chance.random() < 0.5:
                sectors.update(piece)
    return sectors, kind


def cuts(calls, seed, samples):
    """At each flush: nothing that may be lost is kept, all of it, and up to `samples` in between; each image once."""
    chance = random.Random(seed)
    for moment, safe, others in flush_moments(calls):
        base, everything = {}, {}
        apply(base, safe)
        seen = []
        apply(everything, safe + others)
        found = [(base, "nothing kept"), (everything, "all kept")]
        found += [sample(base, others, chance) for _ in range(samples) if others]
        for sectors, kind in found:
            if sectors not in seen:
                seen.append(sectors)
                yield Cut(moment, kind, sectors)
