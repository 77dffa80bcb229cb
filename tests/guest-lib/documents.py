#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Code in a document is that of files which are built and run: each fenced block below a line "<!-- from FILE -->" stands in FILE,
word for word. So do the headers, functions and files exist that a document links to.

usage: documents.py ROOT DOCUMENT...
"""
import pathlib
import re
import sys


def complaints(root, document):
    text = document.read_text()
    blocks = re.findall(r"^<!-- from (\S+) -->\n```\w*\n(.*?)^```$", text, re.M | re.S)
    if len(blocks) != text.count("<!-- from "):
        yield f"{document}: a line \"<!-- from FILE -->\" has no block below it"
    for file, block in blocks:
        if block not in (root / file).read_text():
            yield f"{document}: this is not in {file}:\n{block}"
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (document.parent / target).exists():
            yield f"{document}: there is no {target}"
    headers = "".join(path.read_text() for path in (root / "guest-lib" / "include" / "pv").glob("*.h"))
    for name in set(re.findall(r"`(pv_\w+)`", text)):
        if not re.search(rf"\b{name}\b", headers):
            yield f"{document}: no header has {name}"


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = [line for document in sys.argv[2:] for line in complaints(root, pathlib.Path(document))]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
