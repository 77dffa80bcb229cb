// SPDX-License-Identifier: MIT
// Reading and writing nodes.

#include "xenstore_wire.h"

#include <pv/printf.h>
#include <pv/string.h>

#include <pvabi/errno.h>

int pv_xs_read(pv_xs_transaction transaction, const char *path, char *value, size_t size)
{
    return pv_xs_request_path(PV_XS_READ, transaction, path, value, size);
}

int pv_xs_read_number(pv_xs_transaction transaction, const char *path, uint64_t *number)
{
    char text[24];
    const int length = pv_xs_read(transaction, path, text, sizeof text);
    if (length == -PV_ENAMETOOLONG)
        return -PV_EINVAL;
    if (length < 0)
        return length;
    return pv_parse_number(text, number) ? 0 : -PV_EINVAL;
}

int pv_xs_write(pv_xs_transaction transaction, const char *path, const char *value)
{
    const struct pv_xs_part parts[] = {pv_xs_text(path), {value, pv_strlen(value)}};
    const int result = pv_xs_request(PV_XS_WRITE, transaction, parts, 2, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_printf(pv_xs_transaction transaction, const char *path, const char *format, ...)
{
    char value[256];
    va_list arguments;
    va_start(arguments, format);
    const int length = pv_vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    if ((size_t)length >= sizeof value)
        return -PV_E2BIG;
    return pv_xs_write(transaction, path, value);
}

int pv_xs_mkdir(pv_xs_transaction transaction, const char *path)
{
    const int result = pv_xs_request_path(PV_XS_MKDIR, transaction, path, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_remove(pv_xs_transaction transaction, const char *path)
{
    const int result = pv_xs_request_path(PV_XS_RM, transaction, path, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_directory(pv_xs_transaction transaction, const char *path, char *names, size_t size)
{
    return pv_xs_request_path(PV_XS_DIRECTORY, transaction, path, names, size);
}

int pv_xs_get_permissions(pv_xs_transaction transaction, const char *path, char *permissions, size_t size)
{
    return pv_xs_request_path(PV_XS_GET_PERMS, transaction, path, permissions, size);
}

int pv_xs_set_permissions(pv_xs_transaction transaction, const char *path, const char *permissions, size_t size)
{
    const struct pv_xs_part parts[] = {pv_xs_text(path), {permissions, size}};
    const int result = pv_xs_request(PV_XS_SET_PERMS, transaction, parts, 2, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_own_domid(void)
{
    uint64_t domid;
    const int result = pv_xs_read_number(PV_XS_NO_TRANSACTION, "domid", &domid);
    return result < 0 ? result : (int)domid;
}

int pv_xs_share(const char *path, pv_domid_t peer, bool write)
{
    const int self = pv_xs_own_domid();
    if (self < 0)
        return self;
    char permissions[32];
    const int first = pv_snprintf(permissions, sizeof permissions, "n%d", self) + 1;
    const int second = pv_snprintf(permissions + first, sizeof permissions - (size_t)first, "%c%u", write ? 'b' : 'r', peer);
    return pv_xs_set_permissions(PV_XS_NO_TRANSACTION, path, permissions, (size_t)(first + second + 1));
}
