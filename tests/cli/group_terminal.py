# SPDX-License-Identifier: MIT
"""pvisor on a terminal: raw while it runs, and as it was found whichever way it ends (OnTerminal.result looks)."""

import os
import select
import signal
import subprocess

import on_terminal
import processes
from program import Wrong, SIGNALS_THAT_LEAVE

NOTE = "pvisor: Ctrl-] leaves\n"


def raw_probe(program, what, *options):
    """The probe has spoken, and so the terminal is raw."""
    child = on_terminal.start_probe(program, "echo " + what if what else "echo", *options).wait_for("ready")
    if not child.is_raw():
        child.result().wrong("the terminal is not raw while the guest runs")
    return child


def case_guest_ends(program):
    raw_probe(program, "status=7").type(b"q").result().ends(7).tells(NOTE).shows("ready\n", "byte 113\n")


def case_key_leaves(program):
    raw_probe(program, "").type(on_terminal.CTRL_BRACKET).result().ends(130)


def case_key_leaves_behind_much_typing(program):
    """Keys that nobody takes do not hide it."""
    child = on_terminal.start_probe(program, "spin").wait_for("spinning")
    for _ in range(40):
        child.type(b"x" * 1000)
    child.type(on_terminal.CTRL_BRACKET).result().ends(130)


def case_signals(program):
    for number in SIGNALS_THAT_LEAVE:
        raw_probe(program, "").send(number).result().ends(130)


def case_guest_crashes(program):
    on_terminal.start_probe(program, "crash").result().ends(134).tells("page fault", "backtrace")


def case_time_limit(program):
    raw_probe(program, "", "--timeout", "1s").result().ends(124).tells("time limit")


def case_refused_start(program):
    on_terminal.OnTerminal(program, "run", "absent.elf").result().refuses(125, "kernel absent.elf")


def several(program, **whats):
    domain = '{"name": "%s", "kernel": "%s", "cmdline": "do=%s", "memory": 16}'
    domains = ", ".join(domain % (name, program.probe, what) for name, what in whats.items())
    child = on_terminal.OnTerminal(program, "up", program.file("x.json", '{"version": 1, "domains": [%s]}' % domains))
    for _ in whats:
        child.wait_for("ready")
    return child


def case_several_domains(program):
    """The first is typed to; another key goes round."""
    child = several(program, left="echo", right="echo")
    child.type(b"z").wait_for("left: byte 122").type(b"\x1cy").wait_for("right: byte 121").type(b"\x1cx").wait_for("left: byte 120")
    result = child.type(on_terminal.CTRL_BRACKET).result().ends(130)
    result.tells("keys go to domain left; Ctrl-\\ types to the next one, Ctrl-] leaves", "keys go to domain right", "keys go to domain left")
    result.lacks("right: byte 122", "left: byte 121", "byte 28")


def case_the_keyboard_of_one_that_ended(program):
    """It goes to the next."""
    child = several(program, left="echo", right="echo").type(b"q").wait_for("left: byte 113")
    child.wait_for_note("keys go to domain right").type(b"z").wait_for("right: byte 122")
    child.type(on_terminal.CTRL_BRACKET).result().ends(130).tells("keys go to domain right")


def case_every_key_is_the_guests(program):
    """Also those that a terminal would keep for itself."""
    child = raw_probe(program, "")
    for key in (3, 4, 10, 13, 17, 19, 22, 26, 28, 127, 255):
        child.type(bytes([key])).wait_for(f"byte {key}\r\n")
    child.type(b"q").result().ends(0)


def case_nothing_is_echoed(program):
    result = raw_probe(program, "").type(b"ab").wait_for("byte 98").type(b"q").result().ends(0)
    if result.out != "ready\nbyte 97\nbyte 98\nbyte 113\n":
        result.wrong("only what the guest said was expected")


def case_stop_and_continue(program):
    """Stopped, the terminal is the shell's; continued, it is raw again."""
    child = raw_probe(program, "").send(signal.SIGTSTP)
    os.waitid(os.P_PID, child.process.pid, os.WSTOPPED)
    stopped_as_found = child.is_as_found()
    child.send(signal.SIGCONT)
    child.type(b"x").wait_for("byte 120")
    is_raw = child.is_raw()
    result = child.type(b"q").result().ends(0)
    if not stopped_as_found or not is_raw:
        result.wrong(f"stopped: as found {stopped_as_found}; continued: raw {is_raw}")


def case_stopped_vcpus(program):
    """A monitor that is stopped leaves no vCPU running."""
    child = program.start("run", program.probe, "--memory", "16M", "--engine", "process", "--", "do=spin").wait_for("spinning")
    vcpu, = processes.children_of(child.process.pid)["pvisor-vcpu"]
    child.send(signal.SIGTSTP)
    os.waitid(os.P_PID, child.process.pid, os.WSTOPPED)
    processes.wait_until(lambda: processes.state_of(vcpu) == "S", "the vCPU runs on")
    child.send(signal.SIGCONT)
    processes.wait_until(lambda: processes.state_of(vcpu) == "R", "the vCPU does not go on")
    child.send(signal.SIGTERM).result().ends(130)


def case_unusual_settings_come_back(program):
    """What was found is put back, not what is usual."""
    child = on_terminal.OnTerminal(program, "run", program.probe, "--", "do=echo", before=["-echo", "-icanon", "intr", "^G"])
    child.wait_for("ready").type(b"q").result().ends(0)


def case_input_is_no_terminal(program):
    """Ctrl-] is a byte like any other then."""
    result = program.run("run", program.probe, "--", "do=echo", typed=b"\x1dq").ends(0)
    result.prints("ready\nbyte 29\nbyte 113\n").is_quiet()


def case_only_output_is_a_terminal(program):
    master, slave = os.openpty()
    done = subprocess.run([program.pvisor, "run", program.hello], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE,
                          timeout=30, check=False)
    shown = os.read(master, 4096) if select.select([master], [], [], 0)[0] else b""
    os.close(slave)
    os.close(master)
    if done.returncode != 0 or not shown.startswith(b"Hello from a paravirtual guest.\r\n") or b"Ctrl-]" in done.stderr:
        raise Wrong(f"status {done.returncode}, shown {shown!r}, told {done.stderr!r}")
