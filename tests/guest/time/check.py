# SPDX-License-Identifier: MIT
"""The guest's wall clock is the host's, give or take a minute."""
import time


def check(run):
    told = next(int(line.split()[2]) for line in run.lines() if line.startswith("wall clock"))
    return None if abs(told - time.time()) < 60 else f"the guest's wall clock says {told}"
