# SPDX-License-Identifier: MIT
"""Disk images for the loader's tests: file systems made by mke2fs, or mkfs.fat and mtools; partition tables by sfdisk."""

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


def make_tree(tree, files):
    """Makes a folder with these files, {"/boot/kernel": bytes}; a number is the size of a hole."""
    os.makedirs(tree)
    for path, content in files.items():
        target = tree + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            if isinstance(content, int):
                file.truncate(content)
            else:
                file.write(content)
    return tree


def run(command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)


def make_file_system(folder, name, files, kind="ext4", mebibytes=8, uuid=None, options=()):
    """Makes an image of ext2, ext3 or ext4 with these files; returns its path."""
    tree = make_tree(os.path.join(folder, name + ".tree"), files)
    image = os.path.join(folder, name + ".img")
    command = [tool("mke2fs"), "-q", "-F", "-t", kind, "-d", tree, *options]
    if uuid:
        command += ["-U", uuid]
    run(command + [image, f"{mebibytes}M"])
    return image


def make_fat(folder, name, files, kind="16", mebibytes=16, options=()):
    """Makes an image of FAT12, FAT16 or FAT32 with these files; returns its path."""
    tree = make_tree(os.path.join(folder, name + ".tree"), files)
    image = os.path.join(folder, name + ".img")
    command = [tool("mkfs.fat"), "-F", kind, *options, "-C", image, str(mebibytes * 1024)]
    run(command)
    top = [os.path.join(tree, entry) for entry in sorted(os.listdir(tree))]
    # Names are taken as UTF-8, and sizes as they are.
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1"}
    if top:
        run([tool("mcopy"), "-s", "-i", image, *top, "::"], env=environment)
    return image


def make_disk(folder, name, script, parts, mebibytes=48):
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
