# SPDX-License-Identifier: MIT
"""Runs pvisor for the loader's tests and looks at what came out."""

import os
import pty
import re
import select
import subprocess
import time

import images

TIME_LIMIT = "20s"
PATIENCE_SECONDS = 40
FAILED_BOOT = 134


class Result:
    def __init__(self, output, errors, status):
        self.output = output.replace("\r\n", "\n")
        self.errors = errors
        self.status = status

    def complain(self, what):
        raise SystemExit(f"{what}\nexit status {self.status}\n--- console\n{self.output}\n--- errors\n{self.errors}")

    def shows(self, *texts):
        """The console shows these texts, in this order."""
        at = 0
        for text in texts:
            found = self.output.find(text, at)
            if found < 0:
                self.complain(f"missing, or in another order: {text!r}")
            at = found + len(text)
        return self

    def lacks(self, *texts):
        for text in texts:
            if text in self.output:
                self.complain(f"must not be there: {text!r}")
        return self

    def loader_lines(self, count):
        """The loader had so many notes and errors to tell."""
        if len(re.findall(r"^loader: ", self.output, re.MULTILINE)) != count:
            self.complain(f"{count} lines of the loader were expected")
        return self

    def ends(self, status):
        if self.status != status:
            self.complain(f"exit status {status} was expected")
        return self


class World:
    def __init__(self, folder, pvisor, loader, engine, kernel):
        self.folder = folder
        self.kernel = kernel
        self._pvisor = pvisor
        self._loader = loader
        self._engine = engine
        self._count = 0

    def file_system(self, files, **options):
        """An image of a file system with these files; text is encoded, "KERNEL" stands for the test's kernel."""
        self._count += 1
        content = {path: self._bytes(value) for path, value in files.items()}
        return images.make_file_system(self.folder, f"fs{self._count}", content, **options)

    def fat(self, files, **options):
        """As file_system(), in FAT."""
        self._count += 1
        content = {path: self._bytes(value) for path, value in files.items()}
        return images.make_fat(self.folder, f"fat{self._count}", content, **options)

    def disk(self, script, parts, **options):
        self._count += 1
        return images.make_disk(self.folder, f"disk{self._count}", script, parts, **options)

    def host_file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(self._bytes(text))
        return path

    def boot(self, *disks, options=(), under=()):
        """Boots without a terminal; `under` a program that starts others."""
        done = subprocess.run([*under, *self._command(disks, options)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=PATIENCE_SECONDS, check=False)
        return Result(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)

    def boot_typing(self, *disks, keys):
        """Boots on a terminal. Each of `keys` is a text to wait for and the bytes to type then."""
        master, slave = pty.openpty()
        child = subprocess.Popen(self._command(disks, ()), stdin=slave, stdout=slave, stderr=subprocess.PIPE)
        os.close(slave)
        output = ""
        at = 0
        waiting = list(keys)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if waiting and waiting[0][0] in output[at:]:
                at = output.index(waiting[0][0], at) + len(waiting[0][0])
                os.write(master, waiting.pop(0)[1])
                continue
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                piece = os.read(master, 4096)
            except OSError:  # the terminal's other end was closed
                piece = b""
            if not piece:
                break
            output += piece.decode(errors="replace")
        child.terminate() if time.monotonic() >= end else None
        errors = child.stderr.read().decode(errors="replace")
        os.close(master)
        return Result(output, errors, child.wait())

    def _command(self, disks, options):
        command = [self._pvisor, "boot", disks[0], "--engine", self._engine, "--loader", self._loader]
        for disk in disks[1:]:
            command += ["--disk", disk]
        return command + ["--timeout", TIME_LIMIT, *options]

    def _bytes(self, value):
        if value == "KERNEL":
            return self.kernel
        return value.encode() if isinstance(value, str) else value
