#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""House rules that a machine can check. usage: check.py SOURCE_ROOT

Licence lines, sizes, the arrows of ARCHITECTURE.md ("Arrows"), casts and assembly only where they are expected, a section in
ABI.md for every call that is served. Prints the longest files and functions, so that growth is seen, then what is wrong.
"""
import pathlib
import re
import sys

SOURCES = {".c", ".h", ".cpp", ".hpp", ".S", ".inc", ".def", ".ld", ".py", ".sh", ".build"}
CODE = {".c", ".h", ".cpp", ".hpp", ".S", ".inc", ".py", ".sh"}
LONGEST_FILE = 400
LONGEST_FOLDER_README = 30

# May include, besides itself, pvabi, the language's own headers and what PLATFORM says.
ARROWS = {
    "hypervisor/base": set(),
    "hypervisor/shim": set(),
    "hypervisor/engine": {"base", "shim"},
    "hypervisor/core": {"base", "engine"},
    "hypervisor/builder": {"base", "core", "engine"},
    "hypervisor/xenstore": {"base", "core"},
    "hypervisor/devices": {"base", "core", "engine", "xenstore"},
    "hypervisor/trace": {"base", "core"},
    "hypervisor/control": {"base", "builder", "core", "devices", "engine", "trace", "xenstore"},
    "guest-lib/net": {"lwip", "netif", "pv"},
    "guest-lib": {"pv"},
    "loader/parse": set(),
    "loader/fs": {"parse"},
    "loader/boot": {"fs", "parse"},
    "loader": {"boot", "fs", "guest", "parse", "pv"},
    "examples": {"lwip", "pv"},
    "pvabi": set(),
}
HYPERVISOR_FOLDERS = {key.split("/")[1] for key in ARROWS if key.startswith("hypervisor/")}
LOADER_FOLDERS = {"boot", "fs", "guest", "parse"}
# Folders that must build without an operating system: C++'s own headers and C's freestanding ones.
FREESTANDING_C = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h", "float.h", "stdalign.h"}
# fmt is text, not platform.
PORTABLE = {"fmt"}
NO_PLATFORM = {"hypervisor/core", "hypervisor/shim", "guest-lib", "guest-lib/net", "loader/parse", "loader/fs", "loader/boot", "loader", "examples",
               "pvabi"}
# In core these are the only parts of base and engine: the others know Linux, or an engine.
CORE_MAY_SEE = {"base/assert.hpp", "base/checked.hpp", "base/escape.hpp", "base/host_error.hpp", "base/scope_exit.hpp",
                "base/strong_id.hpp", "engine/engine.hpp", "engine/exit.hpp"}

# Where reinterpret_cast and inline assembly are at home, and why.
RAW = {
    "hypervisor/engine/": "engines are about registers and addresses",
    "hypervisor/shim/": "the same, inside the guest",
    "hypervisor/core/shared_page.hpp": "the one door to words that a guest shares",
    "guest-lib/": "a kernel's library",
    "loader/guest/": "binds the loader to the memory of its guest",
    "tests/": "tests make the unusual happen",
}
# Bytes seen as text or text as bytes is no danger: those types may look at anything.
CAST_OR_ASM = re.compile(r"\breinterpret_cast\b(?!<(?:const )?(?:char|unsigned char|std::uint8_t|std::byte)\s*\*>)|\b(?:asm|__asm__)\s*(?:volatile|__volatile__|goto)?\s*\(")
# A run with a seed repeats: nothing in the monitor may depend on real time, on chance or on where things lie in memory.
UNREPEATABLE = re.compile(r"\bchrono\b|\bclock_gettime\b|\bgettimeofday\b|\btime\(|\b__?rdtscp?\b|\brandom_device\b|\bgetrandom\b|\brand\(|"
                          r"\bstd::(?:unordered_)?(?:multi)?(?:map|set)<\s*(?:const )?[\w:]+\s*\*")
MAY_NOT_REPEAT = {
    "hypervisor/base/host_facts": "asked by the reactor and by engines that cannot repeat a run",
    "hypervisor/base/reactor": "real waiting, where no guest of such a run can see it",
    "hypervisor/control/real_clock": "the clock of ordinary runs",
    "hypervisor/devices/io/io_threads": "the I/O of ordinary runs",
    "hypervisor/engine/process/": "an engine that cannot repeat a run, and says so",
    "hypervisor/xenstore/node_tree.hpp": "all open transactions are told, and the order means nothing to them",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
EMPTY_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\([^)]+\)?: \w|: \w)")
FUNCTION_START = re.compile(r"^(?!namespace|struct|class|enum|union|extern|using|template|#|//|/\*|\}|\s)[^=;]*\{\s*$")


def files_of(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part.startswith((".git", "build")) and part != "builder" for part in parts[:-1]):
            yield path, path.relative_to(root).as_posix()


def without_comments(line):
    return re.sub(r"//.*|/\*.*?\*/", "", line)


def check_licence(name, lines):
    first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
    if not first or "SPDX-License-Identifier: MIT" not in first[0]:
        yield f"{name}:1: the first line is not the SPDX licence line"


def check_include(root, name, folder, number, quote, target):
    at = f"{name}:{number}: includes {target}"
    top = target.split("/")[0]
    own = folder.split("/")[-1]
    if quote == '"' or "/" in target:
        beside = (root / name).parent / target
        if top in ("pvabi", own, "..") or (quote == '"' and ("/" not in target or (root / folder / target).exists() or beside.exists())):
            return
        if target == "pv/fs.h" and folder not in ("loader", "examples"):
            yield f"{at}: pv-fs is for the loader and examples"
        elif top in ARROWS[folder]:
            if folder == "hypervisor/core" and top in ("base", "engine") and target not in CORE_MAY_SEE:
                yield f"{at}: core sees of {top} only what is free of Linux and engines"
        elif top in HYPERVISOR_FOLDERS or top in LOADER_FOLDERS or top == "pv":
            yield f"{at}: no arrow goes from {folder} to {top}"
        elif folder in NO_PLATFORM and not (top in PORTABLE and folder == "hypervisor/core"):
            yield f"{at}: {folder} uses no platform header"
    elif folder in NO_PLATFORM and target.endswith(".h") and target not in FREESTANDING_C:
        yield f"{at}: {folder} uses no platform header"
    elif folder == "pvabi" and target not in ("stdint.h", "stddef.h"):
        yield f"{at}: pvabi needs <stdint.h> and <stddef.h> only"
    if re.match(r"engine/\w+/", target) and folder not in ("hypervisor/engine", "hypervisor/control"):
        yield f"{at}: only engine/ and control/ know a particular engine"


def check_code(root, name, lines):
    folder = next((key for key in ARROWS if name.startswith(key + "/")), None)
    stem = pathlib.Path(name).stem
    may_be_raw = name.endswith((".S", ".inc", ".py", ".sh")) or stem.endswith("_raw") or any(name.startswith(r) for r in RAW)
    for number, line in enumerate(lines, 1):
        included = INCLUDE.match(line)
        if folder and included:
            yield from check_include(root, name, folder, number, *included.groups())
        if not may_be_raw and CAST_OR_ASM.search(without_comments(line)):
            yield f"{name}:{number}: cast or assembly outside the files meant for it (*_raw.*, engine/, shim/, ...)"
        if name.startswith("hypervisor/") and UNREPEATABLE.search(without_comments(line)) and not any(
                name.startswith(allowed) for allowed in MAY_NOT_REPEAT):
            yield f"{name}:{number}: real time, chance or an order by address: a run with a seed would not repeat"
        if name != "tests/style/check.py" and EMPTY_TODO.search(line):
            yield f"{name}:{number}: a TODO says what is to be done: `TODO: ...`"
    if len(lines) > LONGEST_FILE:
        yield f"{name}: {len(lines)} lines; a file has at most {LONGEST_FILE}"


def functions_of(lines):
    """Name and length of functions that begin and end at the start of a line."""
    start = None
    for number, line in enumerate(lines):
        if start is None and (FUNCTION_START.match(line) or (line == "{" and number > 0)):
            start = number - (line == "{")
        elif start is not None and line.startswith("}"):
            yield number - start + 1, lines[start].strip(" {")
            start = None


def check_served_calls(root):
    table = (root / "hypervisor/core/hypercall_table.cpp").read_text()
    page = (root / "pvabi/ABI.md").read_text()
    for call in re.findall(r"\b(?:monitor|shim)\(PV_HC_(\w+)", table):
        if not re.search(rf"^### {call.lower()} \(\d+\)", page, re.M):
            yield f"pvabi/ABI.md: no section for {call.lower()}, which is served"


def main(root):
    root = pathlib.Path(root)
    wrong, sizes, functions = [], [], []
    for path, name in files_of(root):
        lines = None
        if path.suffix in SOURCES or path.name == "meson_options.txt":
            lines = path.read_text().splitlines()
            wrong += check_licence(name, lines)
        if path.suffix in CODE:
            sizes.append((len(lines), name))
            wrong += check_code(root, name, lines)
        if path.suffix in {".c", ".cpp"}:
            functions += [(length, f"{name}: {head}") for length, head in functions_of(lines)]
        if path.name == "README.md" and path.parent != root:
            count = len(path.read_text().splitlines())
            if count > LONGEST_FOLDER_README:
                wrong.append(f"{name}: {count} lines; a folder's README has at most {LONGEST_FOLDER_README}")
    wrong += check_served_calls(root)
    for title, found in (("Longest files", sizes), ("Longest functions", functions)):
        print(title)
        for length, name in sorted(found, reverse=True)[:10]:
            print(f"  {length:4} {name}")
    print("\n".join(wrong) or "no rule is broken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
