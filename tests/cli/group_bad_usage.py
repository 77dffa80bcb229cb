# SPDX-License-Identifier: MIT
"""Words on the command line that cannot be meant: one line that names the word and what to write, and status 126."""

TOO_LONG = "x" * 2000


def refused(program, words, *texts):
    program.run(*words).refuses(126, *texts)


def case_unknown_option(program):
    refused(program, ["run", "--memroy", "64M", "k.elf"], "run: unknown option --memroy: ", "did you mean --memory?")
    refused(program, ["boot", "--time=3s", "d.img"], "boot: unknown option --time: ", "did you mean --timeout?")
    refused(program, ["up", "--no-rebot", "x.json"], "up: unknown option --no-rebot: ", "did you mean --no-reboot?")
    refused(program, ["run", "--zzzzzzzz", "k.elf"], "run: unknown option --zzzzzzzz: ", "see pvisor --help")
    refused(program, ["--versoin"], "unknown option --versoin: ", "did you mean --version?")


def case_unknown_command(program):
    refused(program, ["bot", "d.img"], "unknown command 'bot': ", "did you mean boot?")
    refused(program, ["d.img"], "unknown command 'd.img': ", "boot, run, up")


def case_option_of_another_command(program):
    refused(program, ["run", "--menu", "m", "k.elf"], "run: --menu belongs to pvisor boot")
    refused(program, ["up", "--memory", "64M", "x.json"], "up: --memory belongs to pvisor ")
    refused(program, ["--memory", "64M", "run", "k.elf"], "--memory stands before the command")


def case_nothing_to_start(program):
    refused(program, ["boot"], "boot: no disk", "write pvisor boot DISK")
    refused(program, ["run", "--", "a"], "run: no kernel", "write pvisor run KERNEL")
    refused(program, ["up"], "up: no file", "write pvisor up DOMAINS.json")


def case_one_word_too_many(program):
    refused(program, ["run", "k.elf", "word"], "run: unexpected 'word': ", "words for the kernel come after --")
    refused(program, ["boot", "a.img", "b.img"], "boot: unexpected 'b.img': ")
    refused(program, ["up", "a.json", "--", "b"], "up: words after --", "the key cmdline")


def case_option_without_its_value(program):
    for option in ("--memory", "--disk", "--timeout", "--engine"):
        refused(program, ["run", "k.elf", option], option, "missing", "see pvisor --help")
        refused(program, ["run", "k.elf", option + "="], option, "missing", "see pvisor --help")


def case_memory(program):
    for size in ("x", "-5", "1.5G", "64MB", "0x40", "64 M", "99999999999999999999"):
        refused(program, ["run", "k.elf", "--memory=" + size], f"--memory '{size}': not a size", "such as 64M")
    for size in ("0", "0G", "65G", "1000000"):
        refused(program, ["run", "k.elf", "--memory", size], "--memory: ", "out of range", "64G")
    refused(program, ["run", "k.elf", "--memory", "99999999999999999G"], "--memory '99999999999999999G': too large", "64G")
    refused(program, ["run", "k.elf", "--memory", "1000K"], "--memory '1000K': not a whole number of MiB", "1024K")


def case_timeout(program):
    for time in ("x", "-1s", "1.5s", "10h", "s", "99999999999999999999s"):
        refused(program, ["run", "k.elf", "--timeout=" + time], f"--timeout '{time}': not a time", "such as 10s")
    for time in ("0", "0ms", "9999999m", "9999999999999999999m"):
        refused(program, ["run", "k.elf", "--timeout", time], f"--timeout '{time}': out of range", "1ms to a year")


def case_vcpus(program):
    for number in ("-1", "one", "1x", "99999999999999999999"):
        refused(program, ["run", "k.elf", "--vcpus=" + number], f"--vcpus '{number}': not a number of virtual CPUs", "such as 2")
    for number in ("0", "33", "4294967297"):
        refused(program, ["run", "k.elf", "--vcpus", number], f"--vcpus '{number}': out of range", "1 to 32")


