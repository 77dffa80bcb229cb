# SPDX-License-Identifier: MIT
"""pvisor doctor: what can work here, and why not the rest."""

import os
import resource


def case_what_is_here(program):
    """The engine that all tests use works, so it says so."""
    result = program.run("doctor").ends(0).shows("engine process: works\n", "engine fiber: works\n", "Syscall User Dispatch", "memfd_create", "PR_SET_TSC",
                                                 "default engine: ", "pvisor itself, while guests run\n", "a filter of its system calls",
                                                 "Landlock", "this host\n", "block I/O", "own loader", "pseudo-terminals", "openat2")
    if result.err:
        result.wrong("nothing was expected on stderr")
    result.lacks("MISSING")


def case_threads_on_request(program):
    env = {**os.environ, "PVISOR_IO": "threads"}
    program.run("doctor", env=env).ends(0).shows("  no       block I/O by io_uring: ")


def case_output_that_cannot_be_written(program):
    with open("/dev/full", "wb") as full:
        program.run("doctor", stdout=full).refuses(125, "standard output")


def start_no_process():
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def case_a_host_where_no_process_can_be_started(program):
    """The engine that needs them says why; no other takes its place."""
    result = program.run_as_nobody("doctor", preexec_fn=start_no_process)
    result.ends(0).shows("engine process: cannot work here\n", "MISSING  processes started from memory: ", "engine fiber: works\n")
    with open(program.hello, "rb") as kernel:
        refused = program.run_as_nobody("run", "/dev/stdin", "--engine", "process", stdin=kernel, preexec_fn=start_no_process)
    refused.refuses(125, "cannot start the process", "pvisor doctor says")
