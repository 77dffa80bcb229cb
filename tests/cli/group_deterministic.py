# SPDX-License-Identifier: MIT
"""--deterministic: the same seed gives the same hash of everything that happened, wherever the program lies in memory; another
seed gives another one where there is a choice; and nothing live comes in."""

import json
import re
import subprocess
import unittest

MIB = 1 << 20
HASH = re.compile(r"^pvisor: deterministic: seed (\d+), hash ([0-9a-f]{16}), (\d+) exits, (\d+\.\d+) s$", re.MULTILINE)


def outcome(result):
    """(seed, hash, exits, seconds); everything else that was printed must be the same, too."""
    found = HASH.findall(result.err)
    if len(found) != 1:
        result.wrong("one line with the hash was expected on stderr")
    return found[0]


def copying(program, seed, **how):
    """Many I/O requests under way at once: their order is a choice."""
    disks = ["--disk", program.file("from.img", MIB), "--disk", program.file("to.img", MIB)]
    return program.run("run", program.block_copy, *disks, "--deterministic", "--seed", str(seed), **how).ends(0)


def two_guests(program, seed):
    domains = [{"name": name, "kernel": program.probe, "cmdline": "do=count lines=200", "memory": 16} for name in ("one", "two")]
    path = program.file("x.json", json.dumps({"version": 1, "deterministic": True, "seed": seed, "domains": domains}))
    return program.run("up", path).ends(0)


def case_the_same_seed_repeats(program):
    for make in (copying, two_guests):
        first, second = make(program, 1), make(program, 1)
        if outcome(first) != outcome(second) or first.out != second.out:
            second.wrong(f"the same as before was expected: {outcome(first)}")


def case_another_seed_differs(program):
    for make in (copying, two_guests):
        hashes = {outcome(make(program, seed))[1] for seed in range(4)}
        if len(hashes) != 4:
            make(program, 4).wrong(f"a hash of its own was expected for each seed, found {hashes}")


def case_addresses_do_not_matter(program):
    """Without the random placement of programs and libraries, too."""
    if subprocess.run(["setarch", "-R", "true"], check=False).returncode != 0:
        raise unittest.SkipTest("this host does not allow setarch -R")
    usual = copying(program, 5)
    words = ["setarch", "-R", program.pvisor, *usual.command[1:]]
    fixed = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, cwd=program.folder, check=False)
    if HASH.findall(fixed.stderr.decode()) != [outcome(usual)]:
        usual.wrong(f"the same hash was expected without ASLR, found {fixed.stderr.decode()}")


def case_the_command_line_wins(program):
    domain = {"name": "a", "kernel": program.probe, "cmdline": "do=exit", "memory": 16}
    path = program.file("x.json", json.dumps({"version": 1, "deterministic": True, "seed": 3, "domains": [domain]}))
    if outcome(program.run("up", path).ends(0))[0] != "3" or outcome(program.run("up", path, "--deterministic", "--seed", "4"))[0] != "4":
        program.run("up", path).wrong("seed 3 was expected, and 4 with --seed 4")


def case_sleeping_takes_no_time(program):
    """Virtual time counts for --timeout, too."""
    hour = ["exit after=3600000", "--deterministic"]
    if not outcome(program.run_probe(*hour).ends(0))[3].startswith("3600."):
        program.run_probe(*hour).wrong("an hour of virtual time was expected")
    program.run_probe(*hour, "--timeout", "61m").ends(0)
    result = program.run_probe(*hour, "--timeout", "59m").ends(124).tells("time limit: domain cli-probe: vCPU 0 blocked")
    if outcome(result)[3] != "3540.000000":
        result.wrong("59 minutes of virtual time were expected")


def case_a_guest_that_spins(program):
    program.run_probe("spin", "--deterministic").ends(134).tells("domain cli-probe crashed: vCPU 0: spins without a hypercall, at 0x",
                                                                 "=> ", "(spin_here", "deterministic: seed 0")


def case_deadlock(program):
    """Nothing can come from standard input, so the guest waits for ever; so do two that wait side by side."""
    result = program.run_probe("echo", "--deterministic").ends(134).shows("ready")
    result.tells("deadlock: no vCPU can run", "domain cli-probe: vCPU 0 waits in poll for", "port 2", ": the monitor", "seed 0")
    program.run_probe("echo", "--deterministic", "--timeout", "1m").ends(134).tells("deadlock: ")
    domains = [{"name": name, "kernel": program.probe, "cmdline": "do=echo", "memory": 16} for name in ("one", "two")]
    path = program.file("x.json", json.dumps({"version": 1, "deterministic": True, "domains": domains}))
    program.run("up", path).ends(134).tells("deadlock: ", "domain one: vCPU 0 waits", "domain two: vCPU 0 waits")


def case_a_preserved_domain_ends_with_the_others(program):
    program.run_probe("exit status=3", "--on-poweroff", "preserve", "--deterministic").ends(3).lacks("deadlock")


def case_a_file_is_read_and_a_pipe_is_not(program):
    with open(program.file("keys", b"abq"), "rb") as keys:
        first = program.run_probe("echo", "--deterministic", stdin=keys).ends(0).prints("ready\nbyte 97\nbyte 98\nbyte 113\n")
    with open(program.file("keys", b"abq"), "rb") as keys:
        if outcome(program.run_probe("echo", "--deterministic", stdin=keys)) != outcome(first):
            first.wrong("the same hash was expected for the same file")
    refused = "standard input is not read, because it would not repeat"
    program.run_probe("echo", "--deterministic", typed=b"abq").ends(134).lacks("byte 97").tells(refused, "deadlock")


def case_a_pty_is_refused(program):
    program.run_probe("echo", "--deterministic", "--console", "pty").refuses(126, "console pty: nobody can type in a deterministic run")


def case_a_slow_reader_changes_nothing(program):
    options = ["count lines=2000", "--deterministic"]
    child = program.start_probe(*options, pipe_bytes=4096)
    slow = child.result().ends(0)
    if outcome(slow) != outcome(program.run_probe(*options).ends(0)):
        slow.wrong("the same hash was expected as with a reader that takes all at once")


def case_a_signal_leaves(program):
    """A guest that works for ever in virtual time."""
    child = program.start_probe("yield", "--deterministic").wait_for("yielding")
    child.send(2).result().ends(130).tells("deterministic: seed 0")
