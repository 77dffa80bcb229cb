# SPDX-License-Identifier: MIT
"""Types 1000 lines and a dot; the guest counts what it got."""

TYPED = "".join(f"line {number} of what is typed\n" for number in range(1000)) + "."


def prepare(run):
    run.case["stdin"] = TYPED


def check(run):
    expected = f"lines 1000 sum {sum(TYPED.encode())}"
    return None if expected in run.lines() else f"the guest should have printed {expected!r}"
