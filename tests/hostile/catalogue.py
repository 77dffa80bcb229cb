#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each test that catalogue.txt names exists, and that each of its lines has one.

usage: catalogue.py CATALOGUE TESTS
"""
import pathlib
import re
import sys

LINE = re.compile(r"[A-Z]\d\d \S.*")
TEST = re.compile(r"  (unit|fetches|loader|boot|guest|hostile|durability|cli|fuzz|bench|not here): (\S.*)")
CASE = re.compile(r'(?:TEST_CASE|TEST_CASE_FIXTURE|SCENARIO)\((?:\w+, )?"((?:[^"\\]|\\.)*)"')


def cases(folder):
    return {name for path in folder.glob("*_test.cpp") for name in CASE.findall(path.read_text())}


def what_exists(tests):
    return {
        "unit": cases(tests / "unit"),
        "fetches": cases(tests / "hostile"),
        "loader": cases(tests / "loader") | cases(tests / "loader" / "unit"),
        "boot": {case.replace("_", "-") for path in (tests / "loader").glob("*.py")
                 for case in re.findall(r"^def case_(\w+)", path.read_text(), re.M)},
        "guest": {path.parent.name for path in (tests / "guest").glob("*/main.c")},
        "hostile": {path.parent.name for path in (tests / "hostile").glob("*/main.c")},
        "durability": {path.stem for path in (tests / "durability").glob("*.py")},
        "cli": {f"{path.stem.removeprefix('group_')}: {case}" for path in (tests / "cli").glob("group_*.py")
                for case in re.findall(r"^def case_(\w+)", path.read_text(), re.M)},
        "fuzz": {path.name.removesuffix("_fuzz.cpp") for path in (tests / "fuzz").glob("*_fuzz.cpp")},
        "bench": {name for path in (tests / "bench").glob("*.cpp") for name in re.findall(r"BENCHMARK\w*\((\w+)", path.read_text())},
    }


def mistakes(text, existing):
    line, number_of_tests, seen = None, 1, []
    for number, content in enumerate(text.splitlines() + ["Z99 end"], 1):
        if not content or content.startswith("#"):
            continue
        if LINE.fullmatch(content):
            if number_of_tests == 0:
                yield f"{line} has no test"
            line, number_of_tests = content[:3], 0
            if seen and line <= seen[-1]:
                yield f"line {number}: {line} is out of order or there twice"
            seen.append(line)
        elif match := TEST.fullmatch(content):
            kind, name = match.groups()
            number_of_tests += 1
            if kind != "not here" and name not in existing[kind]:
                yield f"line {number}: {line} names a test that does not exist: {kind}: {name}"
        else:
            yield f"line {number}: neither a line of the catalogue nor a test: {content}"


def main():
    catalogue, tests = map(pathlib.Path, sys.argv[1:3])
    found = list(mistakes(catalogue.read_text(), what_exists(tests)))
    print("\n".join(f"{catalogue.name}: {mistake}" for mistake in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
