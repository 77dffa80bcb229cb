#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots Debian's own kernel, as its package has it, and expects that the hypervisor understands it and says what it lacks.

    debian_kernel.py --pvisor P --loader L --folder CACHE

The package is fetched with apt-get download into CACHE, once, and taken apart there; nothing is installed. Exit status 77 means
skipped: no Debian, or no network.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder stays as it is

import images  # noqa: E402
from world import FAILED_BOOT, World  # noqa: E402

PACKAGE = "linux-image-cloud-amd64"  # stands for the newest; its kernel is a bzImage with an lz4 payload
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def output_of(*command, folder):
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=240, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        skip(f"{command[0]}: {error}")
    if done.returncode != 0:
        skip(f"{' '.join(command)} failed")
    return done.stdout


def fetch(folder):
    """The path of a kernel's file."""
    kept = sorted(folder.glob("boot/vmlinuz-*"))
    if kept:
        return kept[-1]
    folder.mkdir(parents=True, exist_ok=True)
    real = re.search(r"Depends: (linux-image-\S+)", output_of("apt-cache", "depends", PACKAGE, folder=folder).decode())
    if not real:
        skip(f"apt knows no {PACKAGE}; apt-get update may help")
    output_of("apt-get", "download", real.group(1), folder=folder)
    package = next(folder.glob("linux-image-*.deb"))
    output_of("sh", "-c", f"dpkg-deb --fsys-tarfile '{package.name}' | tar xf - --wildcards './boot/vmlinuz-*'", folder=folder)
    package.unlink()
    return next(folder.glob("boot/vmlinuz-*"))


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--loader", "--folder"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    images.tool("mke2fs")
    kernel = fetch(pathlib.Path(options.folder))
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, os.path.abspath(options.pvisor), os.path.abspath(options.loader), "fiber", b"")
        menu = f"timeout 0\ntitle Debian\nkernel /boot/{kernel.name} root=/dev/xvda ro\n"
        disk = world.file_system({"/boot/grub/menu.lst": menu, f"/boot/{kernel.name}": kernel.read_bytes()}, mebibytes=64)
        result = world.boot(disk, options=["--memory", "256M"])
    # It was found, decompressed and understood: what is missing is on our side.
    result.shows(f"menu.lst:3: kernel /boot/{kernel.name}: kernel: does not list auto_translated_physmap in its FEATURES or "
                 "SUPPORTED_FEATURES note")
    result.loader_lines(1).ends(FAILED_BOOT)


if __name__ == "__main__":
    main()
