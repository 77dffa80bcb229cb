// SPDX-License-Identifier: MIT
// The commands of the shell. Each gets what stands behind its name, without blanks around it, and prints its own errors.
#pragma once

// files.c
void run_disks(const char *argument);
void run_ls(const char *argument);
void run_cat(const char *argument);

// machine.c
void run_time(const char *argument);
void run_ps(const char *argument);
void run_reboot(const char *argument);
void run_poweroff(const char *argument);
