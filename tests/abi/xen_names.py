#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pvabi/xen_compat.h has every name of Xen's that pvabi has a counterpart for.

1. Each pair of constants.def and structs.def is in it.
2. Each constant that Xen's own headers (Debian: libxen-dev) define for what is implemented, and each name of a type, compiles
   with it, in C11 and C++20; what is left out on purpose is named below. Skipped where those headers are not installed.

usage: xen_names.py INCLUDE-FOLDER C-COMPILER C++-COMPILER
"""
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
HERE = pathlib.Path(__file__).parent
XEN = pathlib.Path("/usr/include/xen")
# Xen's headers of what pvabi implements.
HEADERS = ["xen.h", "arch-x86/xen.h", "arch-x86/xen-x86_64.h", "callback.h", "elfnote.h", "event_channel.h", "features.h",
           "grant_table.h", "memory.h", "sched.h", "vcpu.h", "version.h", "io/blkif.h", "io/netif.h", "io/xenbus.h",
           "io/xs_wire.h"]
KINDS = ("__HYPERVISOR_", "BLKIF_", "CALLBACKF_", "CALLBACKOP_", "CALLBACKTYPE_", "CONSOLEIO_", "DOMID_", "EVTCHNOP_",
         "EVTCHNSTAT_", "FLAT_", "GNTCOPY_", "GNTMAP_", "GNTST_", "GNTTABOP_", "GTF_", "MMUEXT_", "MMU_", "NETIF_", "NETRXF_", "NETTXF_",
         "RUNSTATE_", "SCHEDOP_", "SEGBASE_", "SHUTDOWN_", "SIF_", "UVMF_", "VCPUOP_", "VGCF_", "VIRQ_", "VMASST_", "XENFEAT_",
         "XENMAPSPACE_", "XENMEM_", "XENSTORE_", "XENVER_", "XEN_ELFNOTE_", "XEN_NETIF_", "XS_")
# Not here, ever or yet: ABI.md says what is.
LEFT_OUT = r"""
__HYPERVISOR_(sched|event_channel|physdev)_op_compat
EVTCHNOP_reset_cont
GNTTABOP_error_msgs
XENFEAT_grant_map_identity
XENMEM_((paging|access|sharing)_op\w*|resource_\w+|get_\w+|set_pod_target|claim_pages|acquire_resource|machphys_compat_mfn_list)
XENMEM_(SHARING_OP_\w+|FORK_\w+|RDM_ALL|add_to_physmap_\w+|reserved_device_memory_map)
XS_WRITE_(NONE|CREATE|CREATE_EXCL)
XEN_ELFNOTE_(CRASH|DUMPCORE)_\w+
XEN_NETIF_CTRL\w+
"""
TYPE_KINDS = ("evtchn", "sched", "vcpu", "gnttab", "grant", "callback", "blkif", "netif", "xencons",
              "mmu", "multicall", "shared_info", "start_info", "trap_info", "cpu_user", "arch_", "domid", "xen_memory_m", "xen_memory_r", "xen_feature",
              "xen_pfn", "xen_ulong", "xen_compile", "xen_platform", "xen_machphys", "xen_extra", "xen_cap", "xen_changeset")
TYPES_LEFT_OUT = r"evtchn_(bind_pirq|op|fifo|init|expand|set_pri)\w*|sched_pin\w*|vcpu_get_physid\w*|gnttab_(cache|get_status|swap)\w*|grant_(status|entry_(header|v2))\w*"


def complaints_about_tables(include):
    compat = "".join(path.read_text() for path in sorted((include / "pvabi" / "xen_compat").glob("*.h")))
    wanted = [(xen, f"#define {xen} {ours}") for ours, xen in
              re.findall(r"^CONST\((\w+), (\w+)\)$", (HERE / "constants.def").read_text(), re.M)]
    for kind, ours, xen in re.findall(r"^STRUCT\((struct|union) (\w+), \w+ (\w+)\)$", (HERE / "structs.def").read_text(), re.M):
        if not ours.endswith("_sring_entry"):  # DEFINE_RING_TYPES of pv/xen_ring.h makes it
            wanted += [(xen, f"#define {ours} {xen}"), (xen, f"typedef {kind} {xen} {xen}_t;")]
    lines = set(compat.splitlines())
    for xen, line in wanted:
        if line not in lines:
            yield f"xen_compat has no {xen}: add \"{line}\""


def names_in_xen():
    text = "".join((XEN / header).read_text() for header in HEADERS)
    left_out = re.compile("|".join(LEFT_OUT.split()))
    constants = {name for name in re.findall(r"^#define (\w+)[ \t]+\S", text, re.M)
                 if name.startswith(KINDS) and not left_out.fullmatch(name)}
    types = {name for name in re.findall(r"^typedef [\w ]+?\s(\w+_t);", text, re.M)
             if name.startswith(TYPE_KINDS) and not re.fullmatch(TYPES_LEFT_OUT, name)}
    return sorted(constants), sorted(types)


def complaints_of_compilers(include, compilers):
    constants, types = names_in_xen()
    if len(constants) < 300 or len(types) < 50:
        yield f"only {len(constants)} constants and {len(types)} types were found in {XEN}"
    source = "#include <pvabi/xen_compat.h>\n#include <stddef.h>\nextern const unsigned long long names[];\n"
    source += "const unsigned long long names[] = {\n"
    source += "".join(f"    (unsigned long long)({name}),\n" for name in constants)
    source += "".join(f"    sizeof({name}),\n" for name in types) + "};\n"
    with tempfile.TemporaryDirectory() as work:
        for compiler, standard, suffix in compilers:
            unit = pathlib.Path(work) / f"names.{suffix}"
            unit.write_text(source)
            ended = subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-Werror", f"-I{include}", "-c", unit,
                                    "-o", f"{unit}.o"], capture_output=True, text=True)
            if ended.returncode:
                yield ended.stderr


def main():
    include, c_compiler, cpp_compiler = sys.argv[1:]
    include = pathlib.Path(include)
    wrong = list(complaints_about_tables(include))
    if not wrong and (XEN / "xen.h").exists():
        wrong = list(complaints_of_compilers(include, [(c_compiler, "c11", "c"), (cpp_compiler, "c++20", "cpp")]))
    print("\n".join(wrong))
    if wrong:
        return 1
    if not (XEN / "xen.h").exists():
        print("skipped: Xen's public headers are not installed (Debian: libxen-dev)")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
