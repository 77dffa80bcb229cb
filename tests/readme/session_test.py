#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the session that README.md shows and compares what it prints with what the README says it prints.

usage: session_test.py SOURCE_ROOT BUILD_ROOT [--update]
Lines of the block that begin with "$ " are commands, run by sh in a scratch folder that looks like a source tree with a
build folder; the lines after each are its standard output, without a terminal (notes on standard error depend on who runs it).
Times are masked before comparing.
With --update the block is rewritten with what the commands print now.
"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- session:begin -->", "<!-- session:end -->"
BLOCK = re.compile(re.escape(BEGIN) + r"\n```\w*\n(.*?)```\n" + re.escape(END), re.S)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78=>]|[\x00-\x08\x0b\x0c\x0e-\x1f]")
TIME = re.compile(r"\b\d+(\.\d+)? ?(ns|us|µs|ms|s|seconds?|[KMG]i?B/s)\b")
SECONDS_LIMIT = 90


def as_seen(text):
    """The lines as they stand on a screen afterwards: no control sequences, and after CR a line is written over."""
    lines = CONTROL.sub("", text.replace("\r\n", "\n")).split("\n")
    return [line.rstrip("\r").rsplit("\r", 1)[-1].rstrip() for line in lines]


def masked(lines):
    return [TIME.sub("<time>", line) for line in lines]


def scratch_tree(folder, source, build):
    """scripts/ and build/ by symbolic links, so that whatever the commands make lands in the scratch folder."""
    (folder / "scripts").symlink_to(source / "scripts")
    (folder / "build").mkdir()
    for entry in build.iterdir():
        if entry.name != "demo":
            (folder / "build" / entry.name).symlink_to(entry)


def run_session(commands, folder):
    shown = []
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=SECONDS_LIMIT, check=False)
        lines = as_seen(done.stdout.decode(errors="replace"))
        while lines and not lines[-1]:
            lines.pop()
        shown += [f"$ {command}"] + lines
        if done.returncode != 0:
            raise SystemExit("\n".join(shown) + f"\n{done.stderr.decode(errors='replace')}`{command}` ended with status {done.returncode}")
    return shown


def main(source, build, *options):
    readme = pathlib.Path(source) / "README.md"
    text = readme.read_text()
    block = BLOCK.search(text)
    if not block:
        raise SystemExit(f"README.md has no block between {BEGIN} and {END}")
    expected = block.group(1).rstrip("\n").split("\n")
    commands = [line[2:] for line in expected if line.startswith("$ ")]
    if not commands:
        raise SystemExit("README.md: the session has no command")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        scratch_tree(folder, pathlib.Path(source).resolve(), pathlib.Path(build).resolve())
        actual = run_session(commands, folder)
    if "--update" in options:
        readme.write_text(text[:block.start(1)] + "\n".join(actual) + "\n" + text[block.end(1):])
        return 0
    difference = list(difflib.unified_diff(masked(expected), masked(actual), "README.md", "now", lineterm=""))
    print("\n".join(difference) or "the README's session is what happens")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
