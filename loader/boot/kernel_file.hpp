// SPDX-License-Identifier: MIT
// Reads a kernel from a file system: an ELF file as it stands, or decompressed, or out of a bzImage.
#pragma once

#include "boot/platform.hpp"
#include "fs/files.hpp"

namespace pvloader {

// Fills `kernel`, or says why not. Formats that cannot be read are named, with what to do about it.
bool load_kernel(Platform& platform, const OpenFile& opened, Buffer& kernel, Message& why);

}  // namespace pvloader
