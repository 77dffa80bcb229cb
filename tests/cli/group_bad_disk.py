# SPDX-License-Identifier: MIT
"""Disks that cannot be attached: one line that names the file and what helps, and status 125."""

import os
import random


def boot(program, path, *options):
    return program.run("boot", path, "--loader", program.loader, *options)


def case_missing(program):
    boot(program, "absent.img").refuses(125, "disk 'absent.img': ", "there is no such file", "truncate -s 1G")
    program.run("run", program.hello, "--disk", "absent.img,ro").refuses(125, "disk 'absent.img': ", "there is no such file")


def case_directory(program):
    boot(program, program.folder).refuses(125, f"disk '{program.folder}': ", "is a directory", "name the image file")


def case_pipe(program):
    path = os.path.join(program.folder, "pipe")
    os.mkfifo(path)
    boot(program, path).refuses(125, f"disk '{path}': ", "is a pipe", "store it first")


def case_device_that_is_no_disk(program):
    boot(program, "/dev/zero").refuses(125, "disk '/dev/zero': ", "is neither a file nor a block device")


def case_empty(program):
    path = program.file("empty.img")
    boot(program, path).refuses(125, f"disk '{path}': ", "is empty", "truncate -s 1G")


def case_no_whole_number_of_sectors(program):
    path = program.file("odd.img", 1000)
    boot(program, path).refuses(125, f"disk '{path}': ", "size of 1000 bytes", "512-byte sectors", "truncate -s %512")


def case_what_is_told_to_do_helps(program):
    path = program.file("odd.img", 1000)
    os.truncate(path, 1024)
    boot(program, path).ends(134).lacks("truncate")


def case_random(program):
    """It is a disk, but nothing can be booted from it: the loader says so."""
    path = program.file("random.img", random.Random(4).randbytes(1 << 20))
    boot(program, path).ends(134).shows("loader: ").tells("domain random: boot failed")


def case_no_permission_to_write(program):
    path = program.file("mine.img", 1 << 20)
    os.chmod(path, 0o444)
    program.run_as_nobody("run", program.hello, "--disk", path).refuses(125, f"disk '{path}': ", "no permission to write", ",ro")
    program.run_as_nobody("run", program.hello, "--disk", path + ",ro").ends(0).is_quiet()


def case_no_permission_to_read(program):
    path = program.file("secret.img", 1 << 20)
    os.chmod(path, 0)
    program.run_as_nobody("run", program.hello, "--disk", path + ",ro").refuses(125, f"disk '{path}': ", "ermission")


def case_one_bad_disk_of_two_starts_nothing(program):
    good = program.file("good.img", 1 << 20)
    program.run("run", program.hello, "--disk", good, "--disk", "absent.img").refuses(125, "disk 'absent.img'")


def case_comma_in_the_name(program):
    path = program.file("a,b.img", 1 << 20)
    program.run("run", program.hello, "--disk", path.replace(",", ",,")).ends(0)
    program.run("run", program.hello, "--disk", path).refuses(126, "--disk: 'b.img'", "a comma in a file name is written twice")
