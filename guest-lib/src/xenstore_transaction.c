// SPDX-License-Identifier: MIT
// Transactions.

#include "xenstore_wire.h"

#include <pv/string.h>

#include <pvabi/errno.h>

int pv_xs_transaction_start(pv_xs_transaction *transaction)
{
    char text[24];
    uint64_t number;
    const int length = pv_xs_request_path(PV_XS_TRANSACTION_START, PV_XS_NO_TRANSACTION, "", text, sizeof text);
    if (length < 0)
        return length;
    if (!pv_parse_number(text, &number))
        return -PV_EIO;
    *transaction = (pv_xs_transaction)number;
    return 0;
}

int pv_xs_transaction_end(pv_xs_transaction transaction, bool commit)
{
    const int result = pv_xs_request_path(PV_XS_TRANSACTION_END, transaction, commit ? "T" : "F", NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_transact(int (*body)(pv_xs_transaction transaction, void *context), void *context)
{
    for (;;) {
        pv_xs_transaction transaction;
        int result = pv_xs_transaction_start(&transaction);
        if (result < 0)
            return result;
        result = body(transaction, context);
        const int end = pv_xs_transaction_end(transaction, result == 0);
        if (result != 0)
            return result;
        if (end != -PV_EAGAIN)
            return end;
    }
}
