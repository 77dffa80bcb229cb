# SPDX-License-Identifier: MIT
"""Kernels in each form that they come in, and what goes with them: ramdisks, and files that are refused."""

import gzip
import os
import struct
import subprocess

import images

MENU = "/boot/grub/menu.lst"
BOOTS = "timeout 0\ntitle one\nkernel /boot/kernel from=one\n"


def one_disk(world, menu, files=None, **options):
    return world.file_system({MENU: menu, "/boot/kernel": "KERNEL", **(files or {})}, **options)


def byte_sum(content):
    total = 0
    for byte in content:
        total = (total * 31 + byte) & 0xFFFFFFFFFFFFFFFF
    return f"{total:016x}"


def case_initrd(world):
    ramdisk = os.urandom(100001)
    result = world.boot(one_disk(world, BOOTS + "initrd /boot/ramdisk\n", {"/boot/ramdisk": ramdisk}))
    result.shows('started with "from=one"', f"ramdisk of 100001 bytes, sum {byte_sum(ramdisk)}").ends(0)


def case_gzip(world):
    disk = one_disk(world, BOOTS.replace("/kernel", "/k.gz"), {"/boot/k.gz": gzip.compress(world.kernel, 9)})
    world.boot(disk).shows('started with "from=one"').ends(0)


def refused(world, menu, files, *texts):
    """The first entry is refused with these texts, and the fallback boots."""
    spare = "title spare\nkernel /boot/kernel spare\n"
    result = world.boot(one_disk(world, "timeout 0\nfallback 1\ntitle bad\n" + menu + spare, files, mebibytes=24))
    result.shows("Booting 'bad'\n", "loader: (hd0)/boot/grub/menu.lst:", *texts)
    result.shows("Booting 'spare'\n", 'started with "spare"').loader_lines(1).ends(0)


def case_cut_gzip(world):
    compressed = gzip.compress(world.kernel, 9)
    refused(world, "kernel /boot/k.gz\n", {"/boot/k.gz": compressed[:-2000]}, "4: kernel /boot/k.gz: cannot be decompressed")


def case_cut_kernel(world):
    refused(world, "kernel /boot/cut\ninitrd /boot/kernel\n", {"/boot/cut": world.kernel[:9000]}, "4: kernel /boot/cut: ")


def pack(content, *command):
    """What a program makes of its standard input."""
    return subprocess.run([images.tool(command[0]), *command[1:]], input=content, stdout=subprocess.PIPE, check=True).stdout


def boots_packed(world, packed):
    disk = one_disk(world, BOOTS.replace("/kernel", "/packed"), {"/boot/packed": packed})
    world.boot(disk).shows('started with "from=one"').loader_lines(0).ends(0)


def case_xz(world):
    boots_packed(world, pack(world.kernel, "xz", "-c", "--check=crc32", "--x86", "--lzma2=preset=6"))


def case_lz4(world):
    boots_packed(world, pack(world.kernel, "lz4", "-c", "-9"))


def case_lz4_legacy(world):
    boots_packed(world, pack(world.kernel, "lz4", "-c", "-l"))


def case_zstd(world):
    """Padded to a whole number of sectors, as some tools do."""
    packed = pack(world.kernel, "zstd", "-c", "-19")
    boots_packed(world, packed + bytes(-len(packed) % 512))


def bzimage(payload, length=None, version=0x20F, setup_sectors=3, offset=0x60):
    """The fields of Linux's boot protocol that lead to the kernel inside."""
    head = bytearray((setup_sectors + 1) * 512 + offset)
    head[0x1F1] = setup_sectors
    head[0x1FE:0x200] = b"\x55\xaa"
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, version)
    struct.pack_into("<II", head, 0x248, offset, len(payload) if length is None else length)
    return bytes(head) + payload


def raw_size(content):
    return struct.pack("<I", len(content))


def case_bzimage(world):
    boots_packed(world, bzimage(gzip.compress(world.kernel)))
    for command in (("xz", "-c", "--check=crc32", "--x86", "--lzma2=preset=6"), ("lz4", "-c", "-l"), ("zstd", "-c")):
        boots_packed(world, bzimage(pack(world.kernel, *command) + raw_size(world.kernel)) + bytes(700))


def case_bad_bzimage(world):
    good = pack(world.kernel, "lz4", "-c", "-l")
    text = pack(b"hello " * 100, "xz", "-c", "--check=crc32") + raw_size(b"hello " * 100)
    for image, why in (
        (bzimage(good, version=0x207), "a bzImage that does not say where its kernel lies"),
        (bzimage(good, length=0), "a bzImage that does not say where its kernel lies"),
        (bzimage(good, length=1 << 31), "a bzImage whose kernel lies past the file's end"),
        (bzimage(b"BZh9" + bytes(9000)), "a bzImage whose kernel is in none of gzip, xz, lz4 and zstd, but an unknown format"),
        (bzimage(good + b"\1\2\0\0"), "cannot be decompressed: "),
        (bzimage(text), "inside the bzImage file: not an ELF kernel, but an unknown format"),
    ):
        refused(world, "kernel /boot/bz\n", {"/boot/bz": image}, "4: kernel /boot/bz: " + why)


