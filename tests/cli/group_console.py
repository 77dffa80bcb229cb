# SPDX-License-Identifier: MIT
"""What a guest prints arrives whole, however it is read, and without a terminal."""

import os

import block_copy

LINE = "line {:010} of a text that is as long as its number is large\n"
MIB_OF_LINES = (1 << 20) // len(LINE.format(0)) + 1
PIPE_BYTES = 4096


def expected(lines):
    return "".join(LINE.format(i) for i in range(lines))


def case_a_mebibyte_through_a_slow_reader(program):
    """The pipe holds one page, and is read in small pieces that fit no line, ring or page."""
    child = program.start_probe(f"count lines={MIB_OF_LINES}", pipe_bytes=PIPE_BYTES)
    pieces = []
    while piece := os.read(child.source, 997):
        pieces.append(piece)
    result = child.result().ends(0).is_quiet()
    if b"".join(pieces).decode() != expected(MIB_OF_LINES):
        result.wrong("the output is not what the guest printed")


def case_the_last_words_of_a_guest_that_has_ended(program):
    """They are more than the pipe holds, and nobody reads before the guest has gone into its end."""
    child = program.start_probe("count lines=3000", pipe_bytes=PIPE_BYTES)
    child.result().ends(0).prints(expected(3000))


def case_into_a_file(program):
    path = os.path.join(program.folder, "out")
    with open(path, "wb") as file:
        result = program.run_probe(f"count lines={MIB_OF_LINES}", stdout=file).ends(0).is_quiet()
    with open(path, encoding="ascii") as file:
        if file.read() != expected(MIB_OF_LINES):
            result.wrong("the file has not what the guest printed")


def case_appended_to_a_file(program):
    path = program.file("out", "before\n")
    with open(path, "ab") as file:
        result = program.run_probe("count lines=3", stdout=file).ends(0)
    with open(path, encoding="ascii") as file:
        if file.read() != "before\n" + expected(3):
            result.wrong("what was there before was expected, and then the guest's lines")


def case_reader_goes_away(program):
    """As with `| head -1`: one note, and the guest goes on to its own end."""
    child = program.start_probe(f"count lines={MIB_OF_LINES} status=6", pipe_bytes=PIPE_BYTES)
    child.wait_for("line 0000000001")
    os.close(child.source)
    child.source = os.open("/dev/null", os.O_RDONLY)
    result = child.result().ends(6).tells("pvisor: ", "console: output goes nowhere from now on: Broken pipe")
    if len(result.notes()) != 1:
        result.wrong("one note was expected")


def case_full_disk(program):
    with open("/dev/full", "wb") as full:
        result = program.run_probe("count lines=100 status=6", stdout=full).ends(6)
    result.tells("console: output goes nowhere from now on: No space left on device")


def case_full_disk_leaves_the_guests_disks_alone(program):
    source, target = program.file("from.img", block_copy.pattern(1)), program.file("to.img", 1 << 20)
    with open("/dev/full", "wb") as full:
        result = block_copy.run(program, source + ",ro", target, options=["--statistics"], stdout=full, stderr=full).ends(0)
    if block_copy.content_of(target) != block_copy.content_of(source):
        result.wrong("the copy is not whole")


def case_closed_descriptors(program):
    """Each way to start it without some of the three."""
    for fds in ((1,), (0,), (0, 1), (0, 1, 2)):
        result = program.run_probe("exit status=5", preexec_fn=lambda fds=fds: [os.close(fd) for fd in fds]).ends(5)
        if 1 in fds:
            result.prints("")
        elif 2 not in fds:
            result.prints('told "do=exit status=5"\n').is_quiet()


def case_closed_stdout_is_no_disk(program):
    """A file that pvisor opens must not get the number of standard output, or the console would be written into it."""
    path = program.file("disk.img", 1 << 20)
    result = program.run_probe("exit status=5", "--disk", path, preexec_fn=lambda: os.close(1)).ends(5)
    with open(path, "rb") as file:
        if file.read() != bytes(1 << 20):
            result.wrong("the console went into the disk")


def case_end_of_input_is_no_end_of_the_guest(program):
    """It takes what was typed, then the end comes, and a timer of the guest still fires."""
    program.run_probe("exit after=100 status=5").ends(5)
    program.run("run", program.probe, "--", "do=exit", "after=100", "status=5", typed=b"some\n").ends(5)
    program.run_probe("echo", "--timeout", "1s", typed=b"a").ends(124).prints("ready\nbyte 97\n")


def case_input_from_a_file(program):
    path = program.file("typed", b"abq")
    with open(path, "rb") as file:
        program.run_probe("echo", stdin=file).ends(0).prints("ready\nbyte 97\nbyte 98\nbyte 113\n")


def case_more_input_than_a_ring_holds(program):
    typed = b"x" * 20000 + b"q"
    result = program.run_probe("echo", typed=typed).ends(0)
    if result.out.count("byte 120\n") != 20000:
        result.wrong("20000 bytes were typed")


def case_text_is_not_changed(program):
    """Nothing a guest prints is looked at: no format, no escape."""
    odd = "%s%n {} \x1b[31m \\x $(id) `id`"
    program.run("run", program.probe, "--", "do=exit", odd).ends(0).prints(f'told "do=exit {odd}"\n')


def case_pty(program):
    """Whoever opens it has the console; what was said before is there."""
    child = program.start_probe("echo", "--console", "pty")
    line = child.process.stderr.readline().decode()
    while "console on " not in line:
        if not line:
            child.result().wrong("the path of the pty was expected on stderr")
        line = child.process.stderr.readline().decode()
    terminal = os.open(line.split("console on ")[1].strip(), os.O_RDWR | os.O_NOCTTY)
    os.write(terminal, b"z\x1d")
    said = b""
    while b"byte 29" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, b"q")
    result = child.result().ends(0).prints("")
    os.close(terminal)
    if b"ready" not in said or b"byte 122" not in said:
        result.wrong(f"'ready' and the echo of z and Ctrl-] were expected, found {said!r}")


def case_pty_that_nobody_reads(program):
    """The guest does not wait for a reader."""
    program.run_probe("count lines=20000", "--console", "pty").ends(0).prints("").tells("console on /dev/pts/")
