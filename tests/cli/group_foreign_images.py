# SPDX-License-Identifier: MIT
"""Images that are no raw disks are refused, with the command that converts them."""

FORMATS = {
    "qcow2": ("qcow2", b"QFI\xfb\0\0\0\3", "qemu-img convert -O raw"),
    "vmdk": ("VMDK", b"KDMV\1\0\0\0", "qemu-img convert -O raw"),
    "vmdk-text": ("VMDK", b"# Disk DescriptorFile\nversion=1\n", "qemu-img convert -O raw"),
    "vhdx": ("VHDX", b"vhdxfile", "qemu-img convert -O raw"),
    "vhd": ("VHD", b"conectix", "qemu-img convert -f vpc -O raw"),
    "vdi": ("VDI", b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(64, b"\0") + b"\x7f\x10\xda\xbe", "qemu-img convert -O raw"),
    "qed": ("QED", b"QED\0", "qemu-img convert -O raw"),
    "gz": ("gzip", b"\x1f\x8b\x08\0", "gunzip"),
    "xz": ("xz", b"\xfd7zXZ\0", "xz -d"),
    "zst": ("zstd", b"\x28\xb5\x2f\xfd", "zstd -d"),
    "bz2": ("bzip2", b"BZh9", "bunzip2"),
}


def case_each_format(program):
    for name, (format_name, head, remedy) in FORMATS.items():
        path = program.file("disk." + name, head.ljust(4096, b"\0"))
        for words in (["boot", path, "--loader", program.loader], ["run", program.hello, "--disk", path + ",ro"]):
            result = program.run(*words)
            result.refuses(125, f"disk '{path}': is in {format_name} format", "only raw disks are read", remedy, path)


def case_odd_size_does_not_hide_the_format(program):
    """Compressed files rarely are whole sectors; their size is not what is wrong with them."""
    path = program.file("disk.img.gz", b"\x1f\x8b\x08\0" + b"x" * 999)
    program.run("boot", path).refuses(125, "gzip format", "gunzip").lacks("sectors")


def case_fixed_vhd(program):
    """Its only mark is the footer."""
    path = program.file("fixed.vhd", b"\0" * 4096 + b"conectix".ljust(512, b"\0"))
    program.run("boot", path).refuses(125, "is in VHD format", "qemu-img convert -f vpc -O raw")


def case_names_are_quoted_for_the_shell(program):
    path = program.file("it's; rm x", b"QFI\xfb".ljust(512, b"\0"))
    quoted = "'" + path.replace("'", "'\\''") + "'"
    raw = "'" + path.replace("'", "'\\''") + ".raw'"
    program.run("boot", path).refuses(125, f"qemu-img convert -O raw {quoted} {raw}")


def case_nothing_is_written(program):
    content = b"QFI\xfb".ljust(4096, b"\0")
    path = program.file("disk.qcow2", content)
    program.run("run", program.hello, "--disk", path).ends(125)
    with open(path, "rb") as file:
        if file.read() != content:
            program.run("--version").wrong("the image has changed")
