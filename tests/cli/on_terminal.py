# SPDX-License-Identifier: MIT
"""Starts pvisor on a terminal of its own, as a shell would."""

import os
import pty
import subprocess
import termios

from program import Child, standard_arguments

CTRL_BRACKET = b"\x1d"
LOCAL_FLAGS = 3  # where tcgetattr has them


class OnTerminal(Child):
    """A pvisor on a terminal; its output is read from there, and keys are typed there."""

    def __init__(self, program, *words, before=()):
        """`before` are words for stty, to change the terminal first."""
        master, self.slave = pty.openpty()
        if before:
            subprocess.run(["stty", *before], stdin=self.slave, check=True)
        self.was_restored = False
        self.found = termios.tcgetattr(self.slave)
        command = [program.pvisor, *standard_arguments(words)]
        process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE,
                                   cwd=program.folder)
        super().__init__(command, process, master)

    def is_raw(self):
        return termios.tcgetattr(self.slave)[LOCAL_FLAGS] & (termios.ICANON | termios.ECHO | termios.ISIG) == 0

    def is_as_found(self):
        return termios.tcgetattr(self.slave) == self.found

    def result(self):
        """As Child's; and the terminal must be as it was found."""
        ended = super().result()
        if not self.was_restored:
            ended.wrong("the terminal was not put back")
        return ended

    def _close(self):
        if self.slave >= 0:
            self.was_restored = self.is_as_found()
            os.close(self.slave)
        self.slave = -1
        super()._close()


def start_probe(program, what, *options):
    """The probe on a terminal; it must be raw by the time the guest speaks."""
    return OnTerminal(program, "run", program.probe, "--memory", "16M", *options, "--", "do=" + what)
