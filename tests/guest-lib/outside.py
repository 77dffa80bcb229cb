#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kernels outside this tree: installs the library into a folder, builds the kernels of outside/ there with make, with CMake and
by hand, by what pkg-config says, and runs them. `ip` is for the example udp-echo, with the library pv-lwip.

usage: outside.py make|cmake|bare|ip --build BUILD-FOLDER --pvisor PROGRAM FOLDER
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# pkg-config --cflags promises these: an upcall pushes its frame at rsp, and a guest has neither TLS nor CET.
PROMISED = {"-ffreestanding", "-mno-red-zone", "-fno-stack-protector", "-fcf-protection=none", "-fpie"}
C_KERNEL = ("kernel.elf", 11, 'C11: "x y", memory yes, time goes on')
CPP_KERNEL = ("kernel++.elf", 20, 'C++20: "x y", memory yes, time goes on')
BARE_FLAGS = ("-O2 -ffreestanding -nostdlib -static -fno-pie -no-pie -mno-red-zone -fno-stack-protector "
              "-fcf-protection=none -Wl,-Ttext-segment=0x40000000").split()


class Failure(Exception):
    pass


def run(command, **options):
    ended = subprocess.run(command, capture_output=True, text=True, **options)
    if ended.returncode:
        raise Failure(f"{' '.join(map(str, command))}: status {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def install(build, to):
    """Installs what kernels are built with, and has pkg-config find it there."""
    run(["meson", "install", "-C", build, "--no-rebuild", "--tags", "devel", "--destdir", to])
    found = next(to.rglob("pv-guest.pc"), None)
    if not found:
        raise Failure("pv-guest.pc was not installed")
    os.environ["PKG_CONFIG_PATH"] = str(found.parent)


def check_pkg_config():
    missing = PROMISED - set(run(["pkg-config", "--cflags", "pv-guest"]).split())
    if missing:
        raise Failure(f"pkg-config --cflags pv-guest lacks {' '.join(sorted(missing))}")
    script = run(["pkg-config", "--variable=ldscript", "pv-guest"]).strip()
    if not pathlib.Path(script).is_file():
        raise Failure(f"pkg-config --variable=ldscript pv-guest names {script or 'nothing'}, which is no file")


def check_kernel(pvisor, kernel, status, said):
    ended = subprocess.run([pvisor, "run", kernel, "--timeout", "20s", "--", "x", "y"], capture_output=True, text=True)
    if (ended.returncode, ended.stdout.splitlines()) != (status, [said]):
        raise Failure(f"{kernel.name}: status {ended.returncode}, not {status}; it said\n{ended.stdout}{ended.stderr}")


def with_make(work, pvisor):
    run(["make", "-C", work])
    for kernel, status, said in (C_KERNEL, CPP_KERNEL):
        check_kernel(pvisor, work / kernel, status, said)


def with_cmake(work, pvisor):
    run(["cmake", "-S", work, "-B", work / "cmake"])
    run(["cmake", "--build", work / "cmake"])
    for kernel, status, said in (C_KERNEL, CPP_KERNEL):
        check_kernel(pvisor, work / "cmake" / kernel, status, said)


def bare(work, pvisor):
    cflags = run(["pkg-config", "--cflags", "pvabi"]).split()
    run(["cc", *BARE_FLAGS, *cflags, work / "bare.c", "-o", work / "bare.elf"])
    check_kernel(pvisor, work / "bare.elf", 0, "I was started by a builder of xen-3.0-x86_64")


def ip(work, pvisor):
    kernel = work / "udp-echo.elf"
    cflags, libs = (run(["pkg-config", option, "pv-lwip"]).split() for option in ("--cflags", "--libs"))
    run(["cc", "-std=c11", "-O2", *cflags, work / "main.c", *libs, "-o", kernel])
    said = run([pvisor, "run", kernel, "--net", "user", "--timeout", "20s", "--", "datagrams=0"])
    if said != "echoing on 10.0.2.15 port 7\n0 datagrams\n":
        raise Failure(f"{kernel.name} said {said}")


WAYS = {"make": (with_make, ["make", "cc", "c++"]), "cmake": (with_cmake, ["cmake", "make", "cc", "c++"]), "bare": (bare, ["cc"]), "ip": (ip, ["cc"])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--build", required=True)
    parser.add_argument("--pvisor", required=True)
    parser.add_argument("folder")
    options = parser.parse_args()
    build, needed = WAYS[options.way]
    for program in ["meson", "pkg-config", *needed]:
        if not shutil.which(program):
            print(f"skipped: there is no {program}")
            return SKIPPED
    with tempfile.TemporaryDirectory(dir=options.build) as folder:
        work = pathlib.Path(folder)
        try:
            install(options.build, work / "installed")
            check_pkg_config()
            shutil.copytree(options.folder, work / "outside")
            build(work / "outside", options.pvisor)
        except Failure as failure:
            print(failure)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
