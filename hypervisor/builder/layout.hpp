// SPDX-License-Identifier: MIT
// Where everything of a new domain lies: the arithmetic of the domain builder, apart from the copying. All in page frames
// from VIRT_BASE; order as Xen's builders: kernel, ramdisk, p2m list, start_info, xenstore, console, boot stack.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builder/elf.hpp"
#include "builder/notes.hpp"

namespace pvisor {

struct PlacedSegment {
  std::uint64_t offset = 0;  ///< bytes from frame 0
  const ElfSegment* segment = nullptr;
};

struct DomainLayout {
  std::vector<PlacedSegment> segments;
  std::uint64_t kernel_low = 0;  ///< bytes from frame 0: the loaded range
  std::uint64_t kernel_high = 0;
  std::uint64_t ramdisk_frame = 0;
  std::uint64_t p2m_frame = 0;
  std::uint64_t start_info_frame = 0;
  std::uint64_t xenstore_frame = 0;
  std::uint64_t console_frame = 0;
  std::uint64_t stack_frame = 0;
  std::uint64_t entry_offset = 0;           ///< bytes from frame 0
  std::uint64_t hypercall_page_offset = 0;  ///< page aligned; 0 if the kernel has none
};

/// False, with `reason` as the end of a sentence about the kernel, when it does not fit or contradicts itself.
[[nodiscard]] bool plan_layout(const ElfImage& image, const KernelNotes& notes, std::uint64_t ramdisk_bytes,
                               std::uint64_t ram_pages, DomainLayout& layout, std::string& reason);

}  // namespace pvisor
