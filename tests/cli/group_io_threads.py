# SPDX-License-Identifier: MIT
"""Disks work through io_uring and through threads."""

import os

import block_copy


def copy_with(program, environment):
    source = program.file("from.img", block_copy.pattern(1))
    target = program.file("to.img", 1 << 20)
    result = block_copy.run(program, source + ",ro", target, env={**os.environ, **environment})
    result.ends(0).prints(block_copy.EXPECTED).is_quiet()
    if block_copy.content_of(target) != block_copy.pattern(1):
        result.wrong("the copy is not the same")


def case_default(program):
    copy_with(program, {"PVISOR_IO": ""})


def case_threads(program):
    copy_with(program, {"PVISOR_IO": "threads"})


def case_unknown_word(program):
    """It is no reason to refuse to run."""
    copy_with(program, {"PVISOR_IO": "pigeons"})
