# SPDX-License-Identifier: MIT
"""Files that are no kernel: one line that names the file and what is wrong with it, and status 125."""

import gzip
import os
import random
import struct
import subprocess
import threading
import unittest

E_MACHINE, E_TYPE, E_PHOFF = 18, 16, 32
EM_AARCH64, ET_REL = 183, 1


def kernel_bytes(program):
    with open(program.hello, "rb") as file:
        return file.read()


def patched(program, offset, form, value):
    content = bytearray(kernel_bytes(program))
    struct.pack_into(form, content, offset, value)
    return bytes(content)


def refused(program, name, content, *texts):
    program.run("run", program.file(name, content)).refuses(125, f"kernel {program.folder}/{name}", *texts)


def case_missing(program):
    program.run("run", "absent.elf").refuses(125, "kernel absent.elf: ", "No such file")


def case_empty(program):
    refused(program, "empty.elf", b"", "is empty")


def case_directory(program):
    program.run("run", program.folder).refuses(125, f"kernel {program.folder}: ", "is a directory", "name a file")


def case_device(program):
    program.run("run", "/dev/zero").refuses(125, "kernel /dev/zero: ", "is a device", "name a regular file")


def case_pipe_without_a_writer(program):
    path = os.path.join(program.folder, "pipe")
    os.mkfifo(path)
    program.run("run", path).refuses(125, f"kernel {path}", "is empty")


def case_pipe_with_a_kernel_in_it(program):
    """As a shell's <(zcat kernel.gz)."""
    ours, theirs = os.pipe()

    def feed():
        with os.fdopen(theirs, "wb") as file:
            file.write(kernel_bytes(program))

    feeder = threading.Thread(target=feed)
    feeder.start()
    result = program.run("run", f"/dev/fd/{ours}", pass_fds=(ours,))
    feeder.join()
    os.close(ours)
    result.ends(0).shows("Hello from a paravirtual guest.\n")


def case_cut(program):
    content = kernel_bytes(program)
    refused(program, "header.elf", content[:40], "is cut off", "ELF header")
    refused(program, "table.elf", content[:70], "is cut off", "program headers")
    refused(program, "half.elf", content[:len(content) // 8], "is cut off", "a segment")


def case_random(program):
    refused(program, "random.elf", random.Random(1).randbytes(10000), "is not an ELF file")


def case_random_behind_the_magic(program):
    """Whatever it says, it is one line and no crash of ours."""
    numbers = random.Random(2)
    for i in range(20):
        name = f"r{i}.elf"
        path = program.file(name, b"\x7fELF\x02\x01\x01" + numbers.randbytes(4000))
        program.run("run", path).refuses(125, f"kernel {program.folder}/{name}")


def case_damaged(program):
    """A kernel with some bytes overwritten may start, and then do anything that a guest may do; it is never our crash."""
    numbers = random.Random(3)
    content = kernel_bytes(program)
    for i in range(20):
        damaged = bytearray(content)
        for _ in range(8):
            damaged[numbers.randrange(0x400)] = numbers.randrange(256)
        result = program.run("run", program.file("damaged.elf", damaged), "--timeout", "200ms")
        if result.status not in (0, 124, 125, 134) and not 0 <= result.status <= 99:
            result.wrong("this is no status of a guest or of a refusal")


def case_unreadable(program):
    path = program.file("secret.elf", kernel_bytes(program))
    os.chmod(path, 0)
    program.run_as_nobody("run", path).refuses(125, f"kernel {path}: ", "Permission denied")


def case_another_machine(program):
    refused(program, "arm.elf", patched(program, E_MACHINE, "<H", EM_AARCH64), "for another machine", "x86-64")


def case_32_bits(program):
    refused(program, "small.elf", patched(program, 4, "<B", 1), "for another machine", "64-bit")


def case_object_file(program):
    refused(program, "object.elf", patched(program, E_TYPE, "<H", ET_REL), "is an object or core file", "not a linked kernel")


def case_program_of_the_host(program):
    program.run("run", "/bin/true").refuses(125, "kernel /bin/true: ", "not a kernel")


def case_static_program_of_the_host(program):
    path = os.path.join(program.folder, "static")
    source = program.file("static.c", "int main(void) { return 0; }\n")
    try:
        made = subprocess.run(["cc", "-static", "-o", path, source], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        raise unittest.SkipTest("cc cannot make static programs here")
    program.run("run", path).refuses(125, f"kernel {path}: ", "has no Xen notes", "not a paravirtual kernel", "pv-guest.ld")


def case_gzip(program):
    refused(program, "hello.gz", gzip.compress(kernel_bytes(program)), "is compressed with gzip", "gunzip -k")


def case_memory_too_small(program):
    path = program.file("big.elf", kernel_bytes(program))
    ramdisk = program.file("ramdisk", 8 << 20)
    program.run("run", path, "--memory", "4M", "--initrd", ramdisk).refuses(125, f"kernel {path}", "--memory")


def case_ramdisk_missing(program):
    program.run("run", program.hello, "--initrd", "absent").refuses(125, "ramdisk absent: ", "No such file")


def case_loader_and_menu_missing(program):
    disk = program.file("disk.img", 1 << 20)
    program.run("boot", disk, "--loader", "absent").refuses(125, "loader absent: ", "No such file")
    program.run("boot", disk, "--loader", program.loader, "--menu", "absent").refuses(125, "menu absent: ", "No such file")


def case_name_with_control_characters(program):
    path = program.file("a\n\x1b[31mb.elf", b"")
    program.run("run", path).refuses(125, "kernel ", "\\x0a\\x1b", "is empty")


def case_larger_than_the_limit(program):
    refused(program, "huge.elf", 1 << 40, "larger than the limit")
