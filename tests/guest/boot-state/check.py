# SPDX-License-Identifier: MIT
"""Gives the guest a ramdisk of known bytes."""


def prepare(run):
    ramdisk = run.work / "ramdisk"
    ramdisk.write_bytes(bytes((i * 7 + i // 256) & 255 for i in range(10000)))
    run.case["options"] = ["--initrd", str(ramdisk)]
