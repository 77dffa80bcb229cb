#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that nothing in pvabi escapes the other tests.

usage: complete.py INCLUDE_DIR TESTS_ABI_DIR ABI_MD HEADER...
Every header of the folder is in the build's list and in all_headers.h; every field of every struct is asserted under the
struct and listed in structs.def; every numeric constant is in constants.def; every hypercall number is in ABI.md.
"""
import pathlib
import re
import sys

STRUCT = re.compile(r"^(struct|union) (pv_\w+) \{\n(.*?)^\};\n", re.M | re.S)
FIELD = re.compile(r"^    (?=[\w}])(?:\} )?(?:[\w ]+[ *])?(\w+)(?:\[[^\]]*\])*;", re.M)
NUMBER = re.compile(r'^#define (PV_\w+)[ \t]+[^"\s]', re.M)
NOT_A_CONSTANT = {"pvabi/assert.h"}


def fields_of(body):
    """Names declared directly in the struct: nested unions are indented further and end with "} name;"."""
    return FIELD.findall(body)


def check_header(name, text, structs, constants):
    for kind, tag, body in STRUCT.findall(text):
        full = f"{kind} {tag}"
        if f"PV_ASSERT_SIZE({full}, " not in text or f"PV_ASSERT_ALIGN({full}, " not in text:
            yield f"{name}: size or alignment of {full} is not asserted"
        if not re.search(rf"STRUCT\({full}[,)]", structs):
            yield f"structs.def: {full} is missing"
        for field in fields_of(body):
            if kind == "struct" and f"PV_ASSERT_OFFSET({full}, {field}, " not in text:
                yield f"{name}: offset of {full}.{field} is not asserted"
            if kind == "struct" and not re.search(rf"FIELD\w*\({full}, {field}[,)]", structs):
                yield f"structs.def: {full}.{field} is missing"
    if name not in NOT_A_CONSTANT:
        for constant in NUMBER.findall(text):
            if not re.search(rf"CONST\({constant}[,)]", constants):
                yield f"constants.def: {constant} is missing"


def check_abi_page(page, hypercalls):
    for call, number in re.findall(r"^#define PV_HC_(\w+) (\d+)", hypercalls, re.M):
        if call not in ("XEN_LAST", "EXTENSION_FIRST", "EXTENSION_LAST") and f"| {number} | `{call.lower()}`" not in page:
            yield f"ABI.md: no row in the table for {call.lower()} ({number})"


def main(include, here, abi_md, *listed):
    include, here = pathlib.Path(include), pathlib.Path(here)
    structs, constants = (here / "structs.def").read_text(), (here / "constants.def").read_text()
    everything = (here / "all_headers.h").read_text()
    problems = []
    for path in sorted(include.rglob("*.h")):
        name = str(path.relative_to(include))
        if name not in listed:
            problems.append(f"pvabi/meson.build: {name} is not listed")
        if f"#include <{name}>" not in everything:
            problems.append(f"all_headers.h: {name} is not included")
        problems += check_header(name, path.read_text(), structs, constants)
    page = pathlib.Path(abi_md).read_text()
    problems += check_abi_page(page, (include / "pvabi" / "hypercalls.h").read_text())
    print("\n".join(problems) or "complete")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
