# SPDX-License-Identifier: MIT
"""Makes the disk that the test's session looks at."""
import os
import subprocess


def prepare(run):
    tree = run.work / "tree"
    (tree / "folder" / "deeper").mkdir(parents=True)
    (tree / "folder" / "notes.txt").write_text("one line\nand another\n")
    (tree / "folder" / "empty").touch()
    (tree / "odd").write_bytes(b"\x1b[2Jtab\there, \xc3\xa9\n")
    (tree / "link").symlink_to("folder/notes.txt")
    (tree / "broken").symlink_to("nowhere")
    image = run.work / "disk.img"
    with open(image, "wb") as file:
        file.truncate(2 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image], check=True,
                   env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
