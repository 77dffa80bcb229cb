// SPDX-License-Identifier: MIT
// Compile-time checks of layout, in C11 and C++20. Each stands directly under the struct it guards, so that a change of
// a field and the refusal to compile are seen together. `type` is written with its tag: PV_ASSERT_SIZE(struct pv_x, 8).
#pragma once

#include <stddef.h>

#ifdef __cplusplus
#define PV_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define PV_ALIGNOF(type) alignof(type)
#else
#define PV_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define PV_ALIGNOF(type) _Alignof(type)
#endif

#define PV_ASSERT_SIZE(type, size) PV_STATIC_ASSERT(sizeof(type) == (size), #type " must be " #size " bytes")
#define PV_ASSERT_ALIGN(type, align) PV_STATIC_ASSERT(PV_ALIGNOF(type) == (align), #type " must be aligned to " #align)
#define PV_ASSERT_OFFSET(type, field, offset) \
    PV_STATIC_ASSERT(offsetof(type, field) == (offset), #type "." #field " must be at " #offset)
