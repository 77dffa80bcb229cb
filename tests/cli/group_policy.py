# SPDX-License-Identifier: MIT
"""A description that somebody else wrote, started with --policy: its files lie below the image root, its kernels are trusted
only where both sides say so, and never as root."""

import json
import os
import shutil
import unittest


def root_of(program):
    """An image root that a user without rights can use, with the probe in it."""
    root = os.path.join(program.folder, "root")
    os.makedirs(root)
    shutil.copy(program.probe, os.path.join(root, "k.elf"))
    os.chmod(os.path.join(root, "k.elf"), 0o644)
    return root


def files(program, domain, **policy):
    plan = {"version": 1, "domains": [{"name": "a", "kernel": "k.elf", "cmdline": "do=exit", "memory": 16, **domain}]}
    rules = {"version": 1, "image_root": os.path.join(program.folder, "root"), **policy}
    return ["up", program.file("x.json", json.dumps(plan)), "--policy", program.file("p.json", json.dumps(rules))]


def up_as_user(program, domain, **policy):
    return program.run_as_nobody(*files(program, {"trusted": True, **domain}, allow_trusted=True, **policy))


def case_names_count_from_the_root(program):
    root = root_of(program)
    up_as_user(program, {}).ends(0).prints('told "do=exit"\n')
    up_as_user(program, {"kernel": os.path.join(root, "k.elf")}).ends(0).prints('told "do=exit"\n')


def case_names_that_leave_the_root(program):
    root_of(program)
    for path in ("../x", "a/../../x", "/dev/mem", "/proc/self/mem", "/etc/passwd", "x/" * 40000 + "y"):
        up_as_user(program, {"kernel": path}).refuses(126, "domains[0].kernel: ")
        up_as_user(program, {"disk": [{"target": path}]}).refuses(126, "domains[0].disk[0].target: ")
        up_as_user(program, {"console": "file:" + path}).refuses(126, "domains[0].console: ")


def case_links_that_leave_the_root(program):
    root = root_of(program)
    os.symlink(program.probe, os.path.join(root, "link.elf"))
    os.symlink("/tmp", os.path.join(root, "folder"))
    program.file("d.img", 1 << 20)
    os.symlink("../d.img", os.path.join(root, "d.img"))
    up_as_user(program, {"kernel": "link.elf"}).refuses(125, "kernel link.elf: its way leaves the image root")
    up_as_user(program, {"kernel": "folder/k.elf"}).refuses(125, "kernel folder/k.elf: its way leaves the image root")
    up_as_user(program, {"disk": [{"target": "d.img"}]}).refuses(125, "disk 'd.img': ", "its way leaves the image root")
    up_as_user(program, {"console": "file:folder/out"}).refuses(125, "console file folder/out: its way leaves the image root")


def case_what_is_no_file(program):
    root = root_of(program)
    os.mkfifo(os.path.join(root, "pipe"))
    os.chmod(os.path.join(root, "pipe"), 0o666)
    up_as_user(program, {"kernel": "pipe"}).refuses(125, "kernel pipe: is a device")
    up_as_user(program, {"disk": [{"target": "pipe", "access": "ro"}]}).refuses(125, "disk 'pipe': is a pipe")


def case_trust(program):
    root_of(program)
    contains_nothing = "domains[0]: the fiber engine contains nothing that a guest does: "
    fiber = {"engine": "fiber"}
    program.run_as_nobody(*files(program, fiber, allow_trusted=True)).refuses(126, contains_nothing, '"trusted": true')
    program.run_as_nobody(*files(program, {"trusted": True, **fiber})).refuses(126, contains_nothing, "allow_trusted")
    program.run_as_nobody(*files(program, {})).ends(0)  # the default engine contains its guests


def case_root(program):
    if os.geteuid() != 0:
        raise unittest.SkipTest("only for root")
    root_of(program)
    program.run(*files(program, {"trusted": True, "engine": "fiber"}, allow_trusted=True)).refuses(126, "not started as root")


def case_a_policy_that_is_none(program):
    root_of(program)
    words = files(program, {})
    program.run(*words[:3], "absent").refuses(126, "policy absent: No such file")
    program.run(*words[:3], program.file("p", '{"version": 1, "image_rot": "/"}')).refuses(126, "p: image_rot: unknown key", "image_root")
    program.run(*words[:3], program.file("p", '{"version": 1, "image_root": "."}')).refuses(126, "p: image_root: expected an absolute path")
