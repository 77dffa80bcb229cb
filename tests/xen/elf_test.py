#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that a guest's file starts on Xen as it is: unrelocated, at the addresses in its notes. usage: elf_test.py ELF...

Xen puts a segment at pfn (p_paddr - PADDR_OFFSET) >> 12, maps pfn n at VIRT_BASE + (n << 12), enters at ENTRY and fills the page at
HYPERCALL_PAGE; it applies no relocation and no load bias. After the files as they are, copies of the first one with relocations are
damaged in one place each: every rule must refuse one, or it checks nothing.
"""
import struct
import sys

PAGE = 4096
ET_DYN, EM_X86_64 = 3, 62
PT_LOAD, PT_NOTE = 1, 4
PF_X, PF_W = 1, 2
R_X86_64_NONE, R_X86_64_RELATIVE = 0, 8
ENTRY, HYPERCALL_PAGE, VIRT_BASE, PADDR_OFFSET, XEN_VERSION, LOADER, FEATURES, SUPPORTED_FEATURES = 1, 2, 3, 4, 5, 8, 10, 17
AUTO_TRANSLATED, DOM0 = 1 << 2, 1 << 11
SECTION_RELA = 4


class Elf:
    """The parts of an ELF64 file that say where things go."""

    def __init__(self, data):
        self.data = data
        (self.type, self.machine, _, self.entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, _) = struct.unpack_from(
            "<HHIQQQIHHHHHH", data, 16)
        self.segments = [struct.unpack_from("<IIQQQQQQ", data, phoff + n * phentsize) for n in range(phnum)]
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + n * shentsize) for n in range(shnum)]
        self.loads = [s for s in self.segments if s[0] == PT_LOAD]
        self.notes = {kind: (at, bytes(data[at:at + size])) for kind, at, size in self.read_notes()}

    def read_notes(self):
        for kind, _, offset, _, _, size, _, _ in self.segments:
            end = offset + size
            while kind == PT_NOTE and offset < end:
                name_size, size_of_text, note = struct.unpack_from("<III", self.data, offset)
                name_at = offset + 12
                text_at = name_at + (name_size + 3 & ~3)
                if self.data[name_at:name_at + name_size] == b"Xen\0":
                    yield note, text_at, size_of_text
                offset = text_at + (size_of_text + 3 & ~3)

    def number(self, note):
        return int.from_bytes(self.notes.get(note, (0, b""))[1], "little")

    def text(self, note):
        return self.notes.get(note, (0, b""))[1].rstrip(b"\0").decode("latin-1")

    def loaded_with(self, address, size, flags):
        return any(v <= address and address + size <= v + memory and f & flags == flags for _, f, _, v, _, _, memory, _ in self.loads)

    def relocations(self):
        for _, kind, _, address, offset, size, _, _, _, step in self.sections:
            if kind == SECTION_RELA:
                yield from ((address, *struct.unpack_from("<QQq", self.data, offset + n * step)) for n in range(size // step))


def broken_rules(elf):
    """The names of the rules that the file breaks."""
    base, offset = elf.number(VIRT_BASE), elf.number(PADDR_OFFSET)
    places = sorted((v, v + memory) for _, _, _, v, _, _, memory, _ in elf.loads)
    rules = {
        "is an ELF64 file for x86-64, position-independent": elf.type == ET_DYN and elf.machine == EM_X86_64,
        "has VIRT_BASE 0": VIRT_BASE in elf.notes and base == 0,
        "has PADDR_OFFSET 0": PADDR_OFFSET in elf.notes and offset == 0,
        "has every segment where its p_paddr puts it": all(base + p - offset == v for _, _, _, v, p, _, _, _ in elf.loads),
        "has segments that do not overlap": all(first[1] <= second[0] for first, second in zip(places, places[1:])),
        "loads nothing into its first page, which is unmapped on Xen": all(v >= PAGE or size == 0
                                                                           for _, _, _, v, _, size, _, _ in elf.loads),
        "has an ENTRY that is code, the same as e_entry": elf.number(ENTRY) == elf.entry and elf.loaded_with(elf.entry, 1, PF_X),
        "has a HYPERCALL_PAGE that is a page of code": elf.number(HYPERCALL_PAGE) % PAGE == 0 and
                                                       elf.loaded_with(elf.number(HYPERCALL_PAGE), PAGE, PF_X),
        "says XEN_VERSION xen-3.0": elf.text(XEN_VERSION) == "xen-3.0",
        "says LOADER generic": elf.text(LOADER) == "generic",
        "requires no feature": elf.text(FEATURES) == "",
        "supports being the first domain and level 0": elf.number(SUPPORTED_FEATURES) & (DOM0 | AUTO_TRANSLATED) ==
                                                       DOM0 | AUTO_TRANSLATED,
        "has relative relocations only, of loaded data": all(
            info == R_X86_64_NONE or info == R_X86_64_RELATIVE and elf.loaded_with(place, 8, PF_W)
            for _, place, info, _ in elf.relocations()),
        "has its relocations loaded": all(elf.loaded_with(address, 24, 0) for address, _, _, _ in elf.relocations()),
    }
    return [name for name, holds in rules.items() if not holds], len(rules)


def damages(elf):
    """Copies of the file, each damaged in one place."""
    def changed(at, layout, value):
        copy = bytearray(elf.data)
        struct.pack_into(layout, copy, at, value)
        return copy

    phoff, = struct.unpack_from("<Q", elf.data, 32)
    yield changed(16, "<H", 2)  # ET_EXEC
    for note in (ENTRY, HYPERCALL_PAGE):
        yield changed(elf.notes[note][0], "<Q", elf.number(note) + 1)
    for note in (VIRT_BASE, PADDR_OFFSET):
        yield changed(elf.notes[note][0], "<Q", PAGE)
    for note in (XEN_VERSION, LOADER):
        yield changed(elf.notes[note][0], "<B", ord("y"))
    yield changed(elf.notes[SUPPORTED_FEATURES][0], "<I", AUTO_TRANSLATED)
    yield changed(elf.notes[FEATURES][0], "<B", ord("!"))
    first, second = [n for n, segment in enumerate(elf.segments) if segment[0] == PT_LOAD][:2]
    yield changed(phoff + 56 * first + 32, "<Q", 1)         # p_filesz
    yield changed(phoff + 56 * first + 40, "<Q", 1 << 20)   # p_memsz: over the second one
    yield changed(phoff + 56 * second + 24, "<Q", 0)        # p_paddr
    rela = next(section for section in elf.sections if section[1] == SECTION_RELA and section[5])
    yield changed(rela[4] + 8, "<Q", 1)                     # R_X86_64_64
    number = elf.sections.index(rela)
    shoff, = struct.unpack_from("<Q", elf.data, 40)
    yield changed(shoff + 64 * number + 16, "<Q", 1 << 40)  # sh_addr


def main(*paths):
    wrong = 0
    elves = [(path, Elf(bytearray(open(path, "rb").read()))) for path in paths]
    for path, elf in elves:
        for rule in broken_rules(elf)[0]:
            wrong += 1
            print(f"{path}: not so: it {rule}")
    seen = set()
    for damaged in damages(next(elf for _, elf in elves if any(elf.relocations()))):
        broken, rules = broken_rules(Elf(damaged))
        if not broken:
            wrong += 1
            print("a damaged file was found good")
        seen.update(broken)
    if len(seen) != rules:
        wrong += 1
        print(f"of {rules} rules only these refuse anything: {', '.join(sorted(seen))}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
