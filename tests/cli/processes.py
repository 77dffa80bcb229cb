# SPDX-License-Identifier: MIT
"""Looks at the host's processes from outside."""

import os
import pathlib
import select
import time

from program import PATIENCE_SECONDS, Wrong


def children_of(pid):
    """By name: {"pvisor-vcpu": [4711]}."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        state, parent = rest.split()[:2]
        if int(parent) == pid and state != "Z":
            found.setdefault(name, []).append(int(folder.name))
    return found


def state_of(pid):
    """"R" running, "S" waiting, "T" stopped, as in proc(5)."""
    return (pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]


def status_of(pid, thread=None):
    """/proc/PID/status as a dictionary."""
    where = f"/proc/{pid}/task/{thread}/status" if thread else f"/proc/{pid}/status"
    lines = pathlib.Path(where).read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def watch(pids):
    """Descriptors by which wait_for_ends() hears of their ends."""
    return [os.pidfd_open(pid) for pid in pids]


def wait_for_ends(pidfds):
    end = time.monotonic() + PATIENCE_SECONDS
    for pidfd in pidfds:
        if not select.select([pidfd], [], [], max(0, end - time.monotonic()))[0]:
            raise Wrong("a process that should have ended still runs")
        os.close(pidfd)


def wait_until(is_so, otherwise):
    """For what tells nobody when it happens."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise Wrong(otherwise)
        time.sleep(0.005)
