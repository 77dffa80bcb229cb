#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots a guest as the first domain of Xen, in QEMU's software emulation, and prints what the guest printed.

usage: boot.py --xen IMAGE [--vcpus N] [--memory MIB] [--raw] GUEST [WORD...]

IMAGE is what scripts/get-xen.sh leaves in its folder; the WORDs are the guest's command line. --raw shows Xen's own messages,
too. Exit status: 0 if the guest powered off, 1 if it ended otherwise or never, 77 if there is no QEMU or no Xen.
"""
import argparse
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import threading

SKIPPED = 77
QEMU = "qemu-system-x86_64"
HANGS_AFTER_S = 100
HOST_MIB_FOR_XEN = 192
# What Xen says when its first domain ended, and the words of our own for it. Then it halts, or waits to restart: no need to wait.
ENDINGS = {b"Hardware Dom0 halted": "poweroff", b"Hardware Dom0 shutdown: rebooting": "reboot",
           b"Hardware Dom0 crashed": "crash", b"Hardware Dom0 shutdown: watchdog": "watchdog"}
XEN_MESSAGE = re.compile(rb"\(XEN\) [^\n]*\n?")


@dataclasses.dataclass
class Boot:
    """What came of it: how the guest ended (a word of ENDINGS, or None), and the serial line's bytes."""
    ending: str | None
    serial: bytes
    errors: str

    def guest_output(self):
        """Without Xen's messages, which may begin anywhere in a guest's line, and as the guest wrote it: no CR before newlines."""
        return XEN_MESSAGE.sub(b"", self.serial.replace(b"\r\n", b"\n")).decode("latin-1")


def why_not(xen):
    """Why nothing can be booted here, or None."""
    xen = pathlib.Path(xen)
    if shutil.which(QEMU) is None:
        return f"{QEMU} is not installed (package qemu-system-x86)"
    if not xen.exists():
        said = xen.parent / "why-not"
        return said.read_text().strip() if said.exists() else f"no {xen}: scripts/get-xen.sh fetches it"
    return None


def command_of(xen, guest, words, vcpus, memory):
    if "," in str(guest):
        raise SystemExit(f"{guest}: QEMU takes no commas in a module's name")
    return [QEMU, "-accel", "tcg", "-cpu", "max", "-smp", str(vcpus), "-m", str(memory + HOST_MIB_FOR_XEN),
            "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
            "-kernel", str(xen), "-append", f"console=com1 dom0_mem={memory}M,max:{memory}M dom0_max_vcpus={vcpus} guest_loglvl=none gnttab_max_frames=32",
            "-initrd", " ".join([str(guest), *words]).replace(",", ",,")]


def boot(xen, guest, words=(), vcpus=1, memory=64):
    with subprocess.Popen(command_of(xen, guest, words, vcpus, memory), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as qemu:
        limit = threading.Timer(HANGS_AFTER_S, qemu.kill)
        limit.start()
        serial, ending = b"", None
        for line in qemu.stdout:
            serial += line
            ending = next((word for text, word in ENDINGS.items() if text in line), None)
            if ending:
                break
        qemu.kill()
        limit.cancel()
        return Boot(ending, serial, qemu.stderr.read().decode(errors="replace"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--xen", required=True)
    parser.add_argument("--vcpus", type=int, default=1)
    parser.add_argument("--memory", type=int, default=64)
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("guest")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    reason = why_not(options.xen)
    if reason:
        print(reason, file=sys.stderr)
        return SKIPPED
    ended = boot(options.xen, options.guest, options.words, options.vcpus, options.memory)
    print(ended.serial.decode("latin-1") if options.raw else ended.guest_output(), end="")
    print(f"{ended.errors}the guest ended: {ended.ending or 'never'}", file=sys.stderr)
    return 0 if ended.ending == "poweroff" else 1


if __name__ == "__main__":
    sys.exit(main())
