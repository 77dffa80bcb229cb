// SPDX-License-Identifier: MIT
// conformance: every call that the ABI has, with every error that ABI.md names, a line each.
//
// What it prints here is answers.txt; what it prints on Xen must be the same but for the lines in differences.txt. A new call, or a
// new error of one, gets its lines in the file of its group.

#include "groups.h"

#include <pv/guest.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    conform_version();
    conform_console();
    conform_numbers();
    conform_traps();
    conform_exceptions();
    conform_callbacks();
    conform_events();
    conform_event_domains();
    conform_sched();
    conform_timers();
    conform_vcpus();
    conform_memory();
    conform_mapping();
    conform_grants();
    conform_grant_maps();
    conform_grant_copies();
    conform_multicall();
    return 0;
}
