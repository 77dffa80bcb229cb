# SPDX-License-Identifier: MIT
"""A disk that somebody writes belongs to that one alone; the locks are those of QEMU."""

import fcntl
import os
import signal
import struct

MIB = 1 << 20
QEMU_WRITE, QEMU_SHARES_NO_WRITE = 101, 201  # bytes of the file that stand for permissions


def holder(program, disk):
    """A pvisor that has this disk and waits."""
    return program.start("run", program.probe, "--disk", disk, "--", "do=echo").wait_for("ready\n")


def run_with(program, disk):
    return program.run("run", program.hello, "--disk", disk)


def case_two_writers(program):
    path = program.file("disk.img", MIB)
    first = holder(program, path)
    run_with(program, path).refuses(125, f"disk '{path}': is in use by another domain or program", ",ro", "copy the file")
    first.send(signal.SIGTERM).result().ends(130)


def case_reader_beside_a_writer(program):
    path = program.file("disk.img", MIB)
    first = holder(program, path)
    run_with(program, path + ",ro").refuses(125, f"disk '{path}': another domain or program writes it", "copy the file")
    first.send(signal.SIGTERM).result()


def case_writer_beside_a_reader(program):
    path = program.file("disk.img", MIB)
    first = holder(program, path + ",ro")
    run_with(program, path).refuses(125, f"disk '{path}': is in use")
    first.send(signal.SIGTERM).result()


def case_readers_share(program):
    path = program.file("disk.img", MIB)
    first = holder(program, path + ",ro")
    run_with(program, path + ",ro").ends(0).is_quiet()
    first.send(signal.SIGTERM).result()


def case_by_another_name(program):
    path = program.file("disk.img", MIB)
    link = os.path.join(program.folder, "link.img")
    os.symlink(path, link)
    first = holder(program, path)
    run_with(program, link).refuses(125, f"disk '{link}': is in use")
    first.send(signal.SIGTERM).result()


def case_twice_in_one_domain(program):
    path = program.file("disk.img", MIB)
    program.run("run", program.hello, "--disk", path, "--disk", path).refuses(125, f"disk '{path}': is in use")
    program.run("run", program.hello, "--disk", path + ",ro", "--disk", path + ",ro").ends(0)


def case_two_domains_of_one_file(program):
    path = program.file("disk.img", MIB)
    domain = '{"name": "%s", "kernel": "%s", "disk": [{"target": "%s"}]}'
    domains = ", ".join(domain % (name, program.hello, path) for name in "ab")
    plan = program.file("two.json", '{"version": 1, "domains": [%s]}' % domains)
    program.run("up", plan).refuses(125, f"disk '{path}': is in use by another domain")


def case_gone_after_every_way_out(program):
    path = program.file("disk.img", MIB)
    for number in (signal.SIGTERM, signal.SIGKILL):
        holder(program, path).send(number).result()
        run_with(program, path).ends(0)
    program.run("run", program.probe, "--disk", path, "--", "do=crash").ends(134)
    run_with(program, path).ends(0)


def case_gone_at_a_refused_start(program):
    path = program.file("disk.img", MIB)
    program.run("run", "absent.elf", "--disk", path).ends(125)
    run_with(program, path).ends(0)


def qemu_lock(path, *places):
    """Holds these bytes as QEMU does while it has the image."""
    fd = os.open(path, os.O_RDWR)
    for place in places:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, place, 1, 0))
    return fd


def case_qemu_has_it(program):
    path = program.file("disk.img", MIB)
    fd = qemu_lock(path, 100, QEMU_WRITE, QEMU_SHARES_NO_WRITE, 203)
    run_with(program, path).refuses(125, f"disk '{path}': is in use")
    run_with(program, path + ",ro").refuses(125, f"disk '{path}': another domain or program writes it")
    os.close(fd)
    run_with(program, path).ends(0)


def case_qemu_would_see_ours(program):
    path = program.file("disk.img", MIB)
    first = holder(program, path)
    fd = os.open(path, os.O_RDWR)
    for place in (QEMU_WRITE, QEMU_SHARES_NO_WRITE):
        asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
        if struct.unpack("hhqqi", fcntl.fcntl(fd, fcntl.F_OFD_GETLK, asked))[0] == fcntl.F_UNLCK:
            first.result().wrong(f"byte {place} is not locked")
    os.close(fd)
    first.send(signal.SIGTERM).result().ends(130)
