#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one guest on pvisor and on Xen and compares what it prints, line by line.

usage: run.py --pvisor PROGRAM --engine NAME --xen IMAGE [--differences FILE] [--vcpus N] GUEST [WORD...]

FILE lists the lines that must differ, and nothing else may (differences.py says how it looks).
Exit status: 0 the same, 77 skipped, 1 anything else.
"""
import argparse
import subprocess
import sys

import boot
import differences

MEMORY_MIB = 64
HANGS_AFTER_S = 60


def lines_of(output):
    """Without zeros, which no terminal shows: a guest prints them to see how much can be printed at once."""
    return output.replace("\0", "").splitlines()


def on_pvisor(options):
    command = [options.pvisor, "run", options.guest, "--engine", options.engine, "--memory", f"{MEMORY_MIB}M"]
    command += ["--vcpus", str(options.vcpus)]
    ended = subprocess.run(command + ["--", *options.words], stdin=subprocess.DEVNULL, capture_output=True, timeout=HANGS_AFTER_S,
                           check=False)
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {ended.returncode}\n{ended.stderr.decode(errors='replace')}")
    return lines_of(ended.stdout.decode("latin-1"))


def on_xen(options):
    ended = boot.boot(options.xen, options.guest, options.words, options.vcpus, MEMORY_MIB)
    if ended.ending != "poweroff":
        raise SystemExit(f"on Xen the guest's end was: {ended.ending or 'none'}\n{ended.serial.decode('latin-1')}{ended.errors}")
    return lines_of(ended.guest_output())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pvisor", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--xen", required=True)
    parser.add_argument("--differences")
    parser.add_argument("--vcpus", type=int, default=1)
    parser.add_argument("guest")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()

    reason = boot.why_not(options.xen)
    if reason:
        print("SKIP", reason)
        return boot.SKIPPED
    expected = differences.read(options.differences) if options.differences else []
    ours, theirs = on_pvisor(options), on_xen(options)
    wrong = differences.unexpected(ours, theirs, expected)
    print("\n".join(wrong) or f"{len(ours)} lines, of which {len(expected)} differ as {options.differences or 'nobody'} says")
    return 1 if wrong or not ours else 0


if __name__ == "__main__":
    sys.exit(main())
