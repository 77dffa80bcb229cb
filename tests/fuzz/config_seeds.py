# SPDX-License-Identifier: MIT
"""The examples' own files, and one with every key."""
import pathlib

EVERY_KEY = b"""{"version": 1, "timeout": "10s", "domains": [
 {"name": "a", "kernel": "k.elf", "ramdisk": "r.img", "cmdline": "a=\\u00e4 b=\\"c\\"", "memory": 64, "vcpus": 1, "engine": "fiber",
  "disk": [{"target": "d.img", "vdev": "xvda", "access": "ro"}, {"target": "/dev/sdb"}],
  "console": "file:log.txt", "on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "preserve"},
 {"name": "b", "bootloader": true, "loader": "l.elf", "disk": [{"target": "e.img"}], "console": "stdio"}]}
"""


def seeds():
    yield "every-key", EVERY_KEY
    examples = pathlib.Path(__file__).resolve().parents[2] / "examples"
    for path in sorted(examples.glob("*/*.json")):
        yield path.name, path.read_bytes()
