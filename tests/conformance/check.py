# SPDX-License-Identifier: MIT
"""The guest's output must be answers.txt, in its order. The program run.py in tests/guest calls this."""

# Answers that depend on what the engine has: trait -> {as recorded, on fiber: as it must be with the trait}.
WITH_TRAIT = {"guest_fs": {"set_segment_base of fs: -ENOSYS": "set_segment_base of fs: 0"}}


def check(run):
    recorded = run.folder / "answers.txt"
    wanted = recorded.read_text().splitlines()
    for trait in run.traits & WITH_TRAIT.keys():
        wanted = [WITH_TRAIT[trait].get(line, line) for line in wanted]
    answered = run.stdout.replace(b"\0", b"").decode("latin-1").splitlines()
    for number, (answer, want) in enumerate(zip(answered, wanted), 1):
        if answer != want:
            return f"line {number} is not that of {recorded} (README.md beside it says how to record anew)\n-{want}\n+{answer}"
    return None if len(answered) == len(wanted) else f"{len(answered)} lines; {recorded} has {len(wanted)}"
