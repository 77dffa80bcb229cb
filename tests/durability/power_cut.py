#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts the power while a guest does to its disk what Linux did with ext4, and looks at what is left.

usage: power_cut.py --pvisor P --replay ELF --reader READ_FILES [--seed N] [--samples N] TRACE

The whole way is real: the guest's front end, the ring, the back end and the host's calls, which are recorded. At each flush images are
made that a cut may leave (cuts.py): without anything that may be lost, with all of it, and some in between, by chance. judge.py says
what they must have; that it sees a loss is shown with cache=unsafe. Exit status 77: no strace, or no e2fsck.
"""
import argparse
import collections
import concurrent.futures
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import cuts  # noqa: E402
import disk_trace  # noqa: E402
import host_log  # noqa: E402
from judge import SIZE, SKIPPED, Judge, Promised, tool  # noqa: E402
from workload import LINE, workload  # noqa: E402

UNSAFE_SAMPLES = 6


def flushes_known(log, moment):
    return sum(acknowledged < moment for acknowledged in log.acknowledged)


def check_order(promised, log):
    """Between two flushes the host is asked for exactly the writes that the guest made between them."""
    stretches = [[]]
    for call in log.calls:
        if call.data is None:
            stretches.append([])
        else:
            stretches[-1].append((call.offset, call.data))
    if [sorted(stretch) for stretch in stretches] != [sorted(stretch) for stretch in promised.writes]:
        sys.exit("between two flushes the host was asked for other writes than the guest made")


def check_cuts(judge, log, options):
    chosen = [cut for cut in cuts.cuts(log.calls, options.seed, options.samples) if flushes_known(log, cut.moment) > 0]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda item: judge.complaint(f"cut-{item[0]}", item[1].image(SIZE), flushes_known(log, item[1].moment)),
                         enumerate(chosen))
        wrong = [(cut, complaint) for cut, complaint in zip(chosen, found) if complaint]
    for cut, (who, words) in wrong:
        print(f"after {flushes_known(log, cut.moment)} flushes, {cut.kind} (seed {options.seed}): {who}: {words}")
    kinds = collections.Counter(cut.kind for cut in chosen)
    print(f"{len(log.acknowledged)} flushes, {len(chosen)} images: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return not wrong


def without(log, data):
    """The disk in the end, but for the writes that begin with `data`."""
    sectors = {}
    cuts.apply(sectors, [call for call in log.calls if not call.data.startswith(data)])
    return cuts.Cut(log.calls[-1].end, "one file's data lost", sectors)


def check_that_losses_are_seen(judge, log, seed):
    """With cache=unsafe nothing is flushed, so whatever is not there is lost: each of the three must see it."""
    told = len(log.acknowledged)
    lost = [cut for cut in cuts.cuts(log.calls, seed, UNSAFE_SAMPLES) if cut.kind in ("nothing kept", "any sectors")]
    lost.append(without(log, workload()[-1].data[:LINE]))
    images = [cut.image(SIZE) for cut in lost]
    if any(judge.promised.lost_sector(image, told) is None for image in images):
        sys.exit("an image of cache=unsafe that has lost something passes for whole")
    seen = [judge.file_system_complaint("unsafe", image, told) for image in images]
    if not {who for who, _ in filter(None, seen)} >= {"e2fsck", "files"}:
        sys.exit(f"e2fsck and the files were expected to tell of a loss: {seen}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--replay", "--reader"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=2, help="images by chance for each flush")
    parser.add_argument("trace")
    options = parser.parse_args()
    strace = tool("strace")
    disk = disk_trace.unpack(options.trace)
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Promised(disk), options.reader, folder)
        try:
            log = host_log.record(strace, options.pvisor, options.replay, folder, disk, SIZE, "writeback")
            unsafe = host_log.record(strace, options.pvisor, options.replay, folder, disk, SIZE, "unsafe")
        except host_log.NoTracing:
            print("skipped: strace may not trace here")
            return SKIPPED
        check_order(judge.promised, log)
        check_that_losses_are_seen(judge, unsafe, options.seed)
        return 0 if check_cuts(judge, log, options) else 1


if __name__ == "__main__":
    sys.exit(main())