def case_bombs(world):
    """Files of a few kilobytes that grow to a gibibyte end where the domain's memory does."""
    huge = subprocess.Popen(["head", "-c", str(1 << 30), "/dev/zero"], stdout=subprocess.PIPE)
    bomb = subprocess.run([images.tool("zstd"), "-c", "-1"], stdin=huge.stdout, stdout=subprocess.PIPE, check=True).stdout
    huge.wait()
    liar = bytearray(pack(bytes(1 << 26), "xz", "-c", "-0", "--check=crc32")) + struct.pack("<I", 100)
    for name, content in (("zstd", bomb), ("bzimage", bzimage(bytes(liar)))):
        refused(world, f"kernel /boot/{name}\n", {f"/boot/{name}": content}, f"4: kernel /boot/{name}: needs ", " MiB, more than the domain has free")


def case_cut_xz(world):
    packed = pack(world.kernel, "xz", "-c")
    refused(world, "kernel /boot/k.xz\n", {"/boot/k.xz": packed[:-400]}, "cannot be decompressed: the compressed data ends too early")


def case_not_a_kernel(world):
    refused(world, "kernel /boot/text\n", {"/boot/text": "hello\n"}, "4: kernel /boot/text: not a kernel")


def case_huge_file(world):
    refused(world, "kernel /boot/kernel\ninitrd /boot/huge\n", {"/boot/huge": 3 << 30}, "5: initrd /boot/huge: needs 3072 MiB")


def case_large_initrd(world):
    ramdisk = os.urandom(images.MIB) * 20
    disk = one_disk(world, BOOTS + "initrd /boot/ramdisk\n", {"/boot/ramdisk": ramdisk}, mebibytes=48)
    world.boot(disk, options=["--memory", "32M"]).shows(f"ramdisk of {len(ramdisk)} bytes, sum {byte_sum(ramdisk)}").ends(0)


def case_module(world):
    big, small = os.urandom(3 * 4096), b"abc"
    files = {"/big": big, "/small": small, "/packed": gzip.compress(small * 5000)}
    lines = "module /big\nmodule\t(hd0)/small  a  b=c\nmodule /packed x\nmodulenounzip /packed y\n"
    result = world.boot(one_disk(world, BOOTS + lines, files))
    result.shows('started with "from=one"\n', f'module "/big" of 12288 bytes, sum {byte_sum(big)}\n',
                 f'module "(hd0)/small  a  b=c" of 3 bytes, sum {byte_sum(small)}\n',
                 f'module "/packed x" of 15000 bytes, sum {byte_sum(small * 5000)}\n',
                 f'module "/packed y" of {len(files["/packed"])} bytes, sum {byte_sum(files["/packed"])}\n').lacks("ramdisk").ends(0)


def case_module_typed(world):
    keys = [("  0  one", b"c"), ("loader> ", b"kernel /boot/kernel a\r"), ("loader> ", b"module /boot/kernel old\r"),
            ("loader> ", b"initrd /boot/kernel\r"), ("not both", b"kernel /boot/kernel b\r"), ("loader> ", b"module /m new\r"),
            ("loader> ", b"boot\r")]
    result = world.boot_typing(one_disk(world, BOOTS.replace("timeout 0\n", ""), {"/m": "abc"}), keys=keys)
    result.shows('started with "b"', f'module "/m new" of 3 bytes, sum {byte_sum(b"abc")}\n').lacks('module "/boot').ends(0)


def case_module_refused(world):
    refused(world, "kernel /boot/kernel\nmodule /absent x\n", {}, "5: module /absent x: not found on (hd0)")
    refused(world, "module /boot/kernel\n", {}, "4: module /boot/kernel: a kernel line must come before")
    refused(world, "kernel /boot/kernel\ninitrd /boot/kernel\nmodule /boot/kernel\n", {}, "6: module /boot/kernel: a kernel is given a")


def case_chainloader(world):
    refused(world, "chainloader +1\n", {}, "4: chainloader +1: boot sectors cannot run")


def case_locked(world):
    disk = one_disk(world, "password x\ntimeout 0\nfallback 1\ntitle bad\nlock\nkernel /boot/kernel bad\n"
                           "title spare\nkernel /boot/kernel spare\n")
    world.boot(disk).shows("menu.lst:5: lock: the entry is locked", 'started with "spare"').ends(0)
