# SPDX-License-Identifier: MIT
"""What a guest, its disk or its menu says is text: nothing of it is run, opened or taken for a format on the host."""

import os
import re
import shutil
import subprocess
import unittest

from program import Wrong

WORDS = "$(touch made) `touch made` ;touch${IFS}made; %s%n {} ../../made /etc/passwd"
MENU = f"timeout 0\ntitle $(touch made) %s {{}}\nkernel /boot/kernel do=exit status=4 {WORDS}\n"


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    if not found:
        raise unittest.SkipTest(f"{name} is not installed")
    return found


def bootable_disk(program):
    tree = os.path.join(program.folder, "tree")
    os.makedirs(tree + "/boot/grub")
    with open(program.probe, "rb") as file:
        program.file("tree/boot/kernel", file.read())
    program.file("tree/boot/grub/menu.lst", MENU)
    disk = program.file("disk.img", 4 << 20)
    subprocess.run([tool("mke2fs"), "-q", "-F", "-t", "ext2", "-d", tree, disk], check=True, stdout=subprocess.DEVNULL)
    return disk


def case_a_menu_from_the_disk(program):
    disk = bootable_disk(program)
    before = sorted(os.listdir(program.folder))
    result = program.run("boot", disk, "--loader", program.loader).ends(4).is_quiet()
    result.shows("Booting '$(touch made) %s {}'\n", f'told "do=exit status=4 {WORDS}"\n')
    if sorted(os.listdir(program.folder)) != before:
        result.wrong("a file was made")


def case_no_program_is_started_and_no_named_file_opened(program):
    """By the system calls of the whole run."""
    strace = tool("strace")
    if subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode != 0:
        raise unittest.SkipTest("strace may not trace here")
    disk = bootable_disk(program)
    trace = os.path.join(program.folder, "trace")
    command = [strace, "-f", "-qq", "-o", trace, "-e", "trace=execve,execveat,fork,vfork,open,openat,openat2,unlink,rename,connect",
               program.pvisor, "boot", disk, "--loader", program.loader]
    done = subprocess.run(command, cwd=program.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # leaks are not looked for under a tracer
    if done.returncode != 4:
        raise Wrong(f"status {done.returncode} under strace: {done.stderr!r}")
    with open(trace, encoding="utf-8", errors="replace") as file:
        calls = file.read()
    result = program.run("--version")
    stubs = len(re.findall(r'execveat\(6, "", \["pvisor-vcpu"\]', calls))  # the vCPUs' own processes, out of memory: loader and kernel
    if calls.count("exec") != 1 + stubs or stubs > 2 or "fork(" in calls or "connect(" in calls:
        result.wrong("something was started:\n" + calls)
    for word in ("menu.lst", "made", "/boot/kernel", "/etc/passwd"):
        if word in calls:
            result.wrong(f"{word} was opened on the host:\n{calls}")


def case_words_of_run(program):
    result = program.run("run", program.probe, "--", "do=exit", WORDS).ends(0).prints(f'told "do=exit {WORDS}"\n')
    if os.path.exists(os.path.join(program.folder, "made")):
        result.wrong("a file was made")


def case_many_notes_are_counted(program):
    """A flood of notes is cut to ten a second, and how many were left out is told in the end."""
    domain = '{"name": "d%d", "kernel": "%s", "cmdline": "do=exit status=1", "memory": 8}'
    plan = ", ".join(domain % (i, program.probe) for i in range(30))
    result = program.run("up", program.file("x.json", '{"version": 1, "domains": [%s]}' % plan)).ends(1)
    told = sum("ended with status 1" in line for line in result.notes())
    left_out = sum(int(line.split()[1]) for line in result.notes() if line.endswith("lines were left out"))
    if told + left_out != 30:
        result.wrong(f"{told} notes and {left_out} left out, of 30")
