# SPDX-License-Identifier: MIT
"""What the host is asked for while a guest replays a trace: pvisor under strace, its I/O done by threads, whose calls strace sees."""
import dataclasses
import os
import re
import subprocess

import disk_trace

NEVER = 1 << 60
LONGEST_WRITE = 1 << 20
CALL = re.compile(r"(?P<thread>\d+) +(?:(?P<name>\w+)\((?P<words>.*?)|<\.\.\. (?P<resumed>\w+) resumed>.*?)"
                  r"(?:\) += (?P<result>\?|-?\d+)(?: E.*)?|(?P<unfinished> <unfinished \.\.\.>))")
BUFFER = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"')


class NoTracing(Exception):
    """strace may not trace here."""


@dataclasses.dataclass
class Call:
    """A write or flush of the host's, with the moments of its beginning and end. A flush has no data."""
    begin: int
    offset: int = 0
    data: bytes | None = None
    end: int = NEVER


@dataclasses.dataclass
class HostLog:
    calls: list          # in the order of their beginnings
    acknowledged: list   # moments at which the guest said that its flush number 1, 2, ... is done


def bytes_of(hexadecimal):
    return bytes.fromhex(hexadecimal.replace("\\x", ""))


def parse(lines):
    calls, under_way, console, acknowledged = [], {}, "", []
    for moment, line in enumerate(lines):
        match = CALL.fullmatch(line)
        if not match:
            raise ValueError(f"not understood: {line[:200]}")
        thread, name, words = match["thread"], match["name"], match["words"]
        if name == "pwritev":
            data = b"".join(bytes_of(buffer) for buffer in BUFFER.findall(words))
            under_way[thread] = Call(moment, int(words.rpartition(" ")[2]), data)
            calls.append(under_way[thread])
        elif name == "fdatasync":
            under_way[thread] = Call(moment)
            calls.append(under_way[thread])
        elif name == "write":
            console += bytes_of(words.split('"')[1]).decode("latin-1")
            while f"flushed {len(acknowledged) + 1}\n" in console:  # a write that a signal interrupts is there twice
                acknowledged.append(moment)
        if thread in under_way and not match["unfinished"]:
            call = under_way.pop(thread)
            if match["result"] != str(len(call.data or b"")):
                raise ValueError(f"the host did not do it: {line[-200:]}")
            call.end = moment
    return HostLog(calls, acknowledged)


def record(strace, pvisor, guest, folder, disk_trace_bytes, size, cache):
    """Replays the trace on a new disk of zeros."""
    disk, trace, log = (os.path.join(folder, name) for name in ("disk", "trace", "log"))
    with open(disk, "wb") as file:
        file.truncate(size)
    with open(trace, "wb") as file:
        file.write(disk_trace_bytes)
    traced = [strace, "-f", "-qq", "-xx", "-s", str(LONGEST_WRITE), "-e", "trace=pwritev,fdatasync,write", "-e", "signal=none", "-o", log]
    if subprocess.run([*traced, "true"], capture_output=True, check=False).returncode != 0:
        raise NoTracing
    subprocess.run([*traced, pvisor, "run", guest, "--disk", f"{disk},cache={cache}", "--disk", f"{trace},ro"], check=True, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "PVISOR_IO": "threads", "ASAN_OPTIONS": "detect_leaks=0"})
    with open(log, encoding="ascii") as file:
        found = parse(file.read().splitlines())
    flushes = sum(kind == disk_trace.FLUSH for kind, _, _ in disk_trace.records(disk_trace_bytes))
    if len(found.acknowledged) != flushes:
        raise ValueError(f"the guest was told of {len(found.acknowledged)} flushes, and the trace has {flushes}")
    return found
