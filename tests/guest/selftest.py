#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checker checked: a guest that fails in each possible way must be seen to fail. usage: selftest.py RUN_PY OPTION..."""
import subprocess
import sys

EXPECTED = {
    "success": 0,
    "failure": 1,   # says so
    "nonzero": 1,   # says SUCCESS, but its exit status is not 0
    "silent": 1,    # ends well and says nothing
    "early": 1,     # a failure before the success
    "error": 1,
    "crash": 1,
    "skip": 77,
}

wrong = 0
for how, expected in EXPECTED.items():
    ended = subprocess.run([sys.executable, *sys.argv[1:], "--args", how], capture_output=True, text=True)
    if ended.returncode != expected:
        print(f"{how}: run.py answered {ended.returncode}, not {expected}\n{ended.stdout}{ended.stderr}")
        wrong += 1
sys.exit(1 if wrong else 0)
