// SPDX-License-Identifier: MIT
// The page: the unit of frames, grants, rings and mappings. Always 4 KiB.
// No include and no suffixes on numbers: assembly may include this file.
#pragma once

#define PV_PAGE_SHIFT 12
#define PV_PAGE_SIZE 4096
