# SPDX-License-Identifier: MIT
"""Small kernels in each form that the builder reads: notes in a segment, in a section, and the text before there were notes."""
import struct

PT_LOAD, PT_NOTE = 1, 4
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOTE = 1, 2, 3, 7
ET_EXEC, ET_DYN = 2, 3
PHYSICAL = 0x1000
TEXT = b"\x90" * 0x40


def note(kind, value):
    value = value.encode() + b"\0" if isinstance(value, str) else struct.pack("<Q", value)
    return struct.pack("<III", 4, len(value), kind) + b"Xen\0" + value + b"\0" * (-len(value) % 4)


NOTES = (note(6, "linux") + note(8, "generic") + note(5, "xen-3.0") + note(10, "!writable_page_tables|auto_translated_physmap")
         + note(17, 4) + note(3, 0) + note(4, 0) + note(1, PHYSICAL) + note(2, 0x2000) + note(16, 1) + note(15, 0xffff800000000000))
LEGACY = (b"GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0x0,ELF_PADDR_OFFSET=0x0,VIRT_ENTRY=0x1000,HYPERCALL_PAGE=0x2,"
          b"FEATURES=auto_translated_physmap,LOADER=generic\0")


def kernel(kind=ET_DYN, segments=(), sections=()):
    """`segments` are (type, physical, memory bytes, content); `sections` (name, type, link, content)."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".shstrtab\0"
    sections = [("", 0, 0, b""), *sections, (".shstrtab", SHT_STRTAB, 0, names)]
    at = 64 + 56 * len(segments) + 64 * len(sections)
    program, section_headers, content = b"", b"", b""
    for segment_type, physical, memory, data in segments:
        program += struct.pack("<IIQQQQQQ", segment_type, 7, at + len(content), physical, physical, len(data), memory or len(data), 4)
        content += data
    for name, section_type, link, data in sections:
        section_headers += struct.pack("<IIQQQQIIQQ", names.find(name.encode() + b"\0"), section_type, 0, 0, at + len(content), len(data),
                                       link, 0, 1, 0)
        content += data
    identity = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    return identity + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, PHYSICAL, 64, 64 + len(program), 0, 64, 56, len(segments), 64,
                                  len(sections), len(sections) - 1) + program + section_headers + content


def seeds():
    text = (PT_LOAD, PHYSICAL, 0x3000, TEXT)
    symbols = struct.pack("<IBBHQQ", 1, 2, 0, 1, PHYSICAL, 0x20) + struct.pack("<IBBHQQ", 7, 0, 0, 1, PHYSICAL + 0x20, 0)
    yield "notes-in-segment", kernel(segments=[text, (PT_NOTE, 0, 0, NOTES)])
    yield "fixed-address", kernel(ET_EXEC, [text, (PT_NOTE, 0, 0, NOTES)])
    yield "two-segments", kernel(segments=[text, (PT_LOAD, 0x5000, 0x10, b"data"), (PT_NOTE, 0, 0, NOTES)])
    yield "notes-in-section", kernel(segments=[text], sections=[(".note", SHT_NOTE, 0, NOTES)])
    yield "legacy", kernel(segments=[text], sections=[("__xen_guest", SHT_PROGBITS, 0, LEGACY)])
    yield "symbols", kernel(segments=[text, (PT_NOTE, 0, 0, NOTES)],
                            sections=[(".symtab", SHT_SYMTAB, 2, symbols), (".strtab", SHT_STRTAB, 0, b"\0start\0label\0")])
    yield "gzip", b"\x1f\x8b\x08\0"
    yield "bzimage", b"\0" * 0x202 + b"HdrS"