def case_engine(program):
    for name in ("kwm", "Fiber", "/bin/sh"):
        refused(program, ["run", "k.elf", "--engine", name], f"--engine: unknown engine '{name}': ", "there is ", "fiber")


def case_disk(program):
    refused(program, ["run", "k.elf", "--disk", ""], "--disk: no file name", "write FILE[,ro]")
    refused(program, ["run", "k.elf", "--disk", ",ro"], "--disk: no file name", "write FILE[,ro]")
    refused(program, ["run", "k.elf", "--disk", "a,rx"], "--disk: 'rx' is neither ro, rw, shared, vdev=NAME, cache=WORD nor sector=SIZE")
    refused(program, ["run", "k.elf", "--disk", "a,cache=none"], "--disk: cache=none: there are writeback, direct, unsafe")
    refused(program, ["run", "k.elf", "--disk", "a,sector=1024"], "--disk: sector=1024: sectors of 512 or 4096 bytes can be had")
    refused(program, ["run", "k.elf", "--disk", "a,vdev="], "--disk: '' is no name of a virtual disk", "xvda")
    refused(program, ["run", "k.elf", "--disk", "a,vdev=vda"], "--disk: 'vda' is no name of a virtual disk", "xvda")
    refused(program, ["run", "k.elf", "--disk", "a,vdev=/dev/xvda"], "--disk: '/dev/xvda' ", "leave out /dev/: xvda")
    refused(program, ["run", "k.elf", "--disk", "a,vdev=xvda99999"], "--disk: 'xvda99999' is no name of a virtual disk")


def case_two_disks_of_one_name(program):
    refused(program, ["run", "k.elf", "--disk", "a,vdev=xvdb", "--disk", "b,vdev=xvdb"], "--disk: two disks are xvdb", "its own vdev")


def case_partition_number_with_a_leading_zero(program):
    """It would be a second name of the same disk."""
    refused(program, ["run", "k.elf", "--disk", "a,vdev=xvda01"], "--disk: 'xvda01' is no name of a virtual disk")


def case_name(program):
    for name in ("a/b", "../x", "a b", "%s", ".x", "-x", "a\nb", "'", "x" * 65):
        refused(program, ["run", "k.elf", "--name=" + name], "--name '", "use letters, digits")


def case_boot_takes_no_command_line(program):
    advice = ("--config PLACE", "--menu FILE")
    refused(program, ["boot", "d.img", "--append", "x"], "boot: --append: ", "in the menu on the disk", *advice)
    refused(program, ["boot", "d.img", "--append", ""], "boot: --append: ", *advice)
    refused(program, ["boot", "d.img", "--", "x"], "boot: words after --: ", "in the menu on the disk", *advice)
    refused(program, ["boot", "d.img", "--initrd", "f"], "boot: --initrd: ", "in the menu on the disk", *advice)


def case_command_line_too_long(program):
    refused(program, ["run", "k.elf", "--", TOO_LONG], "--: the guest's command line has 2000 bytes", "at most 1023 fit")
    refused(program, ["run", "k.elf", "--append", TOO_LONG], "--append: the guest's command line has 2000 bytes", "at most 1023")
    refused(program, ["boot", "d.img", "--config", TOO_LONG], "--config: the guest's command line has 2000 bytes", "at most 1023")
    result = program.run("run", program.probe, "--", "do=exit", "x" * 1015)
    result.ends(0).shows("x" * 1015)


def case_flag_with_a_value(program):
    refused(program, ["run", "k.elf", "--no-reboot=7"], "no-reboot", "see pvisor --help")


def case_control_characters_are_not_shown(program):
    refused(program, ["run", "k.elf", "--\x1b[31m\n"], "unknown option --\\x1b[31m\\x0a")
    refused(program, ["\x1b[31m\n"], "unknown command '\\x1b[31m\\x0a'")
    refused(program, ["run", "k.elf", "--disk", "a,\x1b[31m"], "--disk: '\\x1b[31m'")


def case_usage_is_looked_at_before_files(program):
    refused(program, ["run", "absent.elf", "--memory", "x"], "--memory 'x'")
