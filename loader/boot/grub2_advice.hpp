// SPDX-License-Identifier: MIT
// Help for disks that have GRUB 2's grub.cfg and no menu.lst: the menu.lst that would boot their newest kernel.
#pragma once

#include "boot/platform.hpp"
#include "fs/files.hpp"

namespace pvloader {

// Prints it and returns true when the first disk has a grub.cfg.
bool advise_about_grub2(Platform& platform, Volumes& volumes);

// Whether file name `a` looks like an older version than `b`: numbers in it count as numbers.
bool is_older_name(std::string_view a, std::string_view b);

}  // namespace pvloader
