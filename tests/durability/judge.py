# SPDX-License-Identifier: MIT
"""What a guest that replayed the trace may rely on, and whether an image of its disk keeps that. An image must

- have in every sector what the guest was told is flushed, or something newer;
- be accepted by e2fsck, which replays the journal as mounting does, and then by e2fsck -fn, which finds nothing wrong;
- have, for the loader's reader, the files of all steps of the workload that were safe.
"""
import collections
import os
import shutil
import subprocess
import sys

from cuts import sectors_of
from disk_trace import FLUSH, SECTOR, WRITE, records
from workload import files_after, workload

SIZE = 3072 << 10  # of the file system in the trace
SKIPPED = 77


class Promised:
    """What the guest was told, by the number of flushes that it knows to be done."""

    def __init__(self, disk):
        self.steps = workload()
        self.writes = [[]]    # of each stretch between flushes
        self.safe_steps = {}  # flushes done -> steps that are safe then
        mark = -1
        for kind, sector, data in records(disk):
            if kind == WRITE:
                self.writes[-1].append((sector * SECTOR, data))
            elif kind == FLUSH:
                self.writes.append([])
            else:
                mark = sector
                self.safe_steps[len(self.writes) - 1] = mark
        if mark != len(self.steps):
            raise SystemExit(f"the trace has {mark} steps and workload.py {len(self.steps)}: record.py makes it anew")

    def steps_at(self, flushes):
        return max((steps for done, steps in self.safe_steps.items() if done <= flushes), default=0)

    def sectors_at(self, flushes):
        sectors = {}
        for stretch in self.writes[:flushes]:
            for offset, data in stretch:
                sectors.update(sectors_of(offset, data))
        return sectors

    def lost_sector(self, image, flushes, ahead=0):
        """The first sector that holds neither what was flushed last nor what has been written since. The guest may have had `ahead`
        more flushes done than it could tell."""
        newer = collections.defaultdict(list)
        for offset, data in (write for stretch in self.writes[flushes:flushes + 1 + ahead] for write in stretch):
            for sector, part in sectors_of(offset, data):
                newer[sector].append(part)
        flushed, zeros = self.sectors_at(flushes), bytes(SECTOR)
        for sector in range(SIZE // SECTOR):
            now = image[sector * SECTOR:(sector + 1) * SECTOR]
            if now != flushed.get(sector, zeros) and now not in newer[sector]:
                return sector
        return None

    def wrong_file(self, found, flushes, ahead=0):
        """The first file that is not as the safe steps left it, although no step under way changes it so."""
        safe = self.steps_at(flushes)
        under_way = self.steps[safe:self.steps_at(flushes + ahead) + 1]
        for path, wanted in files_after(self.steps[:safe]).items():
            changes = [step for step in under_way if path in step.after]
            if found.get(path) != wanted and all(step.at_once and found.get(path) != step.after[path] for step in changes):
                return path
        return None


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    if not found:
        print(f"skipped: {name} is not installed")
        sys.exit(SKIPPED)
    return found


def parse_files(output):
    files, at = {}, 0
    while at < len(output):
        line = output[at:output.index(b"\n", at)]
        size, path = line.split(b" ", 1)
        at += len(line) + 1
        files[path.decode().lstrip("/")] = output[at:at + int(size)]
        at += int(size) + 1
    return files


class Judge:
    def __init__(self, promised, reader, folder):
        self.promised, self.reader, self.folder, self.e2fsck = promised, reader, folder, tool("e2fsck")

    def complaint(self, name, image, flushes, ahead=0):
        """What is wrong with an image: (who sees it, words), or None."""
        if (sector := self.promised.lost_sector(image, flushes, ahead)) is not None:
            return "sectors", f"sector {sector} is not what was flushed"
        return self.file_system_complaint(name, image, flushes, ahead)

    def file_system_complaint(self, name, image, flushes, ahead=0):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(image)
        try:
            return self._complaint(path, flushes, ahead)
        finally:
            os.unlink(path)

    def _complaint(self, path, flushes, ahead):
        self.run(self.reader, path)  # before the journal has been replayed it may refuse, but it ends
        mounted, output = self.run(self.e2fsck, "-p", path)
        if mounted not in (0, 1):
            return "e2fsck", f"e2fsck -p ends with {mounted}: {output.decode(errors='replace')}"
        checked, output = self.run(self.e2fsck, "-fn", path)
        if checked != 0:
            return "e2fsck", f"e2fsck -fn ends with {checked}: {output.decode(errors='replace')}"
        read, output = self.run(self.reader, path)
        if read != 0:
            return "reader", output.decode(errors="replace")
        if (name := self.promised.wrong_file(parse_files(output), flushes, ahead)) is not None:
            return "files", f"{name} is not as it was made safe"
        return None

    @staticmethod
    def run(*command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        if done.returncode < 0:
            raise RuntimeError(f"{command[0]} was ended by signal {-done.returncode}")
        return done.returncode, done.stdout
