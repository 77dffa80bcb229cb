#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that speak TCP/IP by lwIP: what the host's own clients get from them, and other guests.

usage: ip_test.py --pvisor PROGRAM --engine NAME --guests FOLDER --offload GUEST --lwip FOLDER CASE

Without lwIP in its folder there are no such guests, and all is skipped. Exit status: 0 passed, 77 skipped, 1 anything else.
"""
import argparse
import contextlib
import json
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
from net_test import (GUEST_IP, PATIENCE_S, SKIPPED, Skip, Wrong, check, echoes, judged, make_tap, needs, tool)

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
def guest(options, name, net, *words, ready, disk=None):
    """pvisor with a guest that has said that it is ready; at the end, all is well if it ends by itself."""
    disks = [] if disk is None else ["--disk", f"{disk},ro"]
    command = [options.pvisor, "run", str(pathlib.Path(options.guests) / f"{name}.elf"), "--engine", options.engine, "--memory", "16M",
               "--timeout", "60s", "--net", net, *disks, "--", *words]
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


class Site:
    """The guest's web server as its clients see it."""

    def __init__(self, host, port):
        self.address, self.url = (host, port), f"http://{host}:{port}"

    def get(self, path, *more):
        """(status, content)"""
        command = ["curl", "--silent", "--max-time", str(PATIENCE_S), "--write-out", "%{stderr}%{http_code}", *more, self.url + path]
        ended = subprocess.run(command, capture_output=True, timeout=2 * PATIENCE_S)
        check(ended.returncode == 0, f"{' '.join(command)}: status {ended.returncode}")
        return int(ended.stderr), ended.stdout

    def gives(self, path, status, content, *more):
        answer = self.get(path, *more)
        check(answer == (status, content), f"{path}: {answer[0]} {answer[1][:200]}")

    def connect(self):
        return socket.create_connection(self.address, PATIENCE_S)

    def says(self, request, half_close=False):
        with self.connect() as connection:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                return answer.read()

    def break_off(self):
        """Takes a little of a large file and resets the connection."""
        with self.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(b"GET /large.bin HTTP/1.1\r\n\r\n")
            check(len(connection.recv(1000)) > 0, "no answer to break off")

    def get_several_at_once(self, path, content, count):
        clients = [subprocess.Popen(["curl", "--silent", "--max-time", str(PATIENCE_S), self.url + path], stdout=subprocess.PIPE)
                   for _ in range(count)]
        contents = [client.communicate(timeout=2 * PATIENCE_S)[0] for client in clients]
        check(contents == [content] * count, f"several at once got {[len(one) for one in contents]} bytes")


def get_everything(site):
    """15 answers, good and bad, and two clients that go away."""
    site.gives("/", 200, FILES["index.html"])
    site.gives("/notes.txt", 200, b"")
    site.gives("/a%20b%25.bin?query", 200, FILES["a b%.bin"])
    site.gives("/sub", 200, FILES["sub/index.html"])
    site.gives("/nowhere", 404, b"404 Not Found\n")
    site.gives("/a%00b", 400, b"400 Bad Request\n")
    site.gives("/", 405, b"405 Method Not Allowed\n", "--data", "x=1")
    site.gives("/", 431, b"431 Request Header Fields Too Large\n", "--header", f"X: {'x' * 3000}")
    check(b"Content-Length: 3000000\r\n" in site.get("/large.bin", "--head")[1], "HEAD tells no size")
    site.break_off()
    site.connect().close()
    site.get_several_at_once("/large.bin", FILES["large.bin"], 5)
    answer = site.says(b"GET /large.bin HTTP/1.1\r\n\r\n", half_close=True)
    check(answer.endswith(b"\r\n\r\n" + FILES["large.bin"]), f"after a half close {len(answer)} bytes came")


def case_httpd(options):
    """curl gets the files of the guest's disk, and clients that behave badly harm nobody else."""
    needs("curl")
    port = free_port(socket.SOCK_STREAM)
    with tempfile.TemporaryDirectory() as folder:
        disk = make_disk(pathlib.Path(folder))
        with guest(options, "httpd", f"user,hostfwd=tcp:127.0.0.1:{port}-:80", "requests=15", disk=disk,
                   ready=f"serving on {ADDRESS} port 80"):
            get_everything(Site("127.0.0.1", port))


