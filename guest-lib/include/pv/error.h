// SPDX-License-Identifier: MIT
// Words for error numbers, in any context.
//
// Example:
//     #include <pv/printf.h>
//     void complain(const char *path, int result)
//     {
//         pv_printf("%s: %s\n", path, pv_error_text(result));
//     }
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// What a negated PV_E* means, in a few words: "no such file, node or device". "unknown error" for any other number.
const char *pv_error_text(int result);

#ifdef __cplusplus
}
#endif
