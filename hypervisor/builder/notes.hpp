// SPDX-License-Identifier: MIT
// KernelNotes: what a kernel says about itself in its Xen notes (pvabi/elfnote.h). Sources in Xen's order: PT_NOTE segments,
// SHT_NOTE sections, then the legacy text section __xen_guest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builder/elf.hpp"

namespace pvisor {

struct KernelNotes {
  std::optional<std::uint64_t> entry;
  std::optional<std::uint64_t> hypercall_page;
  std::optional<std::uint64_t> virt_base;
  std::optional<std::uint64_t> paddr_offset;
  std::optional<std::uint64_t> init_p2m;
  bool mod_start_pfn = false;
  std::string guest_os;
  std::string loader;
  std::string xen_version;
  std::string features;            ///< "!name" is required, as text
  std::uint32_t supported = 0;     ///< SUPPORTED_FEATURES, submap 0
  bool legacy = false;             ///< came from __xen_guest

  /// Nothing if there is no Xen note at all, or they are damaged or ask for what does not exist; `reason` says why.
  [[nodiscard]] static std::optional<KernelNotes> find(const ElfImage& image, std::string& reason);
};

}  // namespace pvisor
