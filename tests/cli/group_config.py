# SPDX-License-Identifier: MIT
"""DOMAINS.json: what is wrong is told in one line with the key's path, or the line in the file; what is right is done."""

import json
import os
import pathlib
import resource
import unittest

from program import Wrong

ROOT = pathlib.Path(__file__).parents[2]
GOOD = {"name": "a", "kernel": "k.elf"}
RSS_MORE_KIB = 64 << 10


def plan_of(*domains, **top):
    return json.dumps({"version": 1, "domains": list(domains), **top})


def up(program, text, *options, name="x.json"):
    return program.run("up", program.file(name, text), *options)


def refused(program, text, *texts):
    up(program, text).refuses(126, program.folder + "/", *texts)


def refused_domain(program, change, *texts):
    refused(program, plan_of({**GOOD, **change}), *texts)


def refused_value(program, key, text, *texts):
    """For values that Python's json would not write."""
    refused(program, '{"version": 1, "domains": [{"name": "a", "kernel": "k", "%s": %s}]}' % (key, text), *texts)


# The text itself


def case_not_json(program):
    refused(program, "", "x.json:1: the JSON ends too early")
    refused(program, '{"version": 1,\n"domains": [\n', "x.json:3: the JSON ends too early")
    refused(program, '{"version": 1,\n"domains" []}', "x.json:2: no JSON at ")
    refused(program, "kernel = 'k'\n", "x.json:1: no JSON at ")


def case_trailing_data(program):
    refused(program, plan_of(GOOD) + "\n\n{}\n", "x.json:3: no JSON at ")
    refused(program, plan_of(GOOD) + "\n]", "x.json:2: no JSON at ")


def case_comments_and_trailing_commas(program):
    refused(program, '{"version": 1,\n// no\n"domains": []}', "x.json:2: no JSON at ")
    refused(program, '/* no */ {"version": 1}', "x.json:1: no JSON at ")
    refused(program, '{"version": 1,\n"domains": [],\n}', "x.json:3: no JSON at ")


def case_key_twice(program):
    refused(program, '{"version": 1,\n"version": 1,\n"domains": []}', 'x.json:2: the key "version" stands here twice')
    refused(program, '{"version": 1, "domains": [{"name": "a",\n"kernel": "k",\n"kernel": "l"}]}', 'x.json:3: the key "kernel"', "twice")


def case_nesting_bomb(program):
    refused(program, "[" * 100_000, "x.json:1: nested deeper than ")
    refused(program, '{"a":' * 50_000, "x.json:1: nested deeper than ")


def case_nul_and_control_characters(program):
    refused(program, '{"version": 1, "domains": [\n{"name": "a\\u0000b", "kernel": "k"}]}', "x.json:2: a string holds a NUL")
    refused(program, '{"version": 1,\n"a\\u0000b": 1}', "x.json")
    refused(program, b'{"version": 1,\n\0}', "x.json:2: no JSON at ")
    refused(program, b'{"version": 1, "\x1b[31m": 1}', "x.json:1: no JSON at ")


def case_not_utf_8(program):
    refused(program, b"\xef\xbb\xbf{}", "x.json:1: begins with a byte order mark", "plain UTF-8")
    refused(program, b'{"version": 1,\n"\xff\xfe": 1}', "x.json:2: no JSON at ")
    refused(program, '{"version": 1,\n"\\ud800": 1}', "x.json:2: no JSON at ")


def case_numbers_that_are_none(program):
    for text in ("NaN", "0x10", "+1", "01", ".5", "1.", "Infinity", "-"):
        refused_value(program, "memory", text, "x.json:1: no JSON at ")
    refused_value(program, "memory", "1e999", "x.json")


def case_too_large(program):
    path = program.file("x.json", b'{"version": 1, "x": "' + b"y" * (8 << 20) + b'"}')
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of all that ran here so far, sanitizers and all
    program.run("up", path).refuses(126, f"{path}: larger than ", "bytes")
    hole = program.file("hole.json", 1 << 30)
    result = program.run("up", hole).refuses(126, f"{hole}: larger than ")
    if resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > before + RSS_MORE_KIB:
        result.wrong("it took 64 MiB more than others")


