# SPDX-License-Identifier: MIT
"""What was done to the ext4 file system of ext4.trace.xz, step by step, and what each step promises.

A step ends with fsync of all that it changed, and then a mark. From then on its files are as it left them, whenever the power
goes, until a later step begins to change them.
"""
import dataclasses

LINE = 64  # bytes; no two lines of a workload are the same


def content(path, version, size):
    """Text in which each line says whose it is, so that no block looks like another's."""
    lines = (f"{path} version {version} line {number}".ljust(LINE - 1, ".") + "\n" for number in range(-(-size // LINE)))
    return "".join(lines).encode()[:size]


@dataclasses.dataclass
class Step:
    commands: list    # of the shell; {n} stands for the file with the step's own bytes
    data: bytes       # those bytes
    after: dict       # path -> what it then holds, None if it must not be there
    at_once: bool     # in between each file is as before or as after, and nothing else


class Workload:
    def __init__(self):
        self.steps, self.files = [], {}

    def _add(self, commands, data, after, at_once=False):
        self.steps.append(Step(commands, data, after, at_once))
        self.files.update(after)

    def put(self, path, version, size):
        data = content(path, version, size)
        self._add([f"dd if={{n}} of={path} bs=64k conv=fsync", f"sync {folder(path)}"], data, {path: data})

    def append(self, path, version, size):
        data = content(path, version, size)
        self._add([f"dd if={{n}} of={path} bs=64k oflag=append conv=notrunc,fsync"], data, {path: self.files[path] + data})

    def overwrite(self, path, version, offset_kib, size):
        data, old = content(path, version, size), self.files[path]
        start = offset_kib << 10
        self._add([f"dd if={{n}} of={path} bs=1k seek={offset_kib} conv=notrunc,fsync"], data,
                  {path: old[:start] + data + old[start + size:]})

    def replace(self, path, version, size):
        """As programs do that keep the old content until the new one is safe."""
        data = content(path, version, size)
        self._add([f"dd if={{n}} of={path}.new bs=64k conv=fsync", f"mv {path}.new {path}", f"sync {folder(path)}"], data,
                  {path: data}, at_once=True)

    def move(self, old, new):
        self._add([f"mv {old} {new}", f"sync {folder(old)}", f"sync {folder(new)}"], b"", {new: self.files[old], old: None})

    def remove(self, path):
        self._add([f"rm {path}", f"sync {folder(path)}"], b"", {path: None}, at_once=True)

    def folder(self, path):
        self._add([f"mkdir {path}", f"sync {folder(path)}"], b"", {})

    def noise(self, path, version, size):
        """Changes that nobody asks to be safe: they come whenever the file system likes."""
        self._add([f"dd if={{n}} of=noise-{path} bs=64k", "rm -f noise-old", f"ln noise-{path} noise-old"],
                  content(path, version, size), {})


def folder(path):
    return path.rpartition("/")[0] or "."


def workload():
    work = Workload()
    work.folder("etc")
    work.put("etc/passwd", 1, 700)
    work.put("etc/fstab", 1, 1500)
    work.noise("a", 1, 5000)
    work.append("etc/passwd", 2, 400)
    work.replace("etc/fstab", 2, 1800)
    work.folder("var")
    work.put("var/database", 1, 40000)
    work.overwrite("var/database", 2, 7, 2048)
    work.noise("b", 1, 20000)
    work.overwrite("var/database", 3, 21, 6000)
    work.move("etc/passwd", "var/passwd")
    for number in range(6):
        work.put(f"var/mail-{number}", 1, 300 + 900 * number)
        work.replace("etc/fstab", 3 + number, 1000 + 300 * number)
    work.noise("a", 2, 30000)
    work.append("var/database", 4, 30000)
    for number in range(0, 6, 2):
        work.remove(f"var/mail-{number}")
    work.put("var/mail-0", 2, 9000)
    work.overwrite("var/database", 5, 0, 10000)
    work.replace("var/database", 6, 50000)
    work.move("var/mail-1", "etc/mail")
    work.remove("var/passwd")
    work.replace("etc/fstab", 20, 3000)
    return work.steps


def files_after(steps):
    """What must be there once all these steps are safe."""
    files = {}
    for step in steps:
        files.update(step.after)
    return files
