// SPDX-License-Identifier: MIT
// Lines typed at the console, edited while they are typed: Backspace, Ctrl-U (all of it), Ctrl-C (give up), arrow keys up and
// down (earlier lines). Characters are added and taken away at the end only.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_SIZE 256

// Shows the prompt and reads one line, without blanks around it, into text. It may be empty.
void line_read(const char *prompt, char text[LINE_SIZE]);

// Whether Ctrl-C was typed since the last line was read. What else was typed stays for the next line.
bool line_interrupted(void);
