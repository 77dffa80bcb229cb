// SPDX-License-Identifier: MIT
// The words between a connection and the protocol spoken on it.
#pragma once

#include <pv/fs.h>

#include <stdbool.h>
#include <stddef.h>

#define MOST_REQUEST 2048

struct request {
    bool is_head; // everything but the file
    char path[MOST_REQUEST];
};

struct answer {
    const char *status; // "200 OK"
    const char *type;
    bool has_file;
    struct pv_fs_file file; // if so
};

// Reads the first line of a request, `size` bytes that end where its headers do. Null, or the status that refuses it.
const char *read_request(const char *text, size_t size, struct request *request);

// Finds the file that is asked for.
void find_answer(const struct request *request, struct answer *answer);

// Opens port 80. `served` is called after each answer.
void serve(void (*served)(void));
