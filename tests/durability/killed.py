#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills pvisor (SIGKILL) while a guest replays the trace, after one flush or another: what the guest was told is flushed is in the
file. Here the host goes on, so it is the monitor that must not have kept anything to itself.

usage: killed.py --pvisor P --replay ELF --reader READ_FILES TRACE
"""
import argparse
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import disk_trace  # noqa: E402
from judge import SIZE, Judge, Promised  # noqa: E402

AFTER_FLUSHES = range(2, 90, 8)


def kill_after(options, folder, flushes):
    """Returns the image, and how many flushes the guest had told of when pvisor was gone."""
    disk = os.path.join(folder, "disk")
    with open(disk, "wb") as file:
        file.truncate(SIZE)
    told = 0
    with subprocess.Popen([options.pvisor, "run", options.replay, "--disk", disk, "--disk", os.path.join(folder, "trace") + ",ro"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as pvisor:
        for line in pvisor.stdout:
            told += line.startswith(b"flushed ")
            if told == flushes:
                pvisor.kill()
    with open(disk, "rb") as file:
        return file.read(), told


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--replay", "--reader"):
        parser.add_argument(name, required=True)
    parser.add_argument("trace")
    options = parser.parse_args()
    disk = disk_trace.unpack(options.trace)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Promised(disk), options.reader, folder)
        with open(os.path.join(folder, "trace"), "wb") as file:
            file.write(disk)
        for flushes in AFTER_FLUSHES:
            image, told = kill_after(options, folder, flushes)
            if told < flushes or (complaint := judge.complaint("killed", image, told, ahead=1)):
                print(f"killed after {flushes} flushes, {told} told: {complaint if told >= flushes else 'it ended before'}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
