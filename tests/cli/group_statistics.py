# SPDX-License-Identifier: MIT
"""--statistics: one line on standard error for each disk of each domain, after all else."""

import json
import re

import block_copy

LINE = re.compile(r"^pvisor: domain (\S+): disk (\S+): (\d+) reads? \((\d+) KiB\), (\d+) writes? \((\d+) KiB\), "
                  r"0 discards \(0 KiB\), (\d+) flush(?:es)?, 0 failed, 0 refused$", re.MULTILINE)


def disks(program):
    return program.file("from.img", block_copy.pattern(1)) + ",ro", program.file("to.img", 1 << 20)


def check_lines(result, domain):
    lines = {(match[1], match[2]): [int(number) for number in match.groups()[2:]] for match in LINE.finditer(result.err)}
    if list(lines) != [(domain, "xvda"), (domain, "xvdb")]:
        return result.wrong("a line for each of the two disks was expected")
    source, target = lines.values()
    if source[1] < 1024 or source[2:4] != [0, 0]:
        result.wrong("xvda is read whole and never written")
    if target[3] != 1024 or target[4] < 1:
        result.wrong("xvdb is written whole, and flushed")


def case_as_option(program):
    source, target = disks(program)
    check_lines(block_copy.run(program, source, target, options=["--statistics", "--name", "copy"]).ends(0), "copy")


def case_in_a_file(program):
    disks(program)
    domain = {"name": "b", "kernel": program.block_copy, "cmdline": f"sectors={block_copy.SECTORS}",
              "disk": [{"target": "from.img", "access": "ro"}, {"target": "to.img"}]}
    plan = program.file("x.json", json.dumps({"version": 1, "statistics": True, "domains": [domain]}))
    check_lines(program.run("up", plan).ends(0), "b")


def case_of_a_loader(program):
    menu = program.file("m.lst", "timeout 0\ntitle a\nkernel /k\n")
    disk = program.file("empty.img", 1 << 20)
    failed = program.run("boot", disk, "--menu", menu, "--statistics").ends(134)
    failed.lacks(": loader: ")  # no kernel has started


def case_not_asked_for(program):
    block_copy.run(program, *disks(program)).ends(0).lacks("reads (")
