#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one group of the command's tests: every function case_* of its module.

    cli_test.py --pvisor P --probe E --hello E --block-copy E --shell E --loader E GROUP [CASE]

Exit status 77 means that nothing of it can run here.
"""

import argparse
import importlib
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the source folder stays as it is

from program import Program, Wrong  # noqa: E402

GUESTS = ("probe", "hello", "block-copy", "shell", "loader")


def all_groups():
    folder = pathlib.Path(__file__).parent
    return {path.stem[6:].replace("_", "-") for path in folder.glob("group_*.py")}


def compare_lists(listed):
    wrong = set(listed) ^ all_groups()
    for name in sorted(wrong):
        print(f"{name}: {'there is no such group' if name in listed else 'not in meson.build'}")
    return 1 if wrong else 0


def cases_of(group):
    module = importlib.import_module("group_" + group.replace("-", "_"))
    return {name[5:].replace("_", "-"): value for name, value in vars(module).items() if name.startswith("case_")}


def run_case(case, pvisor, guests):
    """'passed', 'skipped' or 'failed', and why."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        try:
            case(Program(pvisor, folder, guests))
        except unittest.SkipTest as skip:
            return "skipped", str(skip)
        except Wrong as wrong:
            return "failed", str(wrong)
    return "passed", ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pvisor")
    for guest in GUESTS:
        parser.add_argument("--" + guest)
    parser.add_argument("--check-list", nargs="*")
    parser.add_argument("group", nargs="?")
    parser.add_argument("case", nargs="?")
    options = parser.parse_args()
    if options.check_list is not None:
        return compare_lists(options.check_list)
    guests = {name: os.path.abspath(getattr(options, name)) for name in (guest.replace("-", "_") for guest in GUESTS)}
    results = []
    for name, case in cases_of(options.group).items():
        if options.case not in (None, name):
            continue
        result, why = run_case(case, os.path.abspath(options.pvisor), guests)
        print(f"{result}: {options.group}: {name}{': ' if why else ''}{why}")
        results.append(result)
    if "failed" in results or not results:
        return 1
    return 0 if "passed" in results else 77


if __name__ == "__main__":
    sys.exit(main())
