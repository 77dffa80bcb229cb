# SPDX-License-Identifier: MIT
"""pvisor confines itself before the first guest runs, on every engine, and what guests need goes on: reboots, chain-loads, logs."""

import os
import pathlib
import shutil
import subprocess
import unittest

import lesser_host
import processes

ENGINES = ("fiber", "process")
LINES_OF_64_MIB = 1_100_000


def is_instrumented(program):
    return "this build is instrumented" in program.run("doctor").out


def type_line(child, text):
    child.process.stdin.write(text)
    child.process.stdin.flush()


def statuses_of(child):
    """Of all threads of the monitor."""
    pid = child.process.pid
    return [processes.status_of(pid, thread) for thread in os.listdir(f"/proc/{pid}/task")]


def check_confined(child, filters):
    for status in statuses_of(child):
        rights = {key: value for key, value in status.items() if key in ("CapPrm", "CapEff", "CapInh", "CapAmb")}
        if status["NoNewPrivs"] != "1" or status["Seccomp"] != filters or any(int(value, 16) for value in rights.values()):
            child.result().wrong(f"a thread is not confined: {status}")
        if os.geteuid() == 0 and int(status["CapBnd"], 16):
            child.result().wrong(f"capabilities could come back: {status['CapBnd']}")


def case_all_threads_are_confined(program):
    filters = "0" if is_instrumented(program) else "2"
    for engine in ENGINES:
        for io in ("", "threads"):
            child = program.start_probe("echo", "--engine", engine, "--disk", program.file("disk.img", 1 << 20), env={**os.environ, "PVISOR_IO": io})
            child.wait_for("ready")
            if io and len(statuses_of(child)) < 2:
                child.result().wrong("a thread for disk I/O was expected")
            check_confined(child, filters)
            type_line(child, b"q")
            child.result().ends(0).is_quiet()


def case_on_request_it_is_not(program):
    child = program.start_probe("echo", "--debug-unconfined")
    child.wait_for("ready")
    status = statuses_of(child)[0]
    type_line(child, b"q")
    result = child.result().ends(0)
    if status["Seccomp"] != "0" or status["NoNewPrivs"] != "0":
        result.wrong(f"confined: {status}")


def case_a_reboot_starts_the_file_that_was_opened(program):
    """Even if its name is gone, or another's: then the monitor could not open it."""
    for engine in ENGINES:
        kernel = os.path.join(program.folder, "kernel.elf")
        shutil.copy(program.probe, kernel)
        child = program.start("run", kernel, "--memory", "16M", "--engine", engine, "--on-poweroff", "restart", "--", "do=echo")
        child.wait_for("ready")
        os.unlink(kernel)
        for _ in range(2):
            type_line(child, b"q")
            child.wait_for("ready")
        child.process.terminate()
        child.result().ends(130).is_quiet()


def case_a_disk_boots(program):
    """The loader reads a menu and hands over to a kernel: new memory, and on the process engine a new process."""
    mke2fs = shutil.which("mke2fs", path=os.environ["PATH"] + ":/sbin:/usr/sbin")
    if mke2fs is None:
        raise unittest.SkipTest("mke2fs is missing")
    boot = pathlib.Path(program.folder, "tree", "boot", "grub")
    boot.mkdir(parents=True)
    shutil.copy(program.hello, boot.parent / "hello.elf")
    (boot / "menu.lst").write_text("default 0\ntimeout 0\ntitle a\nkernel /boot/hello.elf from=menu\n")
    disk = os.path.join(program.folder, "boot.img")
    subprocess.run([mke2fs, "-q", "-d", os.path.join(program.folder, "tree"), disk, "8M"], check=True)
    for engine in ENGINES:
        for io in ("", "threads"):
            program.run("boot", disk, "--loader", program.loader, "--engine", engine,
                        env={**os.environ, "PVISOR_IO": io}).ends(0).shows('My command line is "from=menu".').is_quiet()


def case_a_console_file_is_rotated(program):
    log = os.path.join(program.folder, "console.log")
    command = ("run", program.probe, "--engine", "fiber", "--console", "file:" + log, "--", "do=count", f"lines={LINES_OF_64_MIB}")
    result = program.run(*command).ends(0).is_quiet()
    if not os.path.exists(log + ".1"):
        result.wrong("nothing was rotated")


def case_strict_or_unconfined(program):
    program.run_probe("exit", "--strict", "--debug-unconfined").refuses(126, "--strict and --debug-unconfined", "one of them")


def case_strict_refuses_what_contains_nothing(program):
    program.run_probe("exit", "--strict", "--engine", "fiber").refuses(126, "--strict: the fiber engine contains nothing")


def case_strict_asks_for_all_that_doctor_names(program):
    """As root it never starts; as another user it does where doctor has nothing to say against it."""
    found = program.run_as_nobody("doctor").out
    wanted = ("namespaces of its own", "a filter of its system calls", "Landlock", "a user without root's rights")
    is_fine = all(f"  yes      {what}" in found for what in wanted)
    with open(program.probe, "rb") as kernel:
        result = program.run_as_nobody("run", "/dev/stdin", "--memory", "16M", "--strict", "--engine", "process", "--", "do=exit", stdin=kernel)
    if is_fine:
        result.ends(0).shows('told "do=exit"')
    else:
        result.refuses(125, "--strict: not there: ")
    if os.geteuid() == 0:
        program.run_probe("exit", "--strict", "--engine", "process").refuses(125, "--strict: not there: ")


def case_a_host_that_has_less(program):
    """Each thing that is missing is told, strict runs refuse, and guests run with what is left."""
    if is_instrumented(program):
        raise unittest.SkipTest("this build confines itself to less anyway")
    for lack, engine, told in ((lesser_host.NO_LANDLOCK, "process", "  no       Landlock: "),
                               (lesser_host.NO_USER_NAMESPACES, "process", "  no       namespaces of its own"),
                               (lesser_host.NO_SECCOMP, "fiber", "  no       a filter of its system calls: ")):
        host = {"preexec_fn": lesser_host.without(lack)}
        program.run("doctor", **host).ends(0).shows(told)
        program.run_probe("exit", "--engine", engine, **host).ends(0).is_quiet()
        if engine == "process":
            program.run_probe("exit", "--strict", "--engine", engine, **host).refuses(125, "--strict: not there: ")


def case_a_vcpu_of_roots_has_no_rights_without_namespaces(program):
    """Exec would give root's process all capabilities."""
    child = program.start_probe("echo", "--engine", "process", preexec_fn=lesser_host.without(lesser_host.NO_USER_NAMESPACES))
    child.wait_for("ready")
    status = processes.status_of(processes.children_of(child.process.pid)["pvisor-vcpu"][0])
    type_line(child, b"q")
    result = child.result().ends(0)
    if int(status["CapPrm"], 16) or status["NSpid"].split() != [status["Pid"]]:
        result.wrong(f"status {status}")


def case_without_dispatch_stray_calls_of_guests_are_still_hypercalls(program):
    """On fiber, where the host does not tell a guest's system calls from ours, the filter of ours stops most of them."""
    host = {"preexec_fn": lesser_host.without(lesser_host.NO_DISPATCH)}
    program.run("doctor", **host).ends(0).shows("  no       Syscall User Dispatch")
    program.run_probe("exit", "--engine", "fiber", **host).ends(0).is_quiet()
