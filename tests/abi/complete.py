#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that nothing in pvabi escapes the other tests.

usage: complete.py INCLUDE_DIR TESTS_ABI_DIR ABI_MD HEADER...
Every header of the folder is in the build's list and in all_headers.h; every field of every struct is asserted under the
struct and listed in structs.def; every numeric constant is in constants.def; every hypercall number is in ABI.md, and what its
table says of who serves a call is what the hypervisor does (its sources lie beside the folder of ABI.md). A call that is served has
its function in guest-lib, a unit test and a guest test; every word of the glossary a file.
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


def served_in_page(page):
    """Call -> "shim", "monitor", "nobody" or "refuse" (-EPERM), from the table of calls."""
    rows = re.findall(r"^\| \d+ \| `(\w+)` \| `PV_HC_(\w+)` \| (?:\[(shim|monitor)\]\(#([\w-]+)\)|(nobody): `-(ENOSYS|EPERM)`) \|", page, re.M)
    for name, constant, _, anchor, _, _ in rows:
        if constant.lower() != name:
            yield name, f"its constant is said to be PV_HC_{constant}"
        if anchor and not re.search(rf"^### {name} \({anchor.rpartition('-')[2]}\)$", page, re.M):
            yield name, f"its link #{anchor} leads nowhere"
    yield from ((name, by or {"ENOSYS": "nobody", "EPERM": "refuse"}[error]) for name, _, by, _, _, error in rows)


def served_in_code(hypervisor):
    """The same from the hypercall table; and, as a check on that, what the shim's sources answer."""
    table = (hypervisor / "core" / "hypercall_table.cpp").read_text()
    served = {call.lower(): by for by, call in re.findall(r"^  (monitor|shim|refuse)\(PV_HC_(\w+)", table, re.M)}
    local = re.findall(r"case PV_HC_(\w+):", (hypervisor / "shim" / "local_calls.cpp").read_text())
    local += re.findall(r"number == PV_HC_(\w+)\)", (hypervisor / "shim" / "hypercall.cpp").read_text())
    return served, {call.lower() for call in local}


def check_served(page, hypervisor):
    said = {}
    for name, by in served_in_page(page):
        if by in ("shim", "monitor", "nobody", "refuse"):
            said[name] = by
        else:
            yield f"ABI.md: {name}: {by}"
    served, local = served_in_code(hypervisor)
    for name in sorted(said.keys() | served.keys()):
        code, words = served.get(name, "nobody"), said.get(name, "missing")
        if code != words:
            yield f"ABI.md: {name} is served by {code}, the table says {words}"
    for name in sorted({name for name, by in served.items() if by == "shim"} ^ local):
        yield f"hypercall_table.cpp and hypervisor/shim differ on whether the shim serves {name}"


def check_forgotten(root, served):
    """A call that is served is also offered by guest-lib, tried by a unit test and by a guest, and listed where numbers are tried."""
    library = (root / "guest-lib" / "include" / "pv" / "hypercall.h").read_text()
    units = "".join(path.read_text() for path in sorted((root / "tests" / "unit").glob("*.cpp")))
    guests = {path.parent.name: path.read_text() for path in sorted((root / "tests" / "guest").glob("*/main.c"))}
    numbers = guests.pop("hypercall-numbers")
    for name, by in sorted(served.items()):
        constant = f"PV_HC_{name.upper()}"
        wrapper = re.search(rf"(pv_\w+)\([^)]*\)\n\{{\n    return PV_HYPERCALL\({constant},", library)
        if by == "refuse":
            continue
        if wrapper is None and name != "iret":
            yield f"guest-lib/include/pv/hypercall.h: no function makes {name}"
        if not re.search(rf"\b{constant}\b|\bhc_{name}\b", units):
            yield f"tests/unit: no test makes {name}"
        called = re.compile(rf"\b{constant}\b" + (rf"|\b{wrapper[1]}\(" if wrapper else ""))
        if not any(called.search(text) for text in guests.values()):
            yield f"tests/guest: no guest makes {name}"
        if not re.search(rf"\b{constant}\b", numbers):
            yield f"tests/guest/hypercall-numbers: {name} is not among those that are served"


def check_glossary(page, root):
    """Each word names the file that embodies it."""
    for word, text in re.findall(r"^- \*\*(.+?)\*\*: (.*?)(?=^- |\Z)", page[page.index("## Glossary"):], re.M | re.S):
        files = re.findall(r"`([\w./-]+\.\w+)`", text)
        if not files or not all((root / file).exists() for file in files):
            yield f"ABI.md, glossary: {word} names no file that there is"


def main(include, here, abi_md, *listed):
    include, here = pathlib.Path(include), pathlib.Path(here)
    structs, constants = (here / "structs.def").read_text(), (here / "constants.def").read_text()
    everything = (here / "all_headers.h").read_text()
    problems = []
    for path in sorted(include.rglob("*.h")):
        if "xen_compat" in str(path.relative_to(include)):
            continue  # names only, and not to be mixed with the others; xen_names.py sees to them
        name = str(path.relative_to(include))
        if name not in listed:
            problems.append(f"pvabi/meson.build: {name} is not listed")
        if f"#include <{name}>" not in everything:
            problems.append(f"all_headers.h: {name} is not included")
        problems += check_header(name, path.read_text(), structs, constants)
    page = pathlib.Path(abi_md).read_text()
    problems += check_abi_page(page, (include / "pvabi" / "hypercalls.h").read_text())
    root = pathlib.Path(abi_md).parent.parent
    problems += check_served(page, root / "hypervisor")
    problems += check_forgotten(root, served_in_code(root / "hypervisor")[0])
    problems += check_glossary(page, root)
    print("\n".join(problems) or "complete")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
