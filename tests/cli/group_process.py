# SPDX-License-Identifier: MIT
"""The processes of the process engine, seen from outside."""

import os
import pathlib
import signal

import processes


def start_echo(program, *options):
    child = program.start_probe("echo", "--engine", "process", *options)
    child.wait_for("ready")
    family = processes.children_of(child.process.pid)
    if sorted(family) != ["pvisor-spawner", "pvisor-vcpu"] or any(len(pids) != 1 for pids in family.values()):
        child.result().wrong(f"its children are {family}")
    return child, family["pvisor-spawner"][0], family["pvisor-vcpu"][0]


def type_line(child, text):
    child.process.stdin.write(text)
    child.process.stdin.flush()


def case_nobody_outlives_the_monitor(program):
    child, spawner, vcpu = start_echo(program)
    watched = processes.watch([spawner, vcpu])
    child.send(signal.SIGKILL)
    processes.wait_for_ends(watched)
    child.result().ends(-signal.SIGKILL)


def case_the_spawner_ends_with_an_ordinary_run(program):
    child, spawner, vcpu = start_echo(program)
    watched = processes.watch([spawner, vcpu])
    type_line(child, b"q")
    child.result().ends(0).is_quiet()
    processes.wait_for_ends(watched)


def case_without_the_spawner_guests_go_on(program):
    """What runs goes on; what is to be started is refused, and says why."""
    child, spawner, _ = start_echo(program, "--on-poweroff", "restart")
    watched = processes.watch([spawner])
    os.kill(spawner, signal.SIGKILL)
    processes.wait_for_ends(watched)
    type_line(child, b"a")
    child.wait_for("byte 97")
    type_line(child, b"q")
    child.result().ends(125).tells("cannot be started again: cannot start a process for a vCPU: ", "pvisor-spawner", "has ended", "start pvisor again")


def case_keys_of_a_terminal_do_not_reach_them(program):
    """Ctrl-C is a signal to all processes of the terminal's session; these are in another."""
    child, spawner, vcpu = start_echo(program)
    own = {os.getsid(pid) for pid in (spawner, vcpu)}
    type_line(child, b"q")
    result = child.result().ends(0)
    if own != {spawner}:
        result.wrong(f"sessions {own}, and the spawner is {spawner}")


def case_a_vcpu_has_no_rights(program):
    """Nor could it come by any: not even root's program would."""
    child, _, vcpu = start_echo(program)
    status = processes.status_of(vcpu)
    type_line(child, b"q")
    result = child.result().ends(0)
    wanted = {"NoNewPrivs": "1", "Seccomp": "2", "CapPrm": "0" * 16, "CapEff": "0" * 16}
    if os.geteuid() == 0:
        wanted["CapBnd"] = "0" * 16
    if any(status[key] != value for key, value in wanted.items()):
        result.wrong(f"status {status}")


def case_what_the_spawner_has(program):
    """No more descriptors than it needs, and it gains no rights. Who is not root cannot even look."""
    child, spawner, _ = start_echo(program)
    try:
        open_files = sorted(os.readlink(path).split(":")[0] for path in pathlib.Path(f"/proc/{spawner}/fd").iterdir())
    except PermissionError:
        open_files = None
    status = processes.status_of(spawner)
    type_line(child, b"q")
    result = child.result().ends(0)
    expected = ["/memfd", "anon_inode", "anon_inode", "socket"]  # the stub, the doorbell and the monitor's pidfd
    if open_files not in (None, expected):
        result.wrong(f"open: {open_files}")
    if status["NoNewPrivs"] != "1" or status["Threads"] != "1":
        result.wrong(f"status {status}")
