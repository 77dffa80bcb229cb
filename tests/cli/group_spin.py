# SPDX-License-Identifier: MIT
"""A guest that spins for ever, with events masked and without a call, is left like any other, and is told where it was."""

import signal

import on_terminal


def case_key(program):
    child = on_terminal.start_probe(program, "spin").wait_for("spinning")
    child.type(on_terminal.CTRL_BRACKET).result().ends(130)


def case_signals(program):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        program.start_probe("spin").wait_for("spinning\n").send(number).result().ends(130).prints("spinning\n").is_quiet()


def case_time_limit_names_the_function(program):
    result = program.run_probe("spin", "--timeout", "1s").ends(124).prints("spinning\n")
    result.tells("pvisor: time limit: domain cli-probe: vCPU 0 ", " at 0x", "(spin_here+0x")


def case_beside_another_domain(program):
    """The other one goes on, and ends; then the spinning one is left."""
    domain = '{"name": "%s", "kernel": "%s", "cmdline": "%s", "memory": 16}'
    domains = ", ".join([domain % ("spinner", program.probe, "do=spin"),
                         domain % ("worker", program.probe, "do=exit after=100 status=3")])
    plan = program.file("x.json", '{"version": 1, "domains": [%s]}' % domains)
    child = program.start("up", plan).wait_for("worker: told")
    child.wait_for_note("domain worker: ended with status 3")
    child.send(signal.SIGTERM).result().ends(130)
