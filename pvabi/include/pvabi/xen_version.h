// SPDX-License-Identifier: MIT
// xen_version(cmd, argument): who the hypervisor is and what it can do. `argument` points to a buffer of the command's
// type; version, pagesize and get_features' siblings that answer a number give it as the call's result.
// Source: Xen's public/version.h.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_XENVER_VERSION 0             // argument 0; answers major << 16 | minor
#define PV_XENVER_EXTRAVERSION 1        // char[PV_XEN_EXTRAVERSION_LEN]
#define PV_XENVER_COMPILE_INFO 2        // pv_compile_info
#define PV_XENVER_CAPABILITIES 3        // char[PV_XEN_CAPABILITIES_INFO_LEN]
#define PV_XENVER_CHANGESET 4           // char[PV_XEN_CHANGESET_INFO_LEN]
#define PV_XENVER_PLATFORM_PARAMETERS 5 // pv_platform_parameters
#define PV_XENVER_GET_FEATURES 6        // pv_feature_info
#define PV_XENVER_PAGESIZE 7            // argument 0; answers 4096
#define PV_XENVER_GUEST_HANDLE 8        // uint8_t[16], the domain's UUID
#define PV_XENVER_COMMANDLINE 9         // char[1024]
#define PV_XENVER_BUILD_ID 10

#define PV_XEN_EXTRAVERSION_LEN 16
#define PV_XEN_CAPABILITIES_INFO_LEN 1024
#define PV_XEN_CHANGESET_INFO_LEN 64

struct pv_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};

PV_ASSERT_SIZE(struct pv_compile_info, 144);
PV_ASSERT_ALIGN(struct pv_compile_info, 1);
PV_ASSERT_OFFSET(struct pv_compile_info, compiler, 0);
PV_ASSERT_OFFSET(struct pv_compile_info, compile_by, 64);
PV_ASSERT_OFFSET(struct pv_compile_info, compile_domain, 80);
PV_ASSERT_OFFSET(struct pv_compile_info, compile_date, 112);

struct pv_platform_parameters {
    uint64_t virt_start; // out: start of the range that the guest must leave alone
};

PV_ASSERT_SIZE(struct pv_platform_parameters, 8);
PV_ASSERT_ALIGN(struct pv_platform_parameters, 8);
PV_ASSERT_OFFSET(struct pv_platform_parameters, virt_start, 0);

struct pv_feature_info {
    uint32_t submap_idx; // in: which 32 bits
    uint32_t submap;     // out: bit n is PV_XENFEAT number submap_idx * 32 + n
};

PV_ASSERT_SIZE(struct pv_feature_info, 8);
PV_ASSERT_ALIGN(struct pv_feature_info, 4);
PV_ASSERT_OFFSET(struct pv_feature_info, submap_idx, 0);
PV_ASSERT_OFFSET(struct pv_feature_info, submap, 4);
