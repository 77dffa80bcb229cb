# SPDX-License-Identifier: MIT
"""Guests in processes that are killed, or end again and again: the others go on, and the monitor holds on to nothing."""

import os
import pathlib
import signal

import processes

REBOOTS = 25
SPINNERS = 4
DOMAIN = '{"name": "%s", "kernel": "%s", "cmdline": "%s", "memory": 16}'


def holds(pid):
    """How many descriptors and children it has, as far as we may see."""
    children = {name: len(pids) for name, pids in processes.children_of(pid).items()}
    try:
        return children, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return children, None


def type_byte(child, byte):
    child.process.stdin.write(byte)
    child.process.stdin.flush()


def case_killed_at_any_moment(program):
    """The first domain, whose process is the first, is the one that is typed to."""
    domains = [DOMAIN % ("worker", program.probe, "do=echo")]
    domains += [DOMAIN % (f"spinner-{n}", program.probe, "do=spin") for n in range(SPINNERS)]
    plan = program.file("contain.json", '{"version": 1, "domains": [%s]}' % ", ".join(domains))
    child = program.start("up", plan, "--engine", "process").wait_for("worker: ready")
    vcpus = sorted(processes.children_of(child.process.pid)["pvisor-vcpu"])
    for count, victim in enumerate(vcpus[1:]):
        os.kill(victim, signal.SIGKILL)
        type_byte(child, b"a")
        child.wait_for("byte 97")
        processes.wait_until(lambda: len(processes.children_of(child.process.pid)["pvisor-vcpu"]) == SPINNERS - count,
                             "the killed process is still there")
    type_byte(child, b"q")
    result = child.result().ends(134)
    for n in range(SPINNERS):
        result.tells(f"domain spinner-{n} crashed: ", "its process has ended: killed by signal 9")


def case_reboots_leave_nothing(program):
    child = program.start_probe("echo", "--engine", "process", "--on-poweroff", "restart").wait_for("ready")
    before = holds(child.process.pid)
    for _ in range(REBOOTS):
        type_byte(child, b"q")
        child.wait_for("ready")
    after = holds(child.process.pid)
    result = child.send(signal.SIGTERM).result().ends(130)
    if before != after:
        result.wrong(f"it held {before} at first, and {after} after {REBOOTS} starts")
