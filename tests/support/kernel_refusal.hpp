// SPDX-License-Identifier: MIT
// What the builder says about a file before it touches memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "builder/layout.hpp"
#include "builder/notes.hpp"

namespace pvisor {

/// The reason of the refusal, or "" and in `layout` where everything would lie.
inline std::string kernel_refusal(std::span<const std::byte> file, std::uint64_t ram_pages, std::uint64_t ramdisk_bytes,
                                  DomainLayout& layout) {
  std::string reason;
  const auto image = ElfImage::parse(file, reason);
  if (!image) return reason;
  const auto notes = KernelNotes::find(*image, reason);
  if (!notes) return reason;
  layout = {};
  return plan_layout(*image, *notes, ramdisk_bytes, ram_pages, layout, reason) ? "" : reason;
}

inline std::string kernel_refusal(std::span<const std::byte> file, std::uint64_t ram_pages = 4096) {
  DomainLayout layout;
  return kernel_refusal(file, ram_pages, 0, layout);
}

}  // namespace pvisor
