#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up the test runs: what failed, what was skipped and why, and `N passed, N failed, N skipped` as the last line.

usage: summary.py STEPS [TESTLOG.json ...]
STEPS has lines "ok|fail|skip<TAB>name<TAB>reason"; the others are meson's logs, one JSON object a line, named for their
build folder. The exit status is 1 if anything failed or nothing passed.
"""
import collections
import json
import pathlib
import sys

OUTCOMES = {"OK": "ok", "EXPECTEDFAIL": "ok", "SKIP": "skip"}


def reason_of(test):
    """Why a test was skipped: the last line it printed that is no TAP or doctest decoration."""
    for stream in ("stderr", "stdout"):
        lines = [line.strip() for line in (test.get(stream) or "").splitlines()]
        lines = [line for line in lines if line and not line.startswith(("===", "[doctest]"))]
        if lines:
            return lines[-1]
    return "it gave no reason"


def outcomes(steps, logs):
    for line in pathlib.Path(steps).read_text().splitlines():
        outcome, name, reason = line.split("\t", 2)
        yield outcome, name, reason
    for log in map(pathlib.Path, logs):
        for line in log.read_text().splitlines():
            test = json.loads(line)
            outcome = OUTCOMES.get(test["result"], "fail")
            name = f"{log.stem}: {test['name']}"
            yield outcome, name, reason_of(test) if outcome == "skip" else test["result"].lower()


def main(steps, *logs):
    found = collections.defaultdict(list)
    for outcome, name, reason in outcomes(steps, logs):
        found[outcome].append((name, reason))
    for outcome, title in (("skip", "Skipped:"), ("fail", "Failed:")):
        if found[outcome]:
            print(title)
        for name, reason in found[outcome]:
            print(f"  {name}: {reason}")
    print(f"{len(found['ok'])} passed, {len(found['fail'])} failed, {len(found['skip'])} skipped")
    return 1 if found["fail"] or not found["ok"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
