// SPDX-License-Identifier: MIT
// xenbus: how the two halves of a device meet in xenstore. Each writes its state to its own `state` node and watches the
// other's (pvabi/io/xenbus.h has the dance). For writing a front end; blkfront.h is one.
//
// As in xenstore.h, which all of it uses: not in handlers, one vCPU at a time; failures are negated PV_E*.
//
// Example:
//     int wait_for_network(uint64_t deadline_ns)
//     {
//         struct pv_xenbus_device device;
//         const int result = pv_xenbus_find("vif", 0, &device);
//         if (result < 0)
//             return result;
//         return pv_xenbus_wait_backend(&device, PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT), deadline_ns);
//     }
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <pvabi/domid.h>
#include <pvabi/io/xenbus.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_XENBUS_PATH_SIZE 128

// A device as the front end sees it.
struct pv_xenbus_device {
    char path[PV_XENBUS_PATH_SIZE];    // our folder, such as device/vbd/51712
    char backend[PV_XENBUS_PATH_SIZE]; // the other half's
    pv_domid_t backend_domid;
};

// The numbers of this domain's devices of a type ("vbd", "vif"), in rising order. Returns how many there are, at most max.
int pv_xenbus_list(const char *type, uint32_t *numbers, unsigned max);

// Finds a device's other half. -PV_ENOENT if there is no such device.
int pv_xenbus_find(const char *type, uint32_t number, struct pv_xenbus_device *device);

// Writes our state.
int pv_xenbus_set_state(const struct pv_xenbus_device *device, unsigned state);

// Reads the state at `<path>/state`; UNKNOWN if there is none.
unsigned pv_xenbus_state(const char *path);

// Waits until the other half's state is one of those in the mask, PV_XENBUS_MASK(A) | PV_XENBUS_MASK(B).
// Returns the state, or -PV_ETIMEDOUT.
#define PV_XENBUS_MASK(state) (1u << (state))
int pv_xenbus_wait_backend(const struct pv_xenbus_device *device, unsigned mask, uint64_t deadline_ns);

// Reads a number from the other half's folder; the default if it is not there.
uint64_t pv_xenbus_backend_number(const struct pv_xenbus_device *device, const char *node, uint64_t otherwise);

#ifdef __cplusplus
}
#endif