def case_many_keys(program):
    keys = ", ".join(f'"k{i}": 1' for i in range(50_000))
    refused(program, '{"version": 1, "domains": [], %s}' % keys, "unknown key")


def case_long_strings(program):
    """They are not repeated as a whole."""
    for key in ("name", "console", "engine", "on_crash"):
        result = up(program, plan_of({**GOOD, key: "y" * 100_000})).refuses(126, f"domains[0].{key}")
        if len(result.err) > 1000:
            result.wrong("a message of less than 1000 bytes was expected")
    refused_domain(program, {"kernel": "y" * 5000}, "domains[0].kernel: ", "4095")
    refused_domain(program, {"cmdline": "y" * 1024}, "domains[0].cmdline: ", "has 1024 bytes", "at most 1023 fit")
    result = up(program, plan_of({**GOOD, "y" * 100_000: 1})).refuses(126, "unknown key")
    if len(result.err) > 1000:
        result.wrong("a message of less than 1000 bytes was expected")


# Keys and values


def case_unknown_key(program):
    refused_domain(program, {"memroy": 64}, "domains[0].memroy: unknown key; did you mean memory?")
    refused(program, plan_of(GOOD, domain=1), ": domain: unknown key; did you mean domains?")
    refused(program, plan_of(GOOD, {**GOOD, "name": "b", "disk": [{"target": "d"}, {"target": "e", "acess": "ro"}]}),
            "domains[1].disk[1].acess: unknown key; did you mean access?")
    refused_domain(program, {"zzzzzz": 64}, "domains[0].zzzzzz: unknown key; known: name, kernel")
    refused_domain(program, {"\x1b[31m\n": 64}, "domains[0].\\x1b[31m\\x0a: unknown key")
    refused_domain(program, {"%s{}": 64}, "domains[0].%s{}: unknown key")


def case_wrong_type(program):
    refused(program, "[]", "expected an object, found an array")
    refused(program, '{"version": 1, "domains": {}}', "domains: expected an array, found an object")
    refused(program, '{"version": 1, "domains": [7]}', "domains[0]: expected an object, found a number")
    for key, value, wanted in (("memory", "4", "a whole number, found a string"), ("memory", True, "a whole number, found true or false"),
                               ("memory", 1.5, "a whole number, found a fraction"), ("memory", None, "a whole number, found null"),
                               ("bootloader", 1, "true or false, found a number"), ("name", 7, "a string, found a number"),
                               ("kernel", [], "a string, found an array"), ("disk", {}, "an array, found an object"),
                               ("disk", [["d"]], "an object, found an array"), ("on_reboot", 1, "a string, found a number")):
        refused_domain(program, {key: value}, f"domains[0].{key}", f"expected {wanted}")


def case_version(program):
    refused(program, '{"domains": []}', 'version: missing; write "version": 1')
    refused(program, '{"version": 2, "domains": []}', "version: this pvisor reads version 1")
    refused(program, '{"version": "1", "domains": []}', "version: expected a whole number, found a string")


def case_what_is_missing(program):
    refused(program, '{"version": 1}', "domains: missing or empty")
    refused(program, plan_of(), "domains: missing or empty")
    refused(program, plan_of({"kernel": "k"}), "domains[0].name: missing")
    refused(program, plan_of({"name": "a"}), "domains[0].kernel: missing", "bootloader")
    refused_domain(program, {"disk": [{"vdev": "xvda"}]}, "domains[0].disk[0].target: missing")
    refused(program, plan_of({"name": "a", "bootloader": True}), "domains[0].disk: missing", "needs a disk")


