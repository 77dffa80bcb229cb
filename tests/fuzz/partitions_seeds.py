# SPDX-License-Identifier: MIT
"""Partition tables by sfdisk, and a file system where a table might be."""
import tempfile

from disk_seeds import images, pack

LOGICAL = "\n".join(f"start={start}, size=64" for start in range(1000, 4000, 500))
TABLES = {
    "mbr": "label: dos\nstart=64, size=100, type=83\nstart=300, size=500, type=c\n",
    "mbr-logical": "label: dos\nstart=64, size=100, type=83\nstart=900, size=4000, type=5\n" + LOGICAL + "\n",
    "gpt": "label: gpt\nfirst-lba: 34\nstart=64, size=100\nstart=300, size=500\n",
}


def seeds():
    with tempfile.TemporaryDirectory() as folder:
        for title, script in TABLES.items():
            yield title, pack(images.make_disk(folder, title, script, {}, mebibytes=3))
        yield "fat", pack(images.make_fat(folder, "fat", {}, kind="12", mebibytes=1))
