// SPDX-License-Identifier: MIT
// selftest: a guest that does what its command line says.
//
// The runner is only worth something if it notices a guest that fails, crashes or says nothing. selftest.py runs this one in
// each of those ways and looks at what the runner makes of it.

#include "report.h"

#include <pv/string.h>

int pv_main(const char *how)
{
    if (pv_streq(how, "silent"))
        return 0;
    if (pv_streq(how, "crash"))
        pv_panic("as asked");
    if (pv_streq(how, "skip"))
        report_skip("as asked");
    if (pv_streq(how, "error"))
        report_error("as asked", -1);
    if (pv_streq(how, "failure"))
        CHECK_EQUAL(1 + 1, 3);
    if (pv_streq(how, "early"))
        pv_puts("FAILURE as asked");
    const int result = report_end();
    return pv_streq(how, "nonzero") ? 3 : result;
}
