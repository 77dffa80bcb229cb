// SPDX-License-Identifier: MIT
// How the conformance guest tells what a call answered: one line each, `what: answer`, the same wherever the guest runs. So no
// line may hold an address, a time, or a number that is chosen by the hypervisor (a port, a handle).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <pvabi/page.h>
#include <pvabi/shared_info.h>

// An answer that is an error, or a number that the ABI fixes: "-EINVAL", "0", "4096".
void say(const char *what, long answer);

// The answer of a call that makes something and answers its number: "made" instead of the number.
void say_made(const char *what, long answer);

// Whether something is so: "yes" or "no".
void say_whether(const char *what, bool so);

// Several answers to the same question on one line.
void say_all(const char *what, const long *answers, unsigned count);

// The status of a grant: "okay", "bad_gntref".
void say_status(const char *what, long answer, int status);

// The answers to arguments that are no memory of the guest: null, an address where nothing is, one that is not canonical, and one
// so near the end of memory that only a part of what is read or written lies in it. `bytes` is the size of the argument.
typedef long (*pointer_call)(void *argument);
void say_bad_pointers(const char *what, pointer_call call, size_t bytes);

// A number that no domain has here.
#define NOBODY ((pv_domid_t)4242)
