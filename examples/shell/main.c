// SPDX-License-Identifier: MIT
// A small interactive kernel: a line editor (line.c), and commands that look at the disks (files.c) and at the machine
// (machine.c). This file finds the command that a line names.

#include "commands.h"
#include "line.h"

#include <pv/guest.h>
#include <pv/string.h>

static void run_help(const char *argument);

static const struct command {
    const char *name, *argument, *does;
    void (*run)(const char *argument);
} commands[] = {
    {"help", "", "this list", run_help},
    {"disks", "", "disks and partitions, and whether their files can be read", run_disks},
    {"ls", "[NAME]", "a folder: /boot, or (hd0,1)/boot on another partition", run_ls},
    {"cat", "NAME", "a file; Ctrl-C stops it", run_cat},
    {"time", "", "the date, and how long this domain has been up", run_time},
    {"ps", "", "this domain's vCPUs, and the domains around it", run_ps},
    {"reboot", "", "ends this domain and starts it anew", run_reboot},
    {"poweroff", "[STATUS]", "ends it for good, with an exit status", run_poweroff},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void run_help(const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        pv_printf("%-8s %-8s  %s\n", commands[i].name, commands[i].argument, commands[i].does);
    pv_printf("Keys: Backspace, Ctrl-U, Ctrl-C, Up and Down. At pvisor's terminal, Ctrl-] ends the domain at once.\n");
}

// Ends the line's first word with a NUL and returns what follows it.
static const char *cut_word(char *line)
{
    while (*line && *line != ' ')
        line++;
    if (*line)
        *line++ = '\0';
    while (*line == ' ')
        line++;
    return line;
}

static void run_line(char *line)
{
    const char *argument = cut_word(line);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!pv_streq(line, commands[i].name))
            continue;
        if (*argument && !*commands[i].argument)
            pv_printf("%s: takes no argument\n", line);
        else
            commands[i].run(argument);
        return;
    }
    pv_printf("%s: no such command; help lists them\n", line);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_printf("A shell in a paravirtual kernel. help lists the commands, poweroff ends.\n");
    for (;;) {
        char line[LINE_SIZE];
        line_read("> ", line);
        if (*line)
            run_line(line);
    }
}
