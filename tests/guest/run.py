#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one guest test, or one example, on one engine and judges it.

usage: run.py --pvisor PROGRAM --elf GUEST --engine NAME [--traits A,B] FOLDER

FOLDER may hold, all optional:
  test.json     what to run and what to expect (README.md lists the keys), one object or a list of them
  check.py      prepare(run) before and check(run) after; check answers what is wrong, or None
  domains.json  the domains, for `pvisor up`; their kernels are replaced by GUEST
An example has NAME.json and expected.txt, which its output must equal, in whatever order its domains print.

Exit status: 0 passed, 77 skipped, 1 anything else.
"""
import argparse
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
HANGS_AFTER_S = 60
SHOWN_BYTES = 4000
EXAMPLE_DISK_BYTES = 1 << 20
KEYS = {"args", "options", "memory", "disks", "stdin", "timeout", "exit", "stdout", "stderr", "absent", "traits", "verdict",
        "log_lines"}


class Run:
    """One start of pvisor: what it is given, and what came of it. check.py works with this."""

    def __init__(self, folder, work, case):
        self.folder, self.work, self.case = folder, work, case
        self.disks = []
        self.status, self.stdout, self.stderr = None, b"", b""

    def make_disks(self):
        for number, disk in enumerate(self.case.get("disks", [])):
            size, _, mode = disk.partition(",")
            path = self.work / f"disk{number}.img"
            with open(path, "wb") as image:
                image.truncate(int(size[:-1]) * {"K": 1 << 10, "M": 1 << 20}[size[-1]])
            self.disks.append((path, mode))

    def lines(self):
        return self.stdout.decode("latin-1").splitlines()


def load_hooks(folder):
    path = folder / "check.py"
    if not path.exists():
        return None
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("check", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_patterned(path):
    """A disk image no two sectors of which are the same."""
    path.write_bytes(b"".join(hashlib.sha512(b"%d" % n).digest() for n in range(EXAMPLE_DISK_BYTES // 64)))
    return path


def place_domains(source, elf, work):
    """Copies a DOMAINS.json for `up`: the guest is GUEST, its disks are in the work folder, as prepare() made them or patterned."""
    plan = json.loads(source.read_text())
    for domain in plan["domains"]:
        domain["kernel"] = str(elf)
        for disk in domain.get("disk", []):
            image = work / disk["target"]
            disk["target"] = str(image if image.exists() else make_patterned(image))
    placed = work / "domains.json"
    placed.write_text(json.dumps(plan))
    return placed


def domains_file(folder):
    """The first of these that is there: an example's, the test's own, that of all tests beside it."""
    candidates = folder / f"{folder.name}.json", folder / "domains.json", folder.parent / "domains.json"
    return next((path for path in candidates if path.exists()), candidates[1])


def command_of(run, options):
    command = [options.pvisor]
    if domains_file(run.folder).exists():
        command += ["up", str(place_domains(domains_file(run.folder), options.elf, run.work))]
    else:
        command += ["run", options.elf, "--memory", run.case.get("memory", "16M")]
    command += ["--engine", options.engine] + run.case.get("options", [])
    if "timeout" in run.case:
        command += ["--timeout", run.case["timeout"]]
    for path, mode in run.disks:
        command += ["--disk", f"{path}{',' + mode if mode else ''}"]
    if run.case.get("args"):
        command += ["--", *run.case["args"].split()]
    return command


def start(run, options):
    command = command_of(run, options)
    ended = subprocess.run(command, input=run.case.get("stdin", "").encode(), capture_output=True, timeout=HANGS_AFTER_S,
                           env={**os.environ, "PVISOR_CHECK_LEFTOVERS": "1"})
    run.status, run.stdout, run.stderr = ended.returncode, ended.stdout, ended.stderr
    return command


def verdict_of(run):
    """What the guest itself said: (word, rest)."""
    said = [line for line in run.lines() if line.strip()]
    word, _, rest = said[-1].partition(" ") if said else ("", "", "")
    return (word, rest) if word in ("SUCCESS", "SKIP", "ERROR", "FAILURE") else ("CRASH", "the guest gave no verdict")


def judge(run, hooks):
    """None if all is as it should be, else what is not."""
    case = run.case
    expected = case.get("exit", 0)
    if run.status != expected:
        return f"exit status {run.status}, expected {expected}"
    said = [line for line in run.lines() if re.match(r"(ERROR|FAILURE)\b", line)]
    if said:
        return said[0]
    is_alone = not domains_file(run.folder).exists()  # else a name stands before each line
    word, rest = verdict_of(run)
    if is_alone and case.get("verdict", expected == 0) and word != "SUCCESS":
        return f"{word} {rest}"
    for name in ("stdout", "stderr"):
        for pattern in case.get(name, []):
            if not re.search(pattern, getattr(run, name).decode("latin-1"), re.MULTILINE):
                return f"{name} has nothing like {pattern!r}"
    if len(run.stderr.splitlines()) > case.get("log_lines", sys.maxsize):
        return f"{len(run.stderr.splitlines())} lines in the log, which must have an end at {case['log_lines']}"
    for pattern in case.get("absent", []):
        if re.search(pattern, (run.stdout + run.stderr).decode("latin-1"), re.MULTILINE):
            return f"the output has {pattern!r}"
    if (run.folder / "expected.txt").exists():
        if sorted(run.lines()) != sorted((run.folder / "expected.txt").read_text().splitlines()):
            return "the output is not that of expected.txt"
    return hooks.check(run) if hooks and hasattr(hooks, "check") else None


def shown(name, text):
    text = text[-SHOWN_BYTES:].decode("latin-1")
    return f"--- {name}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}"


def run_case(case, options, hooks):
    """'passed', 'skipped' or 'failed'."""
    unknown = set(case) - KEYS
    if unknown:
        print(f"test.json: unknown {sorted(unknown)}")
        return "failed"
    missing = set(case.get("traits", [])) - set(options.traits.split(","))
    if missing:
        print(f"SKIP the {options.engine} engine lacks {', '.join(sorted(missing))}")
        return "skipped"
    with tempfile.TemporaryDirectory() as work:
        run = Run(options.folder, pathlib.Path(work), case)
        run.traits = set(options.traits.split(","))
        run.make_disks()
        if hooks and hasattr(hooks, "prepare"):
            hooks.prepare(run)
        try:
            command = start(run, options)
        except subprocess.TimeoutExpired:
            print(f"hangs: no end after {HANGS_AFTER_S} s")
            return "failed"
        if verdict_of(run)[0] == "SKIP" and run.status == 0:
            print("SKIP", verdict_of(run)[1])
            return "skipped"
        wrong = judge(run, hooks)
    if wrong is None:
        return "passed"
    print(" ".join(command))
    print(shown("stdout", run.stdout) + shown("stderr", run.stderr) + "--- wrong: " + wrong)
    return "failed"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pvisor", required=True)
    parser.add_argument("--elf", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--traits", default="")
    parser.add_argument("--args", help="instead of what test.json says")
    parser.add_argument("folder", type=lambda text: pathlib.Path(text).resolve())
    options = parser.parse_args()
    options.elf = str(pathlib.Path(options.elf).resolve())

    described = options.folder / "test.json"
    cases = json.loads(described.read_text()) if described.exists() else {}
    cases = cases if isinstance(cases, list) else [cases]
    if options.args is not None:
        cases = [{**cases[0], "args": options.args}]
    hooks = load_hooks(options.folder)
    results = [run_case(case, options, hooks) for case in cases]
    if "failed" in results:
        return 1
    return SKIPPED if all(result == "skipped" for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
