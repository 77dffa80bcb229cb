// SPDX-License-Identifier: MIT
#include "builder/layout.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/checked.hpp"
#include "core/ids.hpp"

namespace pvisor {

namespace {

/// Segments to their places; overlaps and what lies outside the memory are refused.
bool place_segments(const ElfImage& image, std::uint64_t paddr_offset, std::uint64_t ram_bytes, DomainLayout& layout,
                    std::string& reason) {
  for (const ElfSegment& segment : image.segments()) {
    if (segment.physical < paddr_offset || !range_inside(segment.physical - paddr_offset, segment.memory_bytes, ram_bytes)) {
      reason = fmt::format("has a segment at {:#x} of {} KiB, which does not fit into {} MiB of memory: give it more with --memory",
                           segment.physical, (segment.memory_bytes + 1023) >> 10, ram_bytes >> 20);
      return false;
    }
    layout.segments.push_back({segment.physical - paddr_offset, &segment});
  }
  std::ranges::sort(layout.segments, {}, &PlacedSegment::offset);
  for (std::size_t i = 1; i < layout.segments.size(); ++i) {
    const PlacedSegment& before = layout.segments[i - 1];
    if (before.offset + before.segment->memory_bytes > layout.segments[i].offset) {
      reason = "has segments that overlap";
      return false;
    }
  }
  layout.kernel_low = layout.segments.front().offset;
  layout.kernel_high = layout.segments.back().offset + layout.segments.back().segment->memory_bytes;
  return true;
}

/// A link-time address from a note as an offset into the loaded range.
bool offset_in_kernel(const DomainLayout& layout, std::uint64_t address, std::uint64_t virt_base, std::uint64_t bytes,
                      std::uint64_t& offset) {
  offset = address - virt_base;
  return address >= virt_base && offset >= layout.kernel_low &&
         range_inside(offset - layout.kernel_low, bytes, layout.kernel_high - layout.kernel_low);
}

}  // namespace

bool plan_layout(const ElfImage& image, const KernelNotes& notes, std::uint64_t ramdisk_bytes, std::uint64_t ram_pages,
                 DomainLayout& layout, std::string& reason) {
  const std::uint64_t virt_base = notes.virt_base.value_or(0);
  const std::uint64_t paddr_offset = notes.paddr_offset.value_or(notes.legacy ? virt_base : 0);
  const std::uint64_t ram_bytes = ram_pages << kPageShift;
  if (!place_segments(image, paddr_offset, ram_bytes, layout, reason)) return false;

  const std::uint64_t entry = notes.entry.value_or(image.entry());
  if (!offset_in_kernel(layout, entry, virt_base, 1, layout.entry_offset)) {
    reason = fmt::format("has its entry {:#x} outside what is loaded", entry);
    return false;
  }
  if (notes.hypercall_page) {
    const bool inside = offset_in_kernel(layout, *notes.hypercall_page, virt_base, kPageSize, layout.hypercall_page_offset);
    if (!inside || layout.hypercall_page_offset % kPageSize != 0) {
      reason = fmt::format("has its HYPERCALL_PAGE note at {:#x}, which is not a page of what is loaded", *notes.hypercall_page);
      return false;
    }
  }

  const auto pages = [](std::uint64_t bytes) { return (bytes >> kPageShift) + (bytes % kPageSize != 0 ? 1 : 0); };
  std::uint64_t next = pages(layout.kernel_high);
  const auto take = [&next](std::uint64_t count) { return std::exchange(next, next + count); };
  layout.ramdisk_frame = take(std::min(pages(ramdisk_bytes), ram_pages));
  layout.p2m_frame = take(pages(ram_pages * sizeof(std::uint64_t)));
  layout.start_info_frame = take(1);
  layout.xenstore_frame = take(1);
  layout.console_frame = take(1);
  layout.stack_frame = take(1);
  if (next > ram_pages) {
    reason = fmt::format("needs {} KiB with its ramdisk and boot pages, but the domain has {} MiB: give it more with --memory",
                         next << (kPageShift - 10), ram_bytes >> 20);
    return false;
  }
  return true;
}

}  // namespace pvisor