def case_httpd_tap(options):
    """The same with the host's own TCP at the other end, and with more than a window to the guest."""
    needs("curl")
    make_tap()
    with tempfile.TemporaryDirectory() as folder:
        disk = make_disk(pathlib.Path(folder))
        with guest(options, "httpd", "tap:tap0", f"ip={GUEST_IP}", "requests=16", disk=disk, ready=f"serving on {GUEST_IP} port 80"):
            site = Site(GUEST_IP, 80)
            get_everything(site)
            answer = site.says(b"PUT /x HTTP/1.1\r\n\r\n" + bytes(300_000))
            check(answer.startswith(b"HTTP/1.1 405 "), f"to a large request {answer[:100]} came")


def case_udp_echo(options):
    """Datagrams through a forwarded port come back."""
    port = free_port(socket.SOCK_DGRAM)
    with guest(options, "udp-echo", f"user,host_loopback,hostfwd=udp:127.0.0.1:{port}-:7", "datagrams=7",
               ready=f"echoing on {ADDRESS} port 7"):
        echoes(("127.0.0.1", port))


def case_dns(options):
    """libslirp's name server asks that of the host, here one of our own."""
    if os.geteuid() != 0 or subprocess.run(["ip", "link", "set", "lo", "up"]).returncode:
        raise Skip("the loopback device of the new network cannot be had")
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        settings = pathlib.Path(folder) / "resolv.conf"
        settings.write_text("nameserver 127.0.0.1\n")
        tool("mount", "--bind", settings, "/etc/resolv.conf")
        server.bind(("127.0.0.1", 53))
        server.settimeout(PATIENCE_S)
        for name, records, outcome in (("guest.example", 1, "its address is 10.1.2.3\n"),
                                       ("no.example", 0, "the name server knows no no.example\n")):
            with guest(options, "udp-echo", "user", "datagrams=0", f"resolve={name}", ready=f"echoing on {ADDRESS} port 7") as process:
                query, asker = server.recvfrom(1000)
                labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
                check(query[12:] == labels + b"\0\0\1\0\1", f"asked was {query}")
                answer = b"\xc0\x0c" + struct.pack(">HHIH4B", 1, 1, 60, 4, 10, 1, 2, 3)
                header = query[:2] + struct.pack(">5H", 0x8180 if records else 0x8183, 1, records, 0, 0)
                server.sendto(header + query[12:] + answer * records, asker)
                line = process.stdout.readline()
                check(line == outcome, f"of {name} the guest says {line!r}")


def case_offload(options):
    """On a switch frames come without checksums and uncut; lwIP takes them, but no checksum that is meant and wrong."""
    domains = [{"name": role, "kernel": options.offload, "cmdline": f"role={role}", "memory": 16,
                "vif": [{"backend": "switch:lan", "mac": mac}]} for role, mac in (("server", "02:00:00:00:00:01"), ("asker", "02:00:00:00:00:02"))]
    with tempfile.TemporaryDirectory() as folder:
        plan = pathlib.Path(folder) / "domains.json"
        plan.write_text(json.dumps({"version": 1, "domains": domains}))
        said = tool(options.pvisor, "up", plan, "--engine", options.engine, "--timeout", "50s",
                    env={**os.environ, "PVISOR_CHECK_LEFTOVERS": "1"}, timeout=60)
    check(said == "asker: datagrams: left out and vouched for are taken, wrong is not\nasker: TCP: 40000 bytes in one are taken\n", said)


IN_OWN_NETWORK = {"httpd-tap": [], "dns": ["--mount"]}
CASES = {name[5:].replace("_", "-"): case for name, case in globals().items() if name.startswith("case_")}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--engine", "--guests", "--offload", "--lwip"):
        parser.add_argument(name, required=True)
    parser.add_argument("case", choices=CASES)
    options = parser.parse_args()
    options.pvisor, options.offload = (str(pathlib.Path(path).resolve()) for path in (options.pvisor, options.offload))
    lwip = pathlib.Path(options.lwip)
    if not (lwip / "src/core/tcp.c").is_file():
        reason = lwip / "why-not"
        print("skipped:", reason.read_text().strip() if reason.exists() else f"no lwIP; scripts/get-lwip.sh {lwip} fetches it")
        return SKIPPED
    return judged(options, CASES, IN_OWN_NETWORK)


if __name__ == "__main__":
    sys.exit(main())
