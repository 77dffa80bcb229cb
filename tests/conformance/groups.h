// SPDX-License-Identifier: MIT
// The groups of calls, in the order in which main.c runs them. Each leaves behind what it found, so that they do not depend on
// one another.
#pragma once

void conform_version(void);
void conform_console(void);
void conform_numbers(void);
void conform_traps(void);
void conform_exceptions(void);
void conform_callbacks(void);
void conform_events(void);
void conform_event_domains(void);
void conform_sched(void);
void conform_timers(void);
void conform_vcpus(void);
void conform_memory(void);
void conform_mapping(void);
void conform_grants(void);
void conform_grant_maps(void);
void conform_grant_copies(void);
void conform_multicall(void);
