// SPDX-License-Identifier: MIT
// Kernel files: the ELF parser, the notes, the layout and, for what passes those, the whole builder; then the symbols, as a
// report would ask for them.
#include <cstdlib>
#include <string>
#include <vector>

#include "base/host_error.hpp"
#include "builder/domain_builder.hpp"
#include "builder/layout.hpp"
#include "builder/symbols.hpp"
#include "fuzz/fuzz_input.hpp"
#include "support/fake_engine.hpp"

using namespace pvisor;

namespace {

/// A plan that the builder takes must keep everything apart and inside the memory.
void check_layout(const DomainLayout& layout, std::uint64_t ram_pages) {
  FUZZ_REQUIRE(layout.kernel_low <= layout.kernel_high);
  FUZZ_REQUIRE(layout.kernel_high <= layout.ramdisk_frame << kPageShift);
  FUZZ_REQUIRE(layout.ramdisk_frame <= layout.p2m_frame && layout.p2m_frame < layout.start_info_frame);
  FUZZ_REQUIRE(layout.start_info_frame < layout.xenstore_frame && layout.xenstore_frame < layout.console_frame);
  FUZZ_REQUIRE(layout.console_frame < layout.stack_frame && layout.stack_frame < ram_pages);
  FUZZ_REQUIRE(layout.entry_offset >= layout.kernel_low && layout.entry_offset < layout.kernel_high);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file = std::as_bytes(std::span(data, size));
  std::string reason;
  bool is_kernel = false;
  if (const auto image = ElfImage::parse(file, reason)) {
    if (const auto notes = KernelNotes::find(*image, reason)) {
      DomainLayout layout;
      is_kernel = plan_layout(*image, *notes, 5000, 256, layout, reason);
      if (is_kernel) check_layout(layout, 256);
    }
    if (const auto symbols = KernelSymbols::from(*image, 0)) {
      for (const std::uint64_t address : {image->entry(), std::uint64_t{0}, ~std::uint64_t{0}}) (void)symbols->name(address);
    }
  }
  FUZZ_REQUIRE(is_kernel || !reason.empty());

  static FakeEngine engine;
  static const std::vector<std::byte> ramdisk(5000);
  BuildSpec spec;
  spec.kernel = file;
  spec.kernel_name = "fuzzed.elf";
  spec.ramdisk = ramdisk;
  spec.memory_mib = 1;
  try {
    (void)build_domain(engine, spec);
    FUZZ_REQUIRE(is_kernel);
  } catch (const HostError&) {
    FUZZ_REQUIRE(!is_kernel);
  }
  return 0;
}
