// SPDX-License-Identifier: MIT
// xenstore: the tree of small texts in which domains find each other and their devices. Paths that do not begin with '/'
// are taken below the domain's own /local/domain/<domid>/.
//
// Every call waits for its answer and works with upcalls masked or enabled, but not in handlers, and on
// one vCPU at a time. Failures are negated PV_E*: -PV_ENOENT for a path that does not exist, -PV_EACCES for one that may not be
// touched, and so on. -PV_EIO: the store does not answer as it should.
//
// Example:
//     static int rename_us(pv_xs_transaction transaction, void *name)
//     {
//         return pv_xs_write(transaction, "data/name", (const char *)name);
//     }
//     int say_who_we_are(char *old, size_t size)
//     {
//         const int length = pv_xs_read(PV_XS_NO_TRANSACTION, "name", old, size);
//         return length < 0 ? length : pv_xs_transact(rename_us, (void *)"a guest");
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvabi/domid.h>

#include <pv/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

// A transaction's number, or this for none.
typedef uint32_t pv_xs_transaction;
#define PV_XS_NO_TRANSACTION 0u

// Reads a node and ends the value with a NUL. Returns its length; -PV_ENAMETOOLONG if it does not fit.
int pv_xs_read(pv_xs_transaction transaction, const char *path, char *value, size_t size);

// Reads a node that holds a number; -PV_EINVAL if it holds something else.
int pv_xs_read_number(pv_xs_transaction transaction, const char *path, uint64_t *number);

int pv_xs_write(pv_xs_transaction transaction, const char *path, const char *value);
int pv_xs_printf(pv_xs_transaction transaction, const char *path, const char *format, ...) PV_PRINTF(3, 4);
int pv_xs_mkdir(pv_xs_transaction transaction, const char *path);
int pv_xs_remove(pv_xs_transaction transaction, const char *path);

// Lists a node's children: their names one after the other, each with its NUL. Returns the number of bytes.
//     for (const char *name = names; name < names + length; name += pv_strlen(name) + 1)
int pv_xs_directory(pv_xs_transaction transaction, const char *path, char *names, size_t size);

// Permissions, one text each ending with a NUL: the owner first with what everybody else may do, then exceptions; n none,
// r read, w write, b both, and a domid: "n3\0r5\0" is owned by 3 and may be read by 5. Sizes count the NULs.
int pv_xs_get_permissions(pv_xs_transaction transaction, const char *path, char *permissions, size_t size);
int pv_xs_set_permissions(pv_xs_transaction transaction, const char *path, const char *permissions, size_t size);

// Lets one other domain read a node of our own, or with `write` also write it.
int pv_xs_share(const char *path, pv_domid_t peer, bool write);

// Transactions: what happens in one is seen by others at once and only if it was committed. Ending with commit answers
// -PV_EAGAIN when others interfered: do it all again. pv_xs_transact does so, until body answers something else than 0.
int pv_xs_transaction_start(pv_xs_transaction *transaction);
int pv_xs_transaction_end(pv_xs_transaction transaction, bool commit);
int pv_xs_transact(int (*body)(pv_xs_transaction transaction, void *context), void *context);

// Watches: an event arrives whenever the node, or one below it, changes, and once when the watch is set. The token is the
// caller's name for the watch; events that have the same path and token as one that waits already are dropped.
int pv_xs_watch(const char *path, const char *token);
int pv_xs_unwatch(const char *path, const char *token);

// Ends all watches of this domain, those of an earlier kernel in it, too.
int pv_xs_reset_watches(void);

#define PV_XS_EVENT_PATH_SIZE 512
#define PV_XS_TOKEN_SIZE 64

struct pv_xs_event {
    char path[PV_XS_EVENT_PATH_SIZE]; // as it was watched (relative or not), or that of a node below; cut if longer
    char token[PV_XS_TOKEN_SIZE];
};

// Waits for an event with this token, null for any. Returns false if the deadline (system time, 0: none) came first.
bool pv_xs_wait_event(const char *token, struct pv_xs_event *event, uint64_t deadline_ns);

// Waits until a node exists and may be read, then reads it. -PV_ETIMEDOUT at the deadline.
int pv_xs_await(const char *path, char *value, size_t size, uint64_t deadline_ns);

// This domain's number.
int pv_xs_own_domid(void);

// The number of the domain of this name, waiting for it to appear. -PV_ETIMEDOUT at the deadline.
int pv_xs_find_domain(const char *name, uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