def case_what_does_not_go_together(program):
    refused_domain(program, {"bootloader": True, "disk": [{"target": "d"}]}, "domains[0].kernel: given together with bootloader")
    refused_domain(program, {"loader": "l"}, "domains[0].loader: ", '"bootloader": true')
    refused_domain(program, {"disk": [{"target": "a", "vdev": "xvdb"}, {"target": "b", "vdev": "xvdb"}]}, "domains[0].disk: two disks are xvdb")
    refused(program, plan_of(GOOD, GOOD), "domains[1].name: the same as in domains[0]")
    console = {"console": "file:out"}
    refused(program, plan_of({**GOOD, **console}, {**GOOD, "name": "b", **console}), "domains[1].console: the same as in domains[0]")


def case_numbers_out_of_range(program):
    for memory in (0, 65537, 1 << 53, (1 << 64) - 1):
        refused_domain(program, {"memory": memory}, "domains[0].memory: ", "out of range", "64G")
    refused_domain(program, {"memory": -1}, "domains[0].memory: expected a whole number, found a negative one")
    refused_value(program, "memory", "1e3", "domains[0].memory: expected a whole number, found a fraction")
    refused_value(program, "memory", "18446744073709551616", "domains[0].memory: expected a whole number")
    refused_domain(program, {"vcpus": 0}, "domains[0].vcpus ", "1 to 32")
    refused_domain(program, {"vcpus": 33}, "domains[0].vcpus ", "1 to 32")
    refused_domain(program, {"disk": [{"target": "d"}] * 10_000}, "domains[0].disk: 10000 elements; at most ")
    refused(program, plan_of(*[{**GOOD, "name": f"d{i}"} for i in range(1000)]), "domains: 1000 elements; at most ")


def case_words(program):
    refused_domain(program, {"on_crash": "explode"}, 'domains[0].on_crash: expected one of destroy, restart, preserve, found "explode"')
    refused_domain(program, {"console": "tty"}, "domains[0].console: expected stdio, pty or file:NAME, found 'tty'")
    refused_domain(program, {"console": "file:"}, "domains[0].console: expected stdio, pty or file:NAME, found 'file:'")
    refused_domain(program, {"engine": "kwm"}, "domains[0].engine: unknown engine 'kwm': there is ")
    refused_domain(program, {"disk": [{"target": "d", "access": "w"}]}, "domains[0].disk[0].access: expected one of rw, ro")
    refused_domain(program, {"disk": [{"target": "d", "vdev": "vda"}]}, "domains[0].disk[0].vdev: ", "xvda")
    refused(program, plan_of(GOOD, timeout="10h"), "timeout '10h': not a time")
    refused(program, plan_of(GOOD, timeout=10), "timeout: expected a string")


def case_names(program):
    for name in ("../x", "a/b", "a\nb", "'", '"', "%s", "", "x" * 300, ".a", "a b", "\u00e4"):
        refused_domain(program, {"name": name}, "domains[0].name: ", "use letters, digits")


def case_paths(program):
    refused_domain(program, {"kernel": ""}, "domains[0].kernel: expected a file name, found an empty string")
    refused_domain(program, {"disk": [{"target": ""}]}, "domains[0].disk[0].target: expected a file name")
    for path in ("/dev/mem", "/dev/zero", "/proc/self/mem"):
        up(program, plan_of({**GOOD, "kernel": path})).refuses(125, f"kernel {path}")
    up(program, plan_of({**GOOD, "kernel": program.hello, "disk": [{"target": "/proc/self/mem"}]})).refuses(125, "disk '/proc/self/mem'")


def case_the_file_itself(program):
    program.run("up", "absent.json").refuses(126, "domain description absent.json: No such file")
    program.run("up", program.folder).refuses(126, f"domain description {program.folder}: is a directory")
    program.run("up", "/dev/zero").refuses(126, "domain description /dev/zero: is a device")


# What is right


