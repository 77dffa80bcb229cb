# SPDX-License-Identifier: MIT
"""Every exit status, and what is told with it."""

import on_terminal
from program import SIGNALS_THAT_LEAVE

SEVERAL = '{"version": 1, "domains": [%s]}'
ONE = '{"name": "%s", "kernel": "%s", "cmdline": "do=exit %s", "memory": 16}'


def case_0_when_the_guest_gave_none(program):
    program.run("run", program.hello, "--", "a", "b").ends(0).shows('My command line is "a b".\n').is_quiet()


def case_the_guests_own(program):
    for status in (1, 42, 99):
        program.run("run", program.probe, "--", "do=exit", f"status={status}").ends(status).is_quiet()


def case_append_is_the_command_line(program):
    result = program.run("run", program.probe, "--append", "do=exit", "--", "status=3", "'a  b'")
    result.ends(3).prints("told \"do=exit status=3 'a  b'\"\n")


def case_124_and_where_a_blocked_guest_was(program):
    result = program.run_probe("echo", "--timeout", "1s", "--name", "sleeper")
    result.ends(124).prints("ready\n").tells("pvisor: time limit: domain sleeper: vCPU 0 blocked at 0x", "(pv_")


def case_124_in_the_loader(program):
    disk = program.file("disk.img", 1 << 20)
    child = on_terminal.OnTerminal(program, "boot", disk, "--loader", program.loader, "--timeout", "1s")
    child.result().ends(124).tells("pvisor: time limit: domain disk: vCPU 0 blocked at 0x")


def case_124_tells_of_every_domain(program):
    domains = ", ".join(ONE % (name, program.probe, "after=60000") for name in ("left", "right"))
    result = program.run("up", program.file("two.json", SEVERAL % domains), "--timeout", "1s")
    result.ends(124).tells("domain left: vCPU 0 blocked", "domain right: vCPU 0 blocked")


def case_125_host(program):
    program.run("run", "absent.elf").refuses(125, "kernel absent.elf: ", "No such file")


def case_126_usage(program):
    program.run("run").refuses(126, "no kernel", "write pvisor run KERNEL")
    program.run().refuses(126, "no command", "write pvisor boot DISK")


def case_130_signals_from_outside(program):
    for number in SIGNALS_THAT_LEAVE:
        program.start_probe("echo").wait_for("ready\n").send(number).result().ends(130).is_quiet()


def case_130_by_key(program):
    on_terminal.start_probe(program, "echo").wait_for("ready").type(on_terminal.CTRL_BRACKET).result().ends(130)


def case_134_crash_with_report(program):
    result = program.run_probe("crash").ends(134).prints("crashing\n")
    result.tells("domain cli-probe crashed: vCPU 0: page fault", "address 0x10", "rip", "code:", "=> ", "backtrace:", "(crash_here+")


def case_134_panic(program):
    program.run_probe("panic").ends(134).shows("guest panic: the test asked for it").tells("the guest reported a crash", "pv_panic")


def case_134_failed_boot(program):
    result = program.run("boot", program.file("disk.img", 1 << 20), "--loader", program.loader)
    result.ends(134).shows("loader: ").tells("domain disk: boot failed: the loader's last message says why")


def case_first_non_zero_of_several(program):
    domains = ", ".join([ONE % ("well", program.probe, ""), ONE % ("late", program.probe, "status=5 after=200"),
                         ONE % ("early", program.probe, "status=4")])
    result = program.run("up", program.file("three.json", SEVERAL % domains)).ends(4)
    result.tells("domain early: ended with status 4", "domain late: ended with status 5").lacks("domain well: ended")
