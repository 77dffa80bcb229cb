// SPDX-License-Identifier: MIT
// What lwIP needs to know of a compiler and a system.
#pragma once

#include <stdint.h>

#include <pv/panic.h>
#include <pv/printf.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "lu"

#define LWIP_PLATFORM_DIAG(words) ((void)pv_printf words)
#define LWIP_PLATFORM_ASSERT(words) pv_panic("lwIP: %s (%s:%d)", words, __FILE__, __LINE__)

#ifdef __cplusplus
extern "C" {
#endif

uint32_t pv_ip_random(void);
uint32_t pv_ip_first_sequence(uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port);

#ifdef __cplusplus
}
#endif

#define LWIP_RAND() pv_ip_random()
