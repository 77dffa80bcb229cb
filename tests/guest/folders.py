#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a folder with a main.c is in none of meson.build's lists, or a listed one is missing: a test that nobody runs
tests nothing. usage: folders.py PARENT NAME..."""
import pathlib
import sys

parent, listed = pathlib.Path(sys.argv[1]), set(sys.argv[2:])
present = {source.parent.name for source in parent.glob("*/main.c")}
for name in sorted(present - listed):
    print(f"{parent.name}/{name} is not listed in meson.build")
for name in sorted(listed - present):
    print(f"{parent.name}/{name} is listed, but has no main.c")
sys.exit(0 if present == listed else 1)
