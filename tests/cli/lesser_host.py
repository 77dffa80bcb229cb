# SPDX-License-Identifier: MIT
"""A host that has less: a filter, installed before pvisor is executed, answers some system calls with an error."""

import ctypes
import errno
import struct

LANDLOCK_CREATE_RULESET, SECCOMP, CLONE, CLONE3, PRCTL = 444, 317, 56, 435, 157
CLONE_NEWUSER = 0x10000000
PR_SET_SYSCALL_USER_DISPATCH = 59

NO_LANDLOCK = (LANDLOCK_CREATE_RULESET, None, errno.ENOSYS)
NO_SECCOMP = (SECCOMP, None, errno.EPERM)
NO_USER_NAMESPACES = (CLONE, CLONE_NEWUSER, errno.EPERM)
NO_DISPATCH = (PRCTL, PR_SET_SYSCALL_USER_DISPATCH, errno.EINVAL)

LOAD, EQUAL, ANY_OF, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER_AT, FIRST_ARGUMENT_AT = 0, 16
ALLOW, ERROR = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def program_for(lacks):
    """Classic BPF: for each thing a few instructions that end in an error, or are jumped over."""
    code = []
    for number, argument, error in lacks:
        block = [(RETURN, 0, 0, ERROR | error)]
        if argument is not None:
            test = ANY_OF if number == CLONE else EQUAL
            block = [(LOAD, 0, 0, FIRST_ARGUMENT_AT), (test, 0, 1, argument), *block]
        code += [(LOAD, 0, 0, NUMBER_AT), (EQUAL, 0, len(block), number), *block]
    return b"".join(struct.pack("HBBI", *step) for step in [*code, (RETURN, 0, 0, ALLOW)])


def without(*lacks):
    """For preexec_fn."""
    program = program_for(lacks)
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)

    def install():
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
        return buffer  # and so it lives as long

    return install
