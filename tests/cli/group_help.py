# SPDX-License-Identifier: MIT
"""What the command says about itself, and that the three places which list options agree: help, JSON, schema."""

import json
import pathlib
import re

EVERYWHERE = {"--engine", "--timeout", "--no-reboot", "--deterministic", "--seed", "--statistics", "--strict", "--debug-unconfined"}
OF_A_DOMAIN = {"--memory", "--vcpus", "--disk", "--net", "--console", "--name", "--on-poweroff", "--on-reboot", "--on-crash"}
COMMANDS = {
    "boot": EVERYWHERE | OF_A_DOMAIN | {"--loader", "--config", "--menu"},
    "run": EVERYWHERE | OF_A_DOMAIN | {"--append", "--initrd"},
    "up": EVERYWHERE | {"--policy"},
    "doctor": set(),
}
# The key in DOMAINS.json for each option.
KEY_OF = {
    "--engine": "engine", "--memory": "memory", "--vcpus": "vcpus", "--disk": "disk", "--net": "vif", "--name": "name", "--timeout": "timeout",
    "--no-reboot": "on_reboot", "--append": "cmdline", "--initrd": "ramdisk", "--loader": "loader", "--config": "cmdline",
    "--menu": "ramdisk", "--console": "console", "--on-poweroff": "on_poweroff", "--on-reboot": "on_reboot",
    "--on-crash": "on_crash", "--deterministic": "deterministic", "--seed": "seed",
    "--statistics": "statistics",
}
WITHOUT_KEY = {"--help", "--version"}  # they start nothing
OF_WHO_STARTS_IT = {"--policy", "--strict", "--debug-unconfined"}  # not for whoever wrote the file to say
SCHEMA = pathlib.Path(__file__).parents[2] / "hypervisor/control/domains.schema.json"


def options_in(text):
    return set(re.findall(r"^ +(?:-\w,)?(--[\w-]+)", text, re.MULTILINE))


def asked(program, *words):
    result = program.run(*words).ends(0)
    if result.err or not result.out.endswith("\n"):
        result.wrong("help goes to stdout, and nothing to stderr")
    return result


def case_whole(program):
    result = asked(program, "--help").shows("boot", "run", "up", "Exit status:", "124", "125", "126", "130", "134")
    if options_in(result.out) != WITHOUT_KEY:
        result.wrong(f"options {sorted(WITHOUT_KEY)} were expected")
    asked(program, "-h").prints(result.out)


def case_version(program):
    result = asked(program, "--version")
    if not re.fullmatch(r"pvisor \d+\.\d+\.\d+ \(ABI \d+\.\d+, as Xen 4\.17\)\n", result.out):
        result.wrong("the versions of program, ABI and Xen were expected")


def case_each_command(program):
    for command, options in COMMANDS.items():
        result = asked(program, command, "--help")
        if options_in(result.out) != options | {"--help"}:
            result.wrong(f"options {sorted(options)} were expected, found {sorted(options_in(result.out))}")
        asked(program, command, "-h").prints(result.out)


def case_help_wins_over_the_rest(program):
    asked(program, "run", "absent.elf", "--memory", "64M", "--help").shows("--memory")


def case_help_behind_the_dashes_is_the_guests(program):
    program.run("run", program.probe, "--", "do=exit", "--help").ends(0).shows('told "do=exit --help"')


def case_every_option_has_its_key(program):
    schema = json.loads(SCHEMA.read_text())
    keys = set(schema["properties"]) | set(schema["definitions"]["domain"]["properties"])
    for command in COMMANDS:
        result = asked(program, command, "--help")
        for option in options_in(result.out) - WITHOUT_KEY - OF_WHO_STARTS_IT:
            if KEY_OF.get(option) not in keys:
                result.wrong(f"{option} has no key in DOMAINS.json")


def case_every_key_of_the_schema_is_read(program):
    """A wrong type is answered differently from a key that nobody knows."""
    schema = json.loads(SCHEMA.read_text())
    domain = {"name": "a", "kernel": "k.elf"}
    for key in schema["definitions"]["domain"]["properties"]:
        wrong = {**domain, key: None}
        path = program.file("x.json", json.dumps({"version": 1, "domains": [wrong]}))
        result = program.run("up", path).refuses(126, f"domains[0].{key}: ").lacks("unknown key")
    for key in schema["definitions"]["disk"]["properties"]:
        wrong = {**domain, "disk": [{"target": "d", key: None}]}
        path = program.file("x.json", json.dumps({"version": 1, "domains": [wrong]}))
        result = program.run("up", path).refuses(126, f"domains[0].disk[0].{key}: ").lacks("unknown key")
    return result


def case_a_full_disk_is_told(program):
    """Text that was asked for and could not be written is a failure."""
    with open("/dev/full", "wb") as full:
        result = program.run("--help", stdout=full)
    result.refuses(125, "standard output")
