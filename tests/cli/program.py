# SPDX-License-Identifier: MIT
"""Starts pvisor for the command's tests and looks at what came of it."""

import fcntl
import os
import select
import signal
import subprocess
import time

PATIENCE_SECONDS = 30  # only a test that fails waits so long
ROOT_WARNING = "running as root, and the fiber engine contains nothing that a guest does: start only guests you trust"
NOBODY = 65534


class Wrong(Exception):
    """What a test found."""


def standard_arguments(words):
    return [os.fspath(word) for word in words]


class Result:
    """What one run of pvisor left behind."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def wrong(self, what):
        shown = " ".join(word if len(word) < 200 else word[:200] + "..." for word in self.command)
        raise Wrong(f"{what}\n$ {shown}\nexit status {self.status}\n--- stdout\n{self.out[-2000:]}\n--- stderr\n{self.err[-4000:]}")

    def ends(self, status):
        if self.status != status:
            self.wrong(f"exit status {status} was expected")
        return self

    def prints(self, text):
        if self.out != text:
            self.wrong(f"stdout was expected to be {text!r}")
        return self

    def shows(self, *texts):
        """Standard output has these texts, in this order."""
        self._in_order(self.out, "stdout", texts)
        return self

    def tells(self, *texts):
        """Standard error has these texts, in this order."""
        self._in_order(self.err, "stderr", texts)
        return self

    def lacks(self, *texts):
        for text in texts:
            if text in self.out + self.err:
                self.wrong(f"must not be there: {text!r}")
        return self

    def notes(self):
        """The lines of standard error that do not depend on who runs this."""
        return [line for line in self.err.splitlines() if line != "pvisor: " + ROOT_WARNING]

    def is_quiet(self):
        if self.notes():
            self.wrong("nothing was expected on stderr")
        return self

    def refuses(self, status, *texts):
        """Nothing on stdout, one line on stderr that has these texts in this order, and this exit status."""
        self.ends(status).prints("")
        lines = self.err.split("\n")
        if len(lines) != 2 or lines[1] or not lines[0].startswith("pvisor: ") or len(lines[0]) < 10:
            self.wrong("one line that begins with 'pvisor: ' was expected on stderr")
        if not lines[0].isprintable():
            self.wrong("the line has bytes that are no text")
        return self.tells(*texts)

    def _in_order(self, text, name, texts):
        at = 0
        for wanted in texts:
            found = text.find(wanted, at)
            if found < 0:
                self.wrong(f"{name} lacks, or has in another order: {wanted!r}")
            at = found + len(wanted)


class Child:
    """A pvisor that runs. Its standard output is read from `source`, a pipe or the master of a terminal."""

    def __init__(self, command, process, source):
        self.command, self.process, self.source = command, process, source
        self.out = b""
        self.err = b""
        self.at = 0

    def wait_for_note(self, text):
        """Waits until standard error has this text."""
        end = time.monotonic() + PATIENCE_SECONDS
        fd = self.process.stderr.fileno()
        while text.encode() not in self.err:
            said = os.read(fd, 4096) if select.select([fd], [], [], max(0, end - time.monotonic()))[0] else b""
            if not said:
                self.process.kill()
                self.result().wrong(f"stderr never had {text!r}")
            self.err += said
        return self

    def wait_for(self, text):
        """Waits until the output has this text behind what was waited for last."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in self.out[self.at:]:
            if not self._read(end):
                self.process.kill()
                self.result().wrong(f"the output never had {text!r}")
        self.at = self.out.index(text.encode(), self.at) + len(text)
        return self

    def type(self, keys):
        os.write(self.source, keys)
        return self

    def send(self, number):
        os.kill(self.process.pid, number)
        return self

    def result(self):
        """Reads to the end and waits for it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._read(end):
            pass
        try:
            err = self.process.communicate(timeout=max(0.1, end - time.monotonic()))[1] or b""
        except subprocess.TimeoutExpired:
            self.process.kill()
            err = (self.process.communicate()[1] or b"") + b"(it did not end)"
        self._close()
        text = self.out.decode(errors="replace").replace("\r\n", "\n")
        return Result(self.command, self.process.returncode, text, (self.err + err).decode(errors="replace"))

    def _close(self):
        if self.source >= 0:
            os.close(self.source)
        self.source = -1

    def _read(self, end):
        """False when there is no more, or time is up."""
        while time.monotonic() < end:
            # A terminal tells nobody that its last user has gone while we hold its other end ourselves.
            over = self.process.poll() is not None
            if not select.select([self.source], [], [], 0 if over else 0.05)[0]:
                if over:
                    return False
                continue
            try:
                piece = os.read(self.source, 65536)
            except OSError:  # a terminal whose other end was closed
                piece = b""
            self.out += piece
            return bool(piece)
        return False


class Program:
    """pvisor and the guests, in a scratch folder."""

    def __init__(self, pvisor, folder, guests):
        self.pvisor, self.folder = pvisor, folder
        for name, path in guests.items():
            setattr(self, name, path)

    def file(self, name, content=b""):
        """Makes a file; a number is the size of a hole."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            if isinstance(content, int):
                file.truncate(content)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *words, stdin=subprocess.DEVNULL, typed=None, **options):
        """Runs to the end, without a terminal."""
        command = [self.pvisor, *standard_arguments(words)]
        given = {"input": typed} if typed is not None else {"stdin": stdin}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.folder, **options}
        try:
            done = subprocess.run(command, timeout=PATIENCE_SECONDS, check=False, **given, **options)
        except subprocess.TimeoutExpired as expired:
            raise Wrong(f"no end after {PATIENCE_SECONDS} s: {' '.join(command)}\n{expired.stdout}\n{expired.stderr}") from expired
        return Result(command, done.returncode, (done.stdout or b"").decode(errors="replace"), (done.stderr or b"").decode(errors="replace"))

    def run_probe(self, what, *options, **how):
        return self.run("run", self.probe, "--memory", "16M", *options, "--", "do=" + what, **how)

    def start(self, *words, pipe_bytes=None, **options):
        """Starts it without a terminal; its standard input is a pipe, its standard output one of this size."""
        command = [self.pvisor, *standard_arguments(words)]
        ours, theirs = os.pipe()
        if pipe_bytes:
            fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, pipe_bytes)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE, cwd=self.folder, **options)
        os.close(theirs)
        return Child(command, process, ours)

    def start_probe(self, what, *options, **how):
        return self.start("run", self.probe, "--memory", "16M", *options, "--", "do=" + what, **how)

    def run_as_nobody(self, *words, **options):
        """Without root's rights. Opened by us, because a user without rights may not reach the build folder; None if impossible."""
        if os.geteuid() != 0:
            return self.run(*words, **options)
        program = os.open(self.pvisor, os.O_RDONLY)
        try:
            return self.run(*words, executable=f"/proc/self/fd/{program}", pass_fds=(program,), user=NOBODY, group=NOBODY,
                            extra_groups=[], cwd="/", **options)
        finally:
            os.close(program)


SIGNALS_THAT_LEAVE = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
