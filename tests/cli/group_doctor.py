# SPDX-License-Identifier: MIT
"""pvisor doctor: what can work here, and why not the rest."""

import os


def case_what_is_here(program):
    """The engine that all tests use works, so it says so."""
    result = program.run("doctor").ends(0).shows("engine fiber: works\n", "Syscall User Dispatch", "memfd_create", "PR_SET_TSC", "this host\n",
                                                 "block I/O", "own loader", "pseudo-terminals", "openat2")
    if result.err:
        result.wrong("nothing was expected on stderr")
    result.lacks("MISSING")


def case_threads_on_request(program):
    env = {**os.environ, "PVISOR_IO": "threads"}
    program.run("doctor", env=env).ends(0).shows("  no       block I/O by io_uring: ")


def case_output_that_cannot_be_written(program):
    with open("/dev/full", "wb") as full:
        program.run("doctor", stdout=full).refuses(125, "standard output")
