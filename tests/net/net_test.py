#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests that talk to the host: the host's own programs ask, and what went over the wire is read back.

usage: net_test.py --pvisor PROGRAM --host GUEST --ping-pong GUEST CASE

A case that needs a network of its own is started again in a namespace, where it may do as it likes with devices and addresses.
Exit status: 0 passed, 77 skipped, 1 anything else.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

SKIPPED = 77
PATIENCE_S = 20  # only a test that fails waits so long
TAP_IP, GUEST_IP = "10.9.0.1", "10.9.0.2"
GUEST_IP_NUMBER = "0x0a090002"


class Wrong(Exception):
    pass


class Skip(Exception):
    pass


def check(good, what):
    if not good:
        raise Wrong(what)


def tool(*words, **options):
    """Output of one of the host's programs, which must succeed."""
    ended = subprocess.run(words, capture_output=True, text=True, **{"timeout": PATIENCE_S, **options})
    check(ended.returncode == 0, f"{' '.join(map(str, words))}: status {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not there")


class Guest:
    """pvisor with a guest that is up, ended with the block."""

    def __init__(self, options, net, *words):
        self.command = [options.pvisor, "run", options.host, "--memory", "8M", "--timeout", "60s", "--statistics", "--net", net, "--", *words]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "PVISOR_CHECK_LEFTOVERS": "1"})
        line = self.process.stdout.readline()
        if line != "ready\n":
            out, err = self.rest()
            raise Wrong(f"the guest is not ready\n{line}{out}{err}")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def rest(self):
        """Not by communicate(): it does not know what readline() has read ahead. pvisor's own time limit ends both reads."""
        out, err = self.process.stdout.read(), self.process.stderr.read()
        self.process.wait(PATIENCE_S)
        return out, err

    def ends(self, status):
        out, err = self.rest()
        check(self.process.returncode == status, f"exit status {self.process.returncode}, expected {status}\n{out}{err}")
        return out, err


def udp(host="127.0.0.1"):
    """A socket of our own, and its port."""
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mine.bind((host, 0))
    mine.settimeout(PATIENCE_S)
    return mine


def free_port():
    with udp() as probe:
        return probe.getsockname()[1]


def echoes(address):
    """The guest sends back what it gets."""
    with udp("" if address[0] != "127.0.0.1" else "127.0.0.1") as mine:
        for size in (0, 1, 2, 99, 1400, 1472):
            sent = bytes(i * 7 & 0xff for i in range(size))
            mine.sendto(sent, address)
            check(mine.recv(65536) == sent, f"{size} bytes did not come back as they were sent")
        mine.sendto(b"quit", address)
        check(mine.recv(100) == b"quit", "the guest does not say that it ends")


# User-mode networking


def case_user(options):
    """The gateway is there, but does not lead to the host's own loopback."""
    with udp() as nobody, Guest(options, "user", f"ask={nobody.getsockname()[1]}") as guest:
        out, err = guest.ends(0)
        check(out == "the gateway refuses\n", out)
        check(re.search(r"interface 0: 2 frames sent .*, 2 frames received .*, 0 refused, 0 dropped$", err, re.M), err)
        nobody.setblocking(False)
        try:
            raise Wrong(f"the host's loopback was reached: {nobody.recv(100)}")
        except BlockingIOError:
            pass


def case_host_loopback(options):
    """With host_loopback the gateway's address is the host, and datagrams to a forwarded port come back."""
    port = free_port()
    with udp() as server:
        with Guest(options, f"user,host_loopback,hostfwd=udp::{port}-10.0.2.15:7", f"ask={server.getsockname()[1]}") as guest:
            asked, asker = server.recvfrom(100)
            check(asked == b"hello", asked)
            server.sendto(b"hello from the host", asker)
            check(guest.process.stdout.readline() == "the gateway says: hello from the host\n", "the guest did not get the answer")
            echoes(("127.0.0.1", port))
            guest.ends(0)


def case_socket_limit(options):
    """A guest that talks from thousands of ports has a few hundred sockets of the monitor's, and no more."""
    with udp() as server, Guest(options, "user,host_loopback", f"ask={server.getsockname()[1]}", "flood=4000") as guest:
        check(guest.process.stdout.readline() == "flooded\n", "the guest did not send all it could")
        received = 0
        server.settimeout(1)
        try:
            while True:
                server.recv(100)
                received += 1
        except TimeoutError:
            pass
        descriptors = len(os.listdir(f"/proc/{guest.process.pid}/fd"))
        check(200 < received <= 256, f"{received} of its datagrams arrived")
        check(descriptors < 300, f"{descriptors} descriptors")


