# SPDX-License-Identifier: MIT
"""Disk images for the loader's tests: file systems made by mke2fs, partition tables by sfdisk."""

import os
import shutil
import subprocess
import sys

MIB = 1 << 20


def tool(name):
    """The path of a program; the test is skipped without it."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    if not found:
        print(f"skipped: {name} is not installed")
        sys.exit(77)
    return found


def make_file_system(folder, name, files, kind="ext4", mebibytes=8, uuid=None):
    """Makes an image with these files, {"/boot/kernel": bytes}; returns its path."""
    tree = os.path.join(folder, name + ".tree")
    os.makedirs(tree)
    for path, content in files.items():
        target = tree + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            if isinstance(content, int):
                file.truncate(content)  # a hole of this size
            else:
                file.write(content)
    image = os.path.join(folder, name + ".img")
    command = [tool("mke2fs"), "-q", "-F", "-t", kind, "-d", tree]
    if uuid:
        command += ["-U", uuid]
    subprocess.run(command + [image, f"{mebibytes}M"], check=True, stdout=subprocess.DEVNULL)
    return image


def make_disk(folder, name, script, parts, mebibytes=32):
    """Makes a disk from sfdisk's script and puts images at these sectors, {2048: path}; returns its path."""
    disk = os.path.join(folder, name + ".disk")
    with open(disk, "wb") as file:
        file.truncate(mebibytes * MIB)
    subprocess.run([tool("sfdisk"), "-q", "--no-reread", disk], input=script.encode(), check=True)
    with open(disk, "r+b") as file:
        for sector, part in parts.items():
            file.seek(sector * 512)
            with open(part, "rb") as source:
                shutil.copyfileobj(source, file)
    return disk


def overwrite(image, offset, content):
    with open(image, "r+b") as file:
        file.seek(offset)
        file.write(content)
