#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that speak TCP/IP by lwIP, through user-mode networking: what the host's own clients get from them.

usage: ip_test.py --pvisor PROGRAM --engine NAME --guests FOLDER --lwip FOLDER CASE

Without lwIP in its folder there are no such guests, and all is skipped. Exit status: 0 passed, 77 skipped, 1 anything else.
"""
import argparse
import contextlib
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from net_test import PATIENCE_S, SKIPPED, Skip, Wrong, check, needs, tool

ADDRESS = "10.0.2.15"  # libslirp's DHCP gives it
FILES = {"index.html": b"<h1>Hello</h1>\n", "notes.txt": b"", "a b%.bin": b"\0\1\2", "sub/index.html": b"below\n",
         "large.bin": random.Random(1).randbytes(3_000_000)}


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_disk(work):
    needs("mke2fs")
    for name, content in FILES.items():
        path = work / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    disk = work / "disk.img"
    with open(disk, "wb") as image:
        image.truncate(8 << 20)
    tool("mke2fs", "-q", "-F", "-t", "ext4", "-d", work / "tree", disk)
    return disk


@contextlib.contextmanager
def guest(options, name, net, *words, ready):
    """pvisor with a guest that has said that it is ready; at the end, all is well if it ends by itself."""
    program, _, arguments = " ".join(words).partition(" -- ")
    command = [options.pvisor, "run", str(pathlib.Path(options.guests) / f"{name}.elf"), "--engine", options.engine, "--memory", "16M",
               "--timeout", "60s", "--net", net, *program.split(), "--", *arguments.split()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PVISOR_CHECK_LEFTOVERS": "1"})
    try:
        line = process.stdout.readline()
        check(line == ready + "\n", f"the guest is not ready: {line!r}")
        yield process
        out, err = process.communicate(timeout=PATIENCE_S)
        check(process.returncode == 0, f"exit status {process.returncode}\n{out}{err}")
    except Wrong as wrong:
        process.kill()
        raise Wrong(f"{wrong}\n{''.join(process.communicate())}") from None
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()


def case_httpd(options):
    """curl gets the files of the guest's disk, and clients that behave badly harm nobody else."""
    needs("curl")
    port = free_port(socket.SOCK_STREAM)
    site = f"http://127.0.0.1:{port}"

    def get(path, *more):
        return subprocess.run(["curl", "--silent", "--max-time", str(PATIENCE_S), "--write-out", "%{stderr}%{http_code}", *more, site + path],
                              capture_output=True, check=True, timeout=2 * PATIENCE_S)

    def gets(path, status, content, *more):
        answer = get(path, *more)
        check(answer.stderr == status and answer.stdout == content, f"{path}: {answer.stderr} {answer.stdout[:200]}")

    def says(request, half_close=False):
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                return answer.read()

    def breaks_off():
        """Takes a little of a large file and resets the connection."""
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(b"GET /large.bin HTTP/1.1\r\n\r\n")
            check(len(connection.recv(1000)) > 0, "no answer to break off")

    with tempfile.TemporaryDirectory() as folder:
        disk = make_disk(pathlib.Path(folder))
        net = f"user,hostfwd=tcp:127.0.0.1:{port}-:80"
        with guest(options, "httpd", net, f"--disk {disk},ro -- requests=16", ready=f"serving on {ADDRESS} port 80"):
            gets("/", b"200", FILES["index.html"])
            gets("/notes.txt", b"200", b"")
            gets("/a%20b%25.bin?query", b"200", FILES["a b%.bin"])
            gets("/sub", b"200", FILES["sub/index.html"])
            gets("/nowhere", b"404", b"404 Not Found\n")
            gets("/a%00b", b"400", b"400 Bad Request\n")
            gets("/", b"405", b"405 Method Not Allowed\n", "--data", "x=1")
            gets("/", b"431", b"431 Request Header Fields Too Large\n", "--header", f"X: {'x' * 3000}")
            check(b"Content-Length: 3000000\r\n" in get("/large.bin", "--head").stdout, "HEAD tells no size")
            breaks_off()
            socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
            several = [subprocess.Popen(["curl", "--silent", "--max-time", str(PATIENCE_S), site + "/large.bin"], stdout=subprocess.PIPE)
                       for _ in range(5)]
            contents = [each.communicate(timeout=2 * PATIENCE_S)[0] for each in several]
            check(contents == [FILES["large.bin"]] * 5, f"several at once got {[len(content) for content in contents]} bytes")
            answer = says(b"GET /large.bin HTTP/1.1\r\n\r\n", half_close=True)
            check(answer.endswith(b"\r\n\r\n" + FILES["large.bin"]), f"after a half close {len(answer)} bytes came")
            check(says(b"GET nowhere HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 "), "a path that is none is served")


CASES = {name[5:].replace("_", "-"): case for name, case in globals().items() if name.startswith("case_")}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--engine", "--guests", "--lwip"):
        parser.add_argument(name, required=True)
    parser.add_argument("case", choices=CASES)
    options = parser.parse_args()
    options.pvisor = str(pathlib.Path(options.pvisor).resolve())
    lwip = pathlib.Path(options.lwip)
    if not (lwip / "src/core/tcp.c").is_file():
        reason = lwip / "why-not"
        print("skipped:", reason.read_text().strip() if reason.exists() else f"no lwIP; scripts/get-lwip.sh {lwip} fetches it")
        return SKIPPED
    try:
        CASES[options.case](options)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except Wrong as what:
        print(f"wrong: {what}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
