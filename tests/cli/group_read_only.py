# SPDX-License-Identifier: MIT
"""A disk attached read-only stays as it is, whatever the guest does."""

import os

import block_copy


def stamp(path):
    status = os.stat(path)
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, block_copy.content_of(path)


def unchanged(result, path, before):
    if stamp(path) != before:
        result.wrong(f"{path} has changed")


def case_writing_to_it_fails(program):
    source = program.file("from.img", block_copy.pattern(1))
    target = program.file("to.img", block_copy.pattern(2))
    before = stamp(target)
    result = block_copy.run(program, source + ",ro", target + ",ro")
    result.ends(134).shows("to: disk 51728, 2048 sectors, read-only", "write at sector 0: error ")
    unchanged(result, target, before)


def case_by_config(program):
    program.file("from.img", block_copy.pattern(1))
    target = program.file("to.img", block_copy.pattern(2))
    before = stamp(target)
    disks = '[{"target": "from.img", "access": "ro"}, {"target": "to.img", "access": "ro"}]'
    plan = program.file("x.json", '{"version": 1, "domains": [{"name": "a", "kernel": "%s", "disk": %s}]}' % (program.block_copy, disks))
    result = program.run("up", plan, cwd="/").ends(134).shows("to: disk 51728, 2048 sectors, read-only")
    unchanged(result, target, before)


def case_reading_it_changes_nothing(program):
    source = program.file("from.img", block_copy.pattern(1))
    target = program.file("to.img", 1 << 20)
    before = stamp(source)
    result = block_copy.run(program, source + ",ro", target).ends(0).prints(block_copy.EXPECTED)
    unchanged(result, source, before)


def case_a_refused_start_changes_nothing(program):
    path = program.file("disk.img", block_copy.pattern(3))
    before = stamp(path)
    result = program.run("run", "absent.elf", "--disk", path).ends(125)
    unchanged(result, path, before)


def case_booting_changes_nothing(program):
    path = program.file("disk.img", block_copy.pattern(4))
    before = stamp(path)
    result = program.run("boot", path, "--loader", program.loader).ends(134)
    unchanged(result, path, before)