def case_port_taken(options):
    """A port that somebody has is told with its name, before any guest starts."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        forward = f"tcp:127.0.0.1:{taken.getsockname()[1]}-:80"
        ended = subprocess.run([options.pvisor, "run", options.host, "--net", f"user,hostfwd={forward}"], capture_output=True, text=True,
                               timeout=PATIENCE_S)
        check(ended.returncode == 125 and "Address already in use" in ended.stderr and "hostfwd tcp:127.0.0.1:" in ended.stderr,
              f"status {ended.returncode}\n{ended.stderr}")


def case_deterministic(options):
    """A run that repeats has no live network."""
    for net in ("user", "tap:tap0"):
        ended = subprocess.run([options.pvisor, "run", options.host, "--deterministic", "--net", net], capture_output=True, text=True,
                               timeout=PATIENCE_S)
        check(ended.returncode == 126 and "networks of the host (user, tap) are live" in ended.stderr, ended.stderr)


# Tap devices


def make_tap():
    needs("ip")
    tool("ip", "link", "set", "lo", "up")
    ended = subprocess.run(["ip", "tuntap", "add", "tap0", "mode", "tap"], capture_output=True, text=True, timeout=PATIENCE_S)
    if ended.returncode:
        raise Skip(f"no tap devices here: {ended.stderr.strip()}")
    tool("ip", "address", "add", f"{TAP_IP}/24", "dev", "tap0")
    tool("ip", "link", "set", "tap0", "up")


def case_tap(options):
    """ping and UDP through a tap device, and the capture read by tcpdump."""
    needs("ping", "tcpdump")
    make_tap()
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder) / "wire.pcap"
        with Guest(options, f"tap:tap0,capture={capture}", f"ip={GUEST_IP_NUMBER}") as guest:
            said = tool("ping", "-c", "5", "-i", "0.05", "-W", "5", GUEST_IP)
            check("5 received" in said, said)
            said = tool("ping", "-c", "2", "-i", "0.05", "-s", "1472", "-W", "5", GUEST_IP)
            check("2 received" in said, said)
            echoes((GUEST_IP, 7))
            guest.ends(0)
        read = tool("tcpdump", "-n", "-r", capture, "icmp")
        check(len(re.findall(rf"{TAP_IP} > {GUEST_IP}: ICMP echo request", read)) == 7, read)
        check(len(re.findall(rf"{GUEST_IP} > {TAP_IP}: ICMP echo reply", read)) == 7, read)
        check("bad-len" not in read and "truncated" not in read, read)
        check("quit" in tool("tcpdump", "-A", "-r", capture, "udp and port 7"), "the last datagram is not in the capture")


def case_tap_deleted(options):
    """A device that is deleted under a guest cuts its wire, and the guest goes on."""
    make_tap()
    with Guest(options, "tap:tap0", f"ip={GUEST_IP_NUMBER}") as guest:
        tool("ip", "link", "delete", "tap0")
        out, _ = guest.ends(3)
        check(out == "the wire is cut\n", out)


def case_tap_refused(options):
    """A device that cannot be had is told with its name."""
    make_tap()
    with Guest(options, "tap:tap0", f"ip={GUEST_IP_NUMBER}"):
        ended = subprocess.run([options.pvisor, "run", options.host, "--net", "tap:tap0"], capture_output=True, text=True, timeout=PATIENCE_S)
        check(ended.returncode == 125 and "tap device tap0: Device or resource busy" in ended.stderr, ended.stderr)


# Switches


def case_capture(options):
    """Both ends of a switch see the same frames, and no more than those."""
    needs("tcpdump")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        domains = [{"name": role, "kernel": options.ping_pong, "cmdline": f"role={role} rounds=100", "memory": 8,
                    "vif": [{"backend": "switch:lan", "capture": f"{role}.pcap"}]} for role in ("server", "client")]
        (work / "domains.json").write_text(json.dumps({"version": 1, "domains": domains}))
        tool(options.pvisor, "up", work / "domains.json", "--timeout", "60s")
        seen = [tool("tcpdump", "-n", "-e", "-t", "-r", work / f"{role}.pcap", "not broadcast").splitlines() for role in ("server", "client")]
        check(len(seen[0]) > 200, f"{len(seen[0])} frames")
        # The client may have asked before the server was there, and the server may be gone at the last word.
        check(set(seen[0]) <= set(seen[1]), "the server has seen frames that the client has not")


def case_repeats(options):
    """A deterministic run with a switch repeats, frame by frame, and another seed makes another one."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)

        def outcome(seed):
            domains = [{"name": role, "kernel": options.ping_pong, "cmdline": f"role={role} rounds=100", "memory": 8, "engine": "fiber",
                        "vif": [{"backend": "switch:lan", "rate": "1MB/s", "capture": f"{role}.pcap"}]} for role in ("server", "client")]
            (work / "domains.json").write_text(json.dumps({"version": 1, "deterministic": True, "seed": seed, "domains": domains}))
            ended = subprocess.run([options.pvisor, "up", work / "domains.json"], capture_output=True, text=True, timeout=PATIENCE_S)
            check(ended.returncode == 0, f"status {ended.returncode}\n{ended.stdout}{ended.stderr}")
            return re.findall(r"hash ([0-9a-f]{16}), \d+ exits", ended.stderr), (work / "client.pcap").read_bytes()

        first = outcome(1)
        check(len(first[0]) == 1 and len(first[1]) > 10_000, "a hash and a capture were expected")
        check(outcome(1) == first, "the second run differs")
        check(outcome(2)[0] != first[0], "another seed has the same hash")


IN_OWN_NETWORK = {"tap": [], "tap-deleted": [], "tap-refused": []}
CASES = {name[5:].replace("_", "-"): case for name, case in globals().items() if name.startswith("case_")}


def in_own_network(*more):
    """Starts the test again in a network namespace, and others that `unshare` is told to make."""
    needs("unshare")
    unshare = ["unshare", "--net", *more] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net", *more]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        raise Skip("network namespaces cannot be made here")
    sys.exit(subprocess.run([*unshare, sys.executable, *sys.argv], env={**os.environ, "PVISOR_OWN_NETWORK": "1"}).returncode)


def judged(options, cases, own_networks):
    """Runs one case, anew in a network of its own if it needs one, and answers the exit status. `own_networks`: case -> more words
    for unshare."""
    try:
        if options.case in own_networks and "PVISOR_OWN_NETWORK" not in os.environ:
            in_own_network(*own_networks[options.case])
        cases[options.case](options)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except Wrong as what:
        print(f"wrong: {what}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pvisor", "--host", "--ping-pong"):
        parser.add_argument(name, required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("case", choices=CASES)
    options = parser.parse_args()
    return judged(options, CASES, IN_OWN_NETWORK)


if __name__ == "__main__":
    sys.exit(main())
