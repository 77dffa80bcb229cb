// SPDX-License-Identifier: MIT
// Finding devices and keeping step with their other halves.

#include <pv/xenbus.h>

#include <pv/printf.h>
#include <pv/string.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

int pv_xenbus_list(const char *type, uint32_t *numbers, unsigned max)
{
    char path[PV_XENBUS_PATH_SIZE];
    static char names[4096];
    pv_snprintf(path, sizeof path, "device/%s", type);
    const int length = pv_xs_directory(PV_XS_NO_TRANSACTION, path, names, sizeof names);
    if (length == -PV_ENOENT)
        return 0;
    if (length < 0)
        return length;
    unsigned count = 0;
    for (const char *name = names; name < names + length && count < max; name += pv_strlen(name) + 1) {
        uint64_t number;
        if (!pv_parse_number(name, &number) || number > UINT32_MAX)
            continue;
        unsigned at = count++;
        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = (uint32_t)number;
    }
    return (int)count;
}

int pv_xenbus_find(const char *type, uint32_t number, struct pv_xenbus_device *device)
{
    char path[PV_XENBUS_PATH_SIZE + 16];
    uint64_t domid;
    pv_snprintf(device->path, sizeof device->path, "device/%s/%u", type, number);
    pv_snprintf(path, sizeof path, "%s/backend", device->path);
    int result = pv_xs_read(PV_XS_NO_TRANSACTION, path, device->backend, sizeof device->backend);
    if (result < 0)
        return result;
    pv_snprintf(path, sizeof path, "%s/backend-id", device->path);
    result = pv_xs_read_number(PV_XS_NO_TRANSACTION, path, &domid);
    device->backend_domid = (pv_domid_t)domid;
    return result;
}

int pv_xenbus_set_state(const struct pv_xenbus_device *device, unsigned state)
{
    char path[PV_XENBUS_PATH_SIZE + 16];
    pv_snprintf(path, sizeof path, "%s/state", device->path);
    return pv_xs_printf(PV_XS_NO_TRANSACTION, path, "%u", state);
}

unsigned pv_xenbus_state(const char *folder)
{
    char path[PV_XENBUS_PATH_SIZE + 16];
    uint64_t state;
    pv_snprintf(path, sizeof path, "%s/state", folder);
    const int result = pv_xs_read_number(PV_XS_NO_TRANSACTION, path, &state);
    return result == 0 && state < 32 ? (unsigned)state : PV_XENBUS_STATE_UNKNOWN;
}

int pv_xenbus_wait_backend(const struct pv_xenbus_device *device, unsigned mask, uint64_t deadline_ns)
{
    char path[PV_XENBUS_PATH_SIZE + 16];
    pv_snprintf(path, sizeof path, "%s/state", device->backend);
    const char *token = device->path; // one wait per device at a time
    int result = pv_xs_watch(path, token);
    if (result < 0)
        return result;
    struct pv_xs_event event;
    do {
        if (!pv_xs_wait_event(token, &event, deadline_ns)) {
            result = -PV_ETIMEDOUT;
            break;
        }
        result = (int)pv_xenbus_state(device->backend);
    } while (!(mask & PV_XENBUS_MASK((unsigned)result)));
    pv_xs_unwatch(path, token);
    while (pv_xs_wait_event(token, &event, 1))
        ; // events that came after the last look
    return result;
}

uint64_t pv_xenbus_backend_number(const struct pv_xenbus_device *device, const char *node, uint64_t otherwise)
{
    char path[PV_XENBUS_PATH_SIZE + 64];
    uint64_t number;
    pv_snprintf(path, sizeof path, "%s/%s", device->backend, node);
    return pv_xs_read_number(PV_XS_NO_TRANSACTION, path, &number) == 0 ? number : otherwise;
}
