#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header of guest-lib has an example in its opening comment, and it compiles as C11 and as C++20.

An example begins below the line "// Example:" and is indented by four blanks. It is a piece of a file that has included the
header and nothing else.

usage: header_examples.py FOLDER C-COMPILER C++-COMPILER [ARGUMENT...]
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]


def example_of(header):
    """The example's lines and the number of the first, or None."""
    lines = header.read_text().splitlines()
    if "// Example:" not in lines:
        return None
    first = lines.index("// Example:") + 1
    example = []
    for line in lines[first:]:
        if not line.startswith("//     ") and line != "//":
            break
        example.append(line[7:])
    return (example, first + 1) if any(example) else None


def failure_of(header, folder, compilers, arguments, work):
    found = example_of(header)
    if not found:
        return f"{header}: no example. Put one below a line \"// Example:\" in the opening comment."
    example, first = found
    text = f'#include <{header.relative_to(folder)}>\n#line {first} "{header}"\n' + "\n".join(example) + "\n"
    for language, (compiler, standard) in compilers.items():
        unit = work / f"{header.stem}.{language}"
        unit.write_text(text)
        ended = subprocess.run([compiler, f"-std={standard}", *arguments, *WARNINGS, "-c", unit, "-o", f"{unit}.o"],
                               capture_output=True, text=True)
        if ended.returncode:
            return f"{header}: the example is no {standard}:\n{ended.stderr}"
    return None


def main():
    folder, c_compiler, cpp_compiler, *arguments = sys.argv[1:]
    folder = pathlib.Path(folder)
    compilers = {"c": (c_compiler, "c11"), "cpp": (cpp_compiler, "c++20")}
    headers = sorted((folder / "pv").glob("*.h"))
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda header: failure_of(header, folder, compilers, arguments, pathlib.Path(work)), headers))
    failures = [failure for failure in results if failure]
    print("\n".join(failures) or f"{len(headers)} examples")
    return 1 if failures or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
