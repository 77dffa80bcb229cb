# SPDX-License-Identifier: MIT
"""Small file systems by mkfs.fat, one of each kind."""
import tempfile

from disk_seeds import FILES, images, pack

SHAPES = {
    "fat12": ("12", 1, []),
    "fat12-large-clusters": ("12", 8, ["-s", "8"]),
    "fat16": ("16", 3, ["-s", "1"]),
    "fat32": ("32", 36, ["-s", "1"]),
    "fat16-large-sectors": ("16", 20, ["-S", "4096", "-s", "1"]),
}


def seeds():
    for title, (kind, mebibytes, options) in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            files = {path: content for path, content in FILES.items() if path != "/hole"}  # FAT has none
            yield title, pack(images.make_fat(folder, title, files, kind=kind, mebibytes=mebibytes, options=options))
