// SPDX-License-Identifier: MIT
// The words for the error numbers that calls and this library answer.

#include <pv/error.h>

#include <stddef.h>

#include <pvabi/errno.h>

const char *pv_error_text(int result)
{
    static const struct {
        int number;
        const char *text;
    } texts[] = {
        {PV_EPERM, "not permitted"},
        {PV_ENOENT, "no such file, node or device"},
        {PV_ESRCH, "no such domain"},
        {PV_EIO, "input or output failed"},
        {PV_ENXIO, "no such device or address"},
        {PV_E2BIG, "too much at once"},
        {PV_ENOEXEC, "not a kernel that can be started"},
        {PV_EAGAIN, "not now, try again"},
        {PV_ENOMEM, "not enough memory"},
        {PV_EACCES, "access denied"},
        {PV_EFAULT, "bad address"},
        {PV_EBUSY, "in use"},
        {PV_EEXIST, "exists already"},
        {PV_ENODEV, "no such device"},
        {PV_ENOTDIR, "not a folder"},
        {PV_EISDIR, "is a folder"},
        {PV_EINVAL, "invalid argument"},
        {PV_ENOSPC, "no space left"},
        {PV_EROFS, "read-only"},
        {PV_ERANGE, "out of range"},
        {PV_ENAMETOOLONG, "too long"},
        {PV_ENOSYS, "not offered here"},
        {PV_ENOTEMPTY, "not empty"},
        {PV_ETIME, "the time has passed"},
        {PV_EOVERFLOW, "too large a number"},
        {PV_EOPNOTSUPP, "not supported"},
        {PV_EISCONN, "connected already"},
        {PV_ENOTCONN, "not connected"},
        {PV_ETIMEDOUT, "no answer in time"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (result == -texts[i].number)
            return texts[i].text;
    return "unknown error";
}
