# SPDX-License-Identifier: MIT
"""What gzip, xz, lz4 and zstd make of a short text that mixes repetition and noise."""
import hashlib
import subprocess

from disk_seeds import images

COMMANDS = {
    "gzip": "gzip -c", "gzip-fixed": "gzip -c -1", "xz": "xz -c", "xz-x86": "xz -c --check=crc32 --x86 --lzma2=preset=6",
    "xz-blocks": "xz -c --block-size=900 --check=none", "lz4": "lz4 -c", "lz4-legacy": "lz4 -c -l", "lz4-sizes": "lz4 -c -BX --content-size",
    "zstd": "zstd -c", "zstd-best": "zstd -c --ultra -22", "zstd-fast": "zstd -c --fast=9 --no-check",
}


def seeds():
    noise = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(12))
    text = b"".join(b"\xe8%d\0\0\0 lines of text\n" % number for number in range(150)) + noise + bytes(300) + noise[:90]
    for title, command in COMMANDS.items():
        program, *options = command.split()
        yield title, subprocess.run([images.tool(program), *options], input=text, capture_output=True, check=True).stdout
