#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one fuzz target from its seeds.

usage: run.py [--fresh] PROGRAM NAME [LIBFUZZER-OPTION ...]
PROGRAM is NAME_fuzz or NAME_replay of a build folder. Its inputs are gathered in PROGRAM.corpus/: what NAME_seeds.py makes and
the files of corpus/NAME/. libFuzzer adds what it discovers, and the next run goes on from there unless --fresh is said.
What makes the target fail is left beside it as PROGRAM.failed-*; run PROGRAM with that file to see it again.
"""
import importlib
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent


def put_seeds(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((HERE / "corpus" / name).glob("*")):
        shutil.copy(path, folder / path.name)
    if (HERE / f"{name}_seeds.py").exists():
        for title, content in importlib.import_module(f"{name}_seeds").seeds():
            (folder / title).write_bytes(content)


def main(words):
    fresh = words[:1] == ["--fresh"]
    program, name, *options = words[fresh:]
    corpus = pathlib.Path(program + ".corpus")
    if fresh:
        shutil.rmtree(corpus, ignore_errors=True)
    put_seeds(name, corpus)
    if program.endswith("_fuzz"):
        # Its own word for a failure, 77, is meson's for a test that was skipped.
        options += [f"-artifact_prefix={program}.failed-", "-error_exitcode=1", "-timeout_exitcode=1"]
        dictionary = HERE / f"{name}.dict"
        options += [f"-dict={dictionary}"] if dictionary.exists() else []
    sys.stdout.flush()
    os.execv(program, [program, *options, str(corpus)])


if __name__ == "__main__":
    main(sys.argv[1:])
