// SPDX-License-Identifier: MIT
// The version of this ABI, and the Xen version that a guest is told.
//
// Rule for the numbers: MINOR grows when something is added that old guests cannot notice; MAJOR grows when a guest
// built for the version before could stop working, and MINOR then starts again at 0. Every step has an entry in
// pvabi/CHANGELOG.md. While MAJOR is 0, MINOR may also break.
//
// A guest learns both from the xen_version call: XENVER_version answers PV_XEN_VERSION_MAJOR << 16 | MINOR, and
// XENVER_extraversion answers PV_EXTRAVERSION: the prefix, then MAJOR, a dot and MINOR in decimal. Finding the prefix
// at the start of that text is how a guest knows that the extension calls (extensions.h) exist.
//
// No include and no suffixes on numbers: assembly may include this file.
#pragma once

#define PV_ABI_MAJOR 0
#define PV_ABI_MINOR 1

#define PV_XEN_VERSION_MAJOR 4
#define PV_XEN_VERSION_MINOR 17

#define PV_EXTRAVERSION_PREFIX "-pvisor-"
#define PV_EXTRAVERSION "-pvisor-0.1"
