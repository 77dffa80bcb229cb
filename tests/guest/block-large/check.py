# SPDX-License-Identifier: MIT
"""Every sector of the image tells its number."""
import struct

WORDS = 64


def check(run):
    content = run.disks[0][0].read_bytes()
    if len(content) != 4 << 20:
        return f"the image has {len(content)} bytes now"
    for sector in range(len(content) // 512):
        words = struct.unpack_from(f"<{WORDS}Q", content, sector * 512)
        if words != tuple(sector * 1000003 + k for k in range(WORDS)):
            return f"sector {sector} of the image is not what the guest wrote"
    return None
