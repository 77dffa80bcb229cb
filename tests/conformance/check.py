# SPDX-License-Identifier: MIT
"""The guest's output must be answers.txt, in its order. The program run.py in tests/guest calls this."""


def check(run):
    recorded = run.folder / "answers.txt"
    wanted = recorded.read_text().splitlines()
    answered = run.stdout.replace(b"\0", b"").decode("latin-1").splitlines()
    for number, (answer, want) in enumerate(zip(answered, wanted), 1):
        if answer != want:
            return f"line {number} is not that of {recorded} (README.md beside it says how to record anew)\n-{want}\n+{answer}"
    return None if len(answered) == len(wanted) else f"{len(answered)} lines; {recorded} has {len(wanted)}"