def case_paths_count_from_the_files_folder(program):
    os.makedirs(os.path.join(program.folder, "deep/er"))
    with open(program.probe, "rb") as file:
        program.file("deep/k.elf", file.read())
    program.file("deep/ramdisk", b"x")
    program.file("deep/er/d.img", 1 << 20)
    domain = {"name": "a", "kernel": "../k.elf", "ramdisk": "../ramdisk", "cmdline": "do=exit status=3", "memory": 16,
              "disk": [{"target": "d.img"}], "console": "file:out"}
    path = program.file("deep/er/x.json", plan_of(domain))
    for cwd in ("/", program.folder, os.path.dirname(path)):
        result = program.run("up", os.path.relpath(path, cwd), cwd=cwd).ends(3).prints("").is_quiet()
        with open(os.path.join(program.folder, "deep/er/out"), encoding="ascii") as file:
            if file.read() != 'told "do=exit status=3"\n':
                result.wrong("the console was expected in the file")


def case_prefixes(program):
    names = ["one", "two", "three"]
    domains = [{"name": name, "kernel": program.probe, "cmdline": f"do=count lines={5 + i}", "memory": 16} for i, name in enumerate(names)]
    result = up(program, plan_of(*domains)).ends(0).is_quiet()
    for i, name in enumerate(names):
        own = [line for line in result.out.splitlines() if line.startswith(name + ": ")]
        if own != [f"{name}: line {n:010} of a text that is as long as its number is large" for n in range(5 + i)]:
            result.wrong(f"the lines of {name}, in order, were expected")
    if len(result.out.splitlines()) != 18:
        result.wrong("18 lines were expected")


def case_one_domain_has_no_prefix(program):
    up(program, plan_of({"name": "a", "kernel": program.probe, "cmdline": "do=exit"})).ends(0).prints('told "do=exit"\n')


def case_console_in_a_file(program):
    """One in a file, the other on standard output."""
    domains = [{"name": name, "kernel": program.probe, "cmdline": f"do=exit me={name}"} for name in ("filed", "shown")]
    domains[0]["console"] = "file:out"
    result = up(program, plan_of(*domains)).ends(0).prints('shown: told "do=exit me=shown"\n').is_quiet()
    with open(os.path.join(program.folder, "out"), encoding="ascii") as file:
        if file.read() != 'told "do=exit me=filed"\n':
            result.wrong("the console was expected in the file")


def case_console_file_that_cannot_be(program):
    domain = {"name": "a", "kernel": program.probe, "console": "file:absent/out"}
    up(program, plan_of(domain)).refuses(125, f"console file {program.folder}/absent/out: No such file")
    up(program, plan_of({**domain, "console": "file:."})).refuses(125, f"console file {program.folder}")


def case_what_the_command_line_says_wins(program):
    domain = {"name": "a", "kernel": program.probe, "cmdline": "do=echo"}
    up(program, plan_of(domain, timeout="10m"), "--timeout", "200ms").ends(124)
    up(program, plan_of(domain, timeout="200ms")).ends(124).tells("time limit: domain a")


def case_shared_disk(program):
    """Two guests write one image only if both say so."""
    disk = {"target": "d.img"}
    program.file("d.img", 1 << 20)
    one = {"name": "a", "kernel": program.probe, "cmdline": "do=exit", "memory": 16, "disk": [disk]}
    up(program, plan_of(one, {**one, "name": "b"})).refuses(125, "is in use by another domain")
    both = {**one, "disk": [{**disk, "shared": True}]}
    up(program, plan_of(both, {**one, "name": "b"})).refuses(125, "is in use by another domain")
    up(program, plan_of(both, {**both, "name": "b"})).ends(0).is_quiet()


def case_what_happens_at_the_end(program):
    domain = {"name": "a", "kernel": program.probe, "cmdline": "do=crash", "memory": 16}
    up(program, plan_of({**domain, "on_crash": "restart"})).ends(134).tells("not restarted: it crashed within a second")
    program.run_probe("crash", "--on-crash", "restart").ends(134).tells("not restarted: it crashed within a second")
    program.run_probe("exit", "--on-poweroff", "preserve", "--timeout", "1s").ends(124).tells("preserved until pvisor is stopped")
    result = up(program, plan_of({**domain, "on_crash": "preserve"}, timeout="1s")).tells("preserved until pvisor is stopped")
    result.ends(124)


