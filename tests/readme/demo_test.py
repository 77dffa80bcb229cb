#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs scripts/demo.sh as somebody at a terminal does, up to the shell and out of it again; only the build is skipped.

usage: demo_test.py SOURCE_ROOT BUILD_ROOT
The scratch folder looks like a source tree that is built already: the script finds it configured, and `ninja` has nothing to do.
"""
import fcntl
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time

SECONDS_LIMIT = 90
NOT_SHARED = ("demo", "meson-info", "build.ninja", "last-build.txt")


def built_tree(folder, source, build):
    shutil.copytree(source / "scripts", folder / "scripts")
    (folder / "examples").symlink_to(source / "examples")
    (folder / "build" / "meson-info").mkdir(parents=True)
    for entry in build.iterdir():
        if entry.name not in NOT_SHARED:
            (folder / "build" / entry.name).symlink_to(entry)
    (folder / "build" / "build.ninja").touch()
    (folder / "build" / "meson-info" / "meson-info.json").write_text(json.dumps({"source": str(folder)}))
    (folder / "bin").mkdir()
    (folder / "bin" / "ninja").symlink_to("/bin/true")


class Terminal:
    """A terminal with a program on it, and what has been shown since the last look."""

    def __init__(self, command, folder):
        self.master, self.slave = pty.openpty()
        self.found = termios.tcgetattr(self.slave)
        self.shown = ""
        self.deadline = time.monotonic() + SECONDS_LIMIT
        environment = dict(os.environ, PVISOR_NO_INSTALL="1", PATH=f"{folder / 'bin'}:{os.environ['PATH']}")
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def wait_for(self, *texts):
        """Until all of them have been shown, in this order."""
        for text in texts:
            while text not in self.shown:
                if time.monotonic() > self.deadline:
                    raise SystemExit(f"{text!r} was not shown, but {self.shown!r}")
                self._read()
            self.shown = self.shown.partition(text)[2]

    def type(self, keys):
        os.write(self.master, keys.encode())

    def ends(self):
        status = self.process.wait(max(1.0, self.deadline - time.monotonic()))
        if status != 0:
            raise SystemExit(f"it ended with status {status}")
        if termios.tcgetattr(self.slave) != self.found:
            raise SystemExit("the terminal was not put back")

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def _read(self):
        if select.select([self.master], [], [], 0.1)[0]:
            self.shown += os.read(self.master, 65536).decode(errors="replace")
        elif self.process.poll() is not None:
            raise SystemExit(f"it ended with status {self.process.poll()} after {self.shown!r}")


def session(terminal, has_lwip):
    terminal.wait_for("Building build/pvisor", "Making build/demo/disk.img", "Seen from here, too: both images are the same")
    terminal.wait_for("The menu is live", "To leave: poweroff in the shell, or Ctrl-] at any time", "Ctrl-] leaves", "A shell")
    terminal.type("\r")
    terminal.wait_for("A shell in a paravirtual kernel", "> ")
    terminal.type("help\r")
    terminal.wait_for("disks and partitions", "ends it for good", "> ")
    terminal.type("ls /boot\r")
    terminal.wait_for("hello.elf", "shell.elf", "> ")
    terminal.type("poweroff\r")
    if has_lwip:
        terminal.wait_for("It says: serving on 10.0.2.15 port 80", "HTTP/1.1 200 OK", "title A shell", "Checked from here")
    else:
        terminal.wait_for("No request by HTTP: ")
    terminal.wait_for("Next: build/pvisor run build/guests/hello.elf")
    terminal.ends()


def main(source, build):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch).resolve()
        built_tree(folder, pathlib.Path(source).resolve(), pathlib.Path(build).resolve())
        terminal = Terminal(["scripts/demo.sh"], folder)
        try:
            session(terminal, (folder / "build" / "lwip" / "src").exists())
        finally:
            terminal.stop()
    print("the demonstration on a terminal: menu, shell, help, ls, poweroff, and the terminal as it was")


if __name__ == "__main__":
    main(*sys.argv[1:])
