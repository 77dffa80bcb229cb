#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a kernel gets of libpv-guest.a when it calls one function: the members that the linker says it took are those of
members.txt, no others. Each kernel here is a start, that call, a pv_panic of its own, and nothing else, linked to the end.

usage: members.py [--update] LIBRARY TABLE COMPILER [ARGUMENT...]
"""
import pathlib
import re
import subprocess
import sys
import tempfile

KERNEL = """
void {function}(void);
void start(void);
void start(void) {{ {function}(); }}
"""
OWN_PANIC = "void pv_panic(const char *format, ...);\nvoid pv_panic(const char *format, ...) { (void)format; for (;;); }\n"
# The library's own start names places of its linker script, and calls the kernel's pv_main.
OF_LINKER_SCRIPT = ["pv_main", "pv_notes", "pv_relocations_begin", "pv_relocations_end"]


def read_table(path):
    """{function: set of members}, in the file's order."""
    rows = re.findall(r"^(pv_\w+):((?:\s+\w+)+)$", path.read_text(), re.M)
    return {function: set(members.split()) for function, members in rows}


def write_table(path, rows):
    head = re.match(r"(#.*\n)*\n", path.read_text())[0]
    path.write_text(head + "".join(f"{function}: {' '.join(sorted(members))}\n" for function, members in rows.items()))


def members_for(function, library, compiler, work):
    source, linked_map = work / "kernel.c", work / "kernel.map"
    source.write_text(KERNEL.format(function=function) + (OWN_PANIC if function != "pv_panic" else ""))
    given = [f"-Wl,--defsym,{name}=0" for name in OF_LINKER_SCRIPT] if function == "pv_start" else []
    subprocess.run([*compiler, "-nostdlib", "-static", "-Wl,-e,start", f"-Wl,-Map,{linked_map}", *given, source, library,
                    "-o", work / "kernel.elf"], check=True)
    included = linked_map.read_text().split("\n\n\n")[0].split("Discarded input sections")[0]
    # "FOLDER/libpv-guest.a(src_time.c.o)", at the start of a line; below it who asked.
    return set(re.findall(r"^\S*[(/](?:src_)?(\w+)\.[cS]\.o\)?", included, re.M))


def main():
    update = "--update" in sys.argv[1:2]
    library, table, *compiler = sys.argv[2 if update else 1:]
    table = pathlib.Path(table)
    expected = read_table(table)
    with tempfile.TemporaryDirectory() as work:
        found = {function: members_for(function, library, compiler, pathlib.Path(work)) for function in expected}
    if update:
        write_table(table, found)
        return 0
    for function in expected:
        for member in sorted(found[function] - expected[function]):
            print(f"a kernel that calls {function} now gets {member}, too")
        for member in sorted(expected[function] - found[function]):
            print(f"a kernel that calls {function} no longer gets {member}")
    if found == expected and len(expected) > 10:
        return 0
    print(f"Is it wanted? Then give this command --update, and look at the difference in {table.name}.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
