# SPDX-License-Identifier: MIT
"""A run that goes well says nothing on standard error, but for one warning to root about an engine that contains nothing."""

import os
import unittest

import block_copy
from program import ROOT_WARNING

WARNING = f"pvisor: {ROOT_WARNING}\n"


FIBER = "--engine", "fiber"


def warned(result):
    return said(WARNING if os.geteuid() == 0 else "", result)


def silent(result):
    return said("", result)


def said(expected, result):
    if result.err != expected:
        result.wrong(f"stderr was expected to be {expected!r}")
    return result


def case_run(program):
    silent(program.run("run", program.hello)).ends(0)
    warned(program.run("run", program.hello, *FIBER)).ends(0)


def case_the_guests_own_status(program):
    silent(program.run_probe("exit", "--append", "status=9")).ends(9)


def case_disks(program):
    source = program.file("from.img", block_copy.pattern(1))
    target = program.file("to.img", 1 << 20)
    silent(block_copy.run(program, source + ",ro", target)).ends(0)


def case_several_domains_one_warning(program):
    domains = ", ".join('{"name": "%s", "kernel": "%s"}' % (name, program.hello) for name in "abc")
    warned(program.run("up", program.file("x.json", '{"version": 1, "domains": [%s]}' % domains), *FIBER)).ends(0)


def case_without_roots_rights(program):
    if os.geteuid() != 0:
        raise unittest.SkipTest("we are not root: the other cases show it")
    path = program.file("hello.elf", block_copy.content_of(program.hello))
    result = program.run_as_nobody("run", path).ends(0).shows("Hello from a paravirtual guest.\n")
    if result.err:
        result.wrong("nothing was expected on stderr")