def case_boot(program):
    domain = {"name": "a", "bootloader": True, "loader": program.loader, "disk": [{"target": "d.img"}]}
    program.file("d.img", 1 << 20)
    up(program, plan_of(domain)).ends(134).shows("loader: ").tells("domain a: boot failed")
    program.file("menu", "timeout 0\ntitle one\nkernel /absent\n")
    up(program, plan_of({**domain, "ramdisk": "menu"})).ends(134).shows("Booting 'one'", "loader: ")


# What the schema says is what the program does


def documents(program):
    """Descriptions that may be started, and some that may not: each a small change of a good one."""
    domain = {"name": "a", "kernel": program.probe, "cmdline": "do=exit", "memory": 16}
    disk = {"target": program.file("schema.img", 1 << 20)}
    boot = {"name": "b", "bootloader": True, "loader": program.loader, "disk": [disk], "memory": 16}
    changes = [{}, {"console": "pty"}, {"console": "tty"}, {"console": "file:"}, {"console": "file:out"}, {"memory": 0}, {"memory": "16"},
               {"memory": 65537}, {"vcpus": 0}, {"engine": "none"}, {"engine": "fiber"}, {"on_crash": "explode"}, {"on_reboot": "preserve"},
               {"name": "../x"}, {"name": "x" * 65}, {"name": 7}, {"cmdline": "x" * 1024}, {"trusted": 1}, {"trusted": True}, {"memroy": 1},
               {"disk": {}}, {"disk": [disk]}, {"disk": [{}]}, {"disk": [{**disk, "access": "w"}]}, {"disk": [{**disk, "vdev": "vda"}]},
               {"disk": [{**disk, "shared": True}]}, {"disk": [{**disk, "shared": True, "access": "ro"}]}, {"loader": "x"},
               {"disk": [{**disk, "cache": "unsafe"}]}, {"disk": [{**disk, "cache": "none"}]}, {"disk": [{**disk, "sector": 4096}]},
               {"disk": [{**disk, "sector": 1024}]}, {"disk": [{**disk, "sector": "512"}]},
               {"kernel": ""}, {"ramdisk": ""}, {"bootloader": True}, {"bootloader": False}]
    for change in changes:
        yield {"version": 1, "domains": [{**domain, **change}]}
    yield {"version": 1, "domains": [boot]}
    yield {"version": 1, "domains": [{**boot, "disk": []}]}
    for change in ({"version": 2}, {"domains": []}, {"timeout": 10}, {"timeout": "10h"}, {"timeout": "5m"}, {"seed": 1},
                   {"seed": 1, "deterministic": True}, {"seed": -1, "deterministic": True}, {"seed": 1, "deterministic": False}, {"more": 1},
                   {"statistics": True}, {"statistics": 1}):
        yield {"version": 1, "domains": [domain], **change}


def case_the_schema_agrees(program):
    try:
        import jsonschema
    except ImportError as absent:
        raise unittest.SkipTest("python3-jsonschema is not installed") from absent
    validator = jsonschema.Draft7Validator(json.loads((ROOT / "hypervisor/control/domains.schema.json").read_text()))
    for document in documents(program):
        result = up(program, json.dumps(document), "--timeout", "10s")
        complaints = [error.message for error in validator.iter_errors(document)]
        if (result.status == 126) != bool(complaints):
            result.wrong(f"the schema says {complaints or 'yes'} of {document}")


def case_examples_follow_the_schema(program):
    try:
        import jsonschema
    except ImportError as absent:
        raise unittest.SkipTest("python3-jsonschema is not installed") from absent
    schema = json.loads((ROOT / "hypervisor/control/domains.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    files = [folder / f"{folder.name}.json" for folder in (ROOT / "examples").iterdir() if folder.is_dir()]
    if not files:
        raise Wrong("there are no examples")
    for path in files:
        try:
            jsonschema.validate(json.loads(path.read_text()), schema)
        except jsonschema.ValidationError as error:
            raise Wrong(f"{path}: {error.message}") from error
