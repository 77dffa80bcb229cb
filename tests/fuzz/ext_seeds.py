# SPDX-License-Identifier: MIT
"""Small file systems by mke2fs, with each way to map blocks and to keep directories; most without checksums, so that damage gets in."""
import tempfile

from disk_seeds import FILES, images, pack

MANY = {f"/many/an empty file with number {number}": b"" for number in range(100)}
SHAPES = {
    "ext2": "ext2 -b 1024",
    "ext2-old": "ext2 -b 1024 -r 0 -O none",
    "ext3": "ext3 -b 1024 -O ^has_journal",
    "ext4": "ext4 -b 1024 -N 200 -O ^has_journal,^metadata_csum",
    "ext4-checksums": "ext4 -b 1024 -O ^has_journal",
    "ext4-inline": "ext4 -b 1024 -I 256 -O ^has_journal,^metadata_csum,inline_data",
    "ext4-groups": "ext4 -b 1024 -g 256 -O ^has_journal,^metadata_csum,^resize_inode,meta_bg",
    "ext4-large-blocks": "ext4 -b 4096 -O ^has_journal,^metadata_csum,64bit",
}


def seeds():
    for title, shape in SHAPES.items():
        kind, *options = shape.split()
        files = {**FILES, **MANY} if title == "ext4" else FILES
        with tempfile.TemporaryDirectory() as folder:
            image = images.make_file_system(folder, title, files, kind=kind, options=options, mebibytes=1)
            images.run([images.tool("debugfs"), "-w", "-R", "symlink link boot/grub", image])
            yield title, pack(image)
