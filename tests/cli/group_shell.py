# SPDX-License-Identifier: MIT
"""The shell of examples/ on a terminal: keys, history, and what differs from run to run. Its session without a terminal is in
examples/shell/."""

import re
import subprocess

import on_terminal

PROMPT = "> "


def start(program, *options):
    child = on_terminal.OnTerminal(program, "run", program.shell, "--memory", "16M", *options)
    return child.wait_for("help lists the commands").wait_for(PROMPT)


def answer(child, keys, expected):
    """Types keys and waits for an answer and the next prompt."""
    return child.type(keys).wait_for(expected).wait_for(PROMPT)


def case_echo_and_status(program):
    """Echoed by the guest, once; Enter is CR here."""
    result = start(program).type(b"poweroff 5\r").result().ends(5)
    result.shows("> poweroff 5\n")


def case_backspace(program):
    child = start(program)
    answer(child, b"helq\x7fp\r", "this list")
    answer(child, b"\x7f\x7fhelp\x08p\r", "this list")
    child.type(b"poweroff\r").result().ends(0).lacks("no such command")


def case_backspace_takes_whole_characters(program):
    child = start(program)
    answer(child, "h\u00e9\u20ac".encode() + b"\x7f\x7felp\r", "this list")
    child.type(b"poweroff\r").result().ends(0).lacks("no such command")


def case_give_up_a_line(program):
    child = start(program)
    answer(child, b"reboot\x03", "^C")
    answer(child, b"reboot\x15help\r", "this list")
    child.type(b"poweroff\r").result().ends(0)


def case_history(program):
    child = start(program)
    answer(child, b"first\r", "first: no such command")
    answer(child, b"second\r", "second: no such command")
    answer(child, b"\x1b[A\x1b[A\r", "first: no such command")
    answer(child, b"\x1bOA\x1bOA\x1bOB\r", "first: no such command")  # what other terminals send
    answer(child, b"\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[Bs\r", "seconds: no such command")
    child.type(b"poweroff\r").result().ends(0)


def case_odd_keys(program):
    """Other escape sequences, one that is cut off, NUL and other control bytes do nothing."""
    child = start(program)
    answer(child, b"\x1b[3~\x1b[1;5C\x1bXhe\x00\x01\x02lp\r", "this list")
    child.type(b"poweroff\r").result().ends(0).lacks("no such command")


def case_long_line(program):
    """What does not fit is not taken; Enter still works, and the next line is whole."""
    child = start(program)
    answer(child, b"x" * 1000 + b"\r", "no such command")
    answer(child, b"help\r", "this list")
    child.type(b"poweroff\r").result().ends(0)


def case_cat_is_interrupted(program):
    """The endless file ends with Ctrl-C, and the shell goes on."""
    tree = program.folder + "/tree"
    subprocess.run(["mkdir", tree], check=True)
    with open(tree + "/zeros", "wb") as file:
        file.truncate(1 << 30)
    disk = program.file("disk.img", 8 << 20)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, disk], check=True)
    child = start(program, "--disk", disk)
    child.type(b"cat /zeros\r").wait_for("\\x00").type(b"\x03")
    answer(child, b"help\r", "this list")
    child.type(b"poweroff\r").result().ends(0)


def case_time_and_ps(program):
    child = start(program, "--name", "talker")
    answer(child, b"time\r", "UTC, up ")
    answer(child, b"ps\r", "talker  (this one)")
    result = child.type(b"poweroff\r").result().ends(0)
    if not re.search(r"^20\d\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d UTC, up \d+\.\d{3} s$", result.out, re.M):
        result.wrong("time shows no date")
    if not re.search(r"^ +0  (running +\d+\.\d{3} s +\d+\.\d{3} s +\d+\.\d{3} s|up; .*)$", result.out, re.M):
        result.wrong("ps shows no vCPU 0")


def case_reboot(program):
    """A new domain: its clock begins anew, and so does the shell."""
    child = start(program)
    child.type(b"reboot\r").wait_for("help lists the commands").wait_for(PROMPT)
    child.type(b"poweroff\r").result().ends(0)


def case_no_disk(program):
    child = start(program)
    answer(child, b"disks\r", "start it with --disk FILE")
    answer(child, b"ls\r", "no disk has a file system that can be read")
    child.type(b"poweroff\r").result().ends(0)


def case_leaving(program):
    start(program).type(on_terminal.CTRL_BRACKET).result().ends(130)
