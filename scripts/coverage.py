#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up what gcov counted in a build folder: lines run of lines there are, for each folder that guests can reach.

usage: coverage.py BUILD [--lines]
A line counts as run if any object that contains it ran it (headers are in many objects). Meant for scripts/coverage.sh.
"""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

COUNTED = ("hypervisor/base/", "hypervisor/builder/", "hypervisor/core/", "hypervisor/devices/", "hypervisor/engine/",
           "hypervisor/xenstore/", "loader/boot/", "loader/parse/")


def reports(build):
    """gcov's JSON for each object that belongs to what is counted."""
    notes = [note.resolve() for folder in ("hypervisor", "loader", "tests") for note in build.glob(f"{folder}/**/*.gcno")]
    with tempfile.TemporaryDirectory() as work:
        for start in range(0, len(notes), 64):
            run = subprocess.run(["gcov", "--json-format", "--preserve-paths", *map(str, notes[start:start + 64])], cwd=work,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            # An object that was built anew after it ran, or never ran, is not counted; that is said, not hidden.
            for line in run.stderr.splitlines():
                if "mismatch" in line:
                    print(f"not counted: {line}", file=sys.stderr)
        for path in pathlib.Path(work).glob("*.json.gz"):
            yield json.loads(gzip.decompress(path.read_bytes()))


def count(build, root):
    """File -> line -> how often it ran."""
    files = collections.defaultdict(lambda: collections.defaultdict(int))
    for report in reports(build):
        for entry in report["files"]:
            path = (build / entry["file"]).resolve()
            name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
            if name.startswith(COUNTED):
                for line in entry["lines"]:
                    files[name][line["line_number"]] += line["count"]
    return files


def ranges(numbers):
    """3, 4, 5, 9 -> "3-5 9"."""
    text, start, last = [], None, None
    for number in [*sorted(numbers), None]:
        if start is not None and number != last + 1:
            text.append(str(start) if start == last else f"{start}-{last}")
            start = None
        start = number if start is None else start
        last = number
        if number is None:
            return " ".join(text)


def main(words):
    build = pathlib.Path(words[0]).resolve()
    root = pathlib.Path(__file__).resolve().parents[1]
    files = count(build, root)
    if not files:
        sys.exit(f"{build}: gcov found nothing; was it built with -Db_coverage=true and were tests run?")
    folders = collections.defaultdict(lambda: [0, 0])
    for name, lines in sorted(files.items()):
        missed = [number for number, times in lines.items() if times == 0]
        for key in (next(folder for folder in COUNTED if name.startswith(folder)), "total"):
            folders[key][0] += len(lines) - len(missed)
            folders[key][1] += len(lines)
        if "--lines" in words and missed:
            print(f"{name}: {ranges(missed)}")
    for folder, (ran, all_lines) in sorted(folders.items(), key=lambda item: (item[0] == "total", item[0])):
        print(f"{folder:22} {ran:6} of {all_lines:6} lines  {100 * ran / all_lines:5.1f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
