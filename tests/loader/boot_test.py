#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots disk images through the loader and compares what the console shows and the exit status.

    boot_test.py --pvisor P --loader L --kernel K --engine E CASE

Each case is a function below: it makes disks, boots them, and says what it expects. Exit status 77 means skipped.
"""

import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder stays as it is

import cases  # noqa: E402
from world import World  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pvisor")
    parser.add_argument("--loader")
    parser.add_argument("--kernel")
    parser.add_argument("--engine", default="fiber")
    parser.add_argument("--check-list", nargs="*")
    parser.add_argument("case", nargs="?")
    options = parser.parse_args()
    known = cases.all_cases()
    if options.check_list is not None:
        return cases.compare_lists(options.check_list, known)
    if options.case not in known:
        print(f"there is no case {options.case}; there are: {' '.join(sorted(known))}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        with open(options.kernel, "rb") as file:
            kernel = file.read()
        world = World(folder, os.path.abspath(options.pvisor), os.path.abspath(options.loader), options.engine, kernel)
        known[options.case](world)
    return 0


if __name__ == "__main__":
    sys.exit(main())
