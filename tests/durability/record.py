#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes ext4.trace.xz anew: Linux, in QEMU's software emulation, does workload.py on ext4, and each write and flush is recorded.

usage: record.py FOLDER TRACE

FOLDER gets Debian's kernel and busybox (apt-get download; nothing is installed) and is kept. QEMU's blklogwrites records the disk's
writes and flushes in the kernel's dm-log-writes format. The disk is longer than the file system: the sector behind it is
where the workload notes, past the page cache, which step has become safe; here those writes become marks. Not part of the tests, which
use the trace: it needs the network, and no two recordings are the same.
"""
import gzip
import os
import pathlib
import re
import struct
import subprocess
import sys

sys.dont_write_bytecode = True

import disk_trace  # noqa: E402
from disk_trace import SECTOR  # noqa: E402
from workload import workload  # noqa: E402

FILE_SYSTEM_KIB = 3072
MARK_SECTOR = FILE_SYSTEM_KIB * 2
KERNEL = "linux-image-cloud-amd64"  # stands for the newest; has ext4 built in
MODULES = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"]
ENDS_WITHIN_S = 300
FLUSH_FLAG, FUA_FLAG, DISCARD_FLAG = 1, 2, 4


def run(*command, folder="."):
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout.decode()


def fetch(folder):
    """The kernel's file, its modules by name, and busybox."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "boot").exists():
        real = re.search(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", KERNEL)).group(1)
        run("apt-get", "download", real, "busybox-static", folder=folder)
        for package in folder.glob("*.deb"):
            run("dpkg-deb", "-x", package.name, ".", folder=folder)
            package.unlink()
    modules = {path.stem: path for path in folder.glob("lib/modules/**/*.ko")}
    return next(folder.glob("boot/vmlinuz-*")), modules, next(folder.glob("**/bin/busybox"))


def archive(files):
    """A ramdisk in cpio's "newc" form. Values are bytes, or None for a folder."""
    out = bytearray()
    for number, (name, data) in enumerate([*files.items(), ("TRAILER!!!", b"")], 1):
        mode = 0o040755 if data is None else 0o100755
        body = data or b""
        fields = [number, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + "".join(f"{field:08x}" for field in fields).encode() + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + body
        out += b"\0" * (-len(out) % 4)
    return gzip.compress(bytes(out))


def script(modules):
    lines = ["#!/bin/busybox sh", "set -e", "/bin/busybox --install -s /bin", "mount -t proc proc /proc", "mount -t devtmpfs dev /dev"]
    lines += [f"insmod /modules/{name}.ko" for name in MODULES if name in modules]
    lines += [f"mark() {{ dd if=/marks/$1 of=/dev/vda bs={SECTOR} seek={MARK_SECTOR} conv=notrunc,fsync; }}",
              "mount -t ext4 -o errors=panic /dev/vda /mnt", "cd /mnt", "mark 0"]
    for number, step in enumerate(workload(), 1):
        lines += [command.replace("{n}", f"/data/{number}") for command in step.commands] + [f"mark {number}"]
    lines += ["cd /", "umount /mnt", "echo recorded >/dev/console", "poweroff -f"]
    return "\n".join(lines).encode() + b"\n"


def ramdisk(modules, busybox):
    files = dict.fromkeys(["bin", "dev", "proc", "mnt", "modules", "data", "marks"])
    files |= {"bin/busybox": busybox.read_bytes(), "init": script(modules)}
    files |= {f"modules/{name}.ko": modules[name].read_bytes() for name in MODULES if name in modules}
    files |= {f"data/{number}": step.data for number, step in enumerate(workload(), 1)}
    files |= {f"marks/{number}": str(number).encode().ljust(SECTOR, b"\0") for number in range(len(workload()) + 1)}  # whole sectors
    return archive(files)


def entries(log):
    """Of a log in dm-log-writes' format: sector, flags, data."""
    _, _, count, size = struct.unpack_from("<QQQI", log)
    at = size
    for _ in range(count):
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", log, at)
        length = 0 if flags & DISCARD_FLAG else sectors * SECTOR
        yield sector, flags, log[at + size:at + size + length]
        at += size + length


def records_of(image, log):
    """The file system as mke2fs left it, and then what was done to it."""
    for sector in range(len(image) // SECTOR):
        data = image[sector * SECTOR:(sector + 1) * SECTOR]
        if any(data):
            yield disk_trace.record(disk_trace.WRITE, sector, data)
    yield disk_trace.record(disk_trace.FLUSH)
    marked = False
    for sector, flags, data in entries(log):
        assert not flags & DISCARD_FLAG, "mounted without discard, and yet there is one"
        if flags & FLUSH_FLAG and not marked:
            yield disk_trace.record(disk_trace.FLUSH)
        marked = marked and not flags & FLUSH_FLAG
        if data and sector == MARK_SECTOR:
            yield disk_trace.record(disk_trace.MARK, int(data.rstrip(b"\0")))
            marked = True
        elif data:
            yield disk_trace.record(disk_trace.WRITE, sector, data)
        if flags & FUA_FLAG:
            yield disk_trace.record(disk_trace.FLUSH)
    yield disk_trace.record(disk_trace.END)


def main():
    folder, target = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    kernel, modules, busybox = fetch(folder)
    disk, log, initrd = folder / "disk", folder / "log", folder / "initrd"
    disk.write_bytes(b"")
    os.truncate(disk, (FILE_SYSTEM_KIB + 64) << 10)
    log.write_bytes(b"")
    run("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-J", "size=1", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", "-N", "64",
        "-U", "6b1d9a1e-4f0c-4a53-9a35-3a5d1f0e7c11", str(disk), f"{FILE_SYSTEM_KIB}k")
    image = disk.read_bytes()[:FILE_SYSTEM_KIB << 10]
    initrd.write_bytes(ramdisk(modules, busybox))
    console = subprocess.run(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio",
         "-no-reboot", "-kernel", str(kernel), "-initrd", str(initrd), "-append", "console=ttyS0 quiet panic=-1",
         "-blockdev", f"driver=file,node-name=f,filename={disk}", "-blockdev", f"driver=file,node-name=l,filename={log}",
         "-blockdev", "driver=blklogwrites,node-name=d,file=f,log=l", "-device", "virtio-blk-pci,drive=d,write-cache=on"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=ENDS_WITHIN_S, check=True).stdout.decode(errors="replace")
    if "recorded" not in console:
        sys.exit(f"record: the workload did not end:\n{console}")
    parts = list(records_of(image, log.read_bytes()))
    disk_trace.pack(target, b"".join(parts))
    print(f"{target.name}: {len(parts)} records of Linux {kernel.name.removeprefix('vmlinuz-')}, {target.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    main()
