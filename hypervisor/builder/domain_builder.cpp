// SPDX-License-Identifier: MIT
#include "builder/domain_builder.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include <pvabi/shared_info.h>
#include <pvabi/start_info.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "builder/elf.hpp"
#include "builder/layout.hpp"
#include "builder/notes.hpp"
#include "builder/symbols.hpp"

namespace pvisor {

namespace {

/// The new memory while it is filled: places are checked by the layout, so a failure is our own mistake.
class Filler {
 public:
  Filler(const GuestMemory& memory, const Ram& ram) : memory_(memory), ram_(ram) {}
  void put(std::uint64_t offset, std::span<const std::byte> bytes) const {
    PV_CHECK(memory_.copy_out(GuestVirt(memory_.virt_base().value() + offset), bytes));
  }
  /// Straight from one guest's memory into the other's: a ramdisk may be large.
  void put(std::uint64_t offset, const GuestObject& object) const {
    const auto to = ram_.bytes().subspan(offset, object.size());
    if (!to.empty()) ram_.expect_writes(to);
    object.copy_to(to);
  }
  template <class T>
  void put_value(std::uint64_t offset, const T& value) const {
    put(offset, std::as_bytes(std::span(&value, 1)));
  }

 private:
  const GuestMemory& memory_;
  const Ram& ram_;  ///< the same
};

std::uint64_t ramdisk_bytes(const BuildSpec& spec) {
  return std::visit([](const auto& ramdisk) -> std::uint64_t { return ramdisk.size(); }, spec.ramdisk);
}

void put_p2m(const Filler& filler, std::uint64_t offset, std::uint64_t pages) {
  std::array<std::uint64_t, 512> entries;
  for (std::uint64_t pfn = 0; pfn < pages;) {
    const std::uint64_t count = std::min<std::uint64_t>(entries.size(), pages - pfn);
    for (std::uint64_t i = 0; i < count; ++i) entries[i] = pfn + i;
    filler.put(offset + pfn * sizeof(std::uint64_t), std::as_bytes(std::span(entries).first(count)));
    pfn += count;
  }
}

pv_start_info make_start_info(const BuildSpec& spec, const DomainLayout& layout, const KernelNotes& notes,
                              const DomainImage& image, std::uint64_t base) {
  const auto address = [base](std::uint64_t frame) { return base + (frame << kPageShift); };
  pv_start_info info{};
  std::memcpy(info.magic, PV_START_INFO_MAGIC, sizeof PV_START_INFO_MAGIC);
  info.nr_pages = image.ram_pages;
  info.shared_info = image.shared_info.value() << kPageShift;
  info.store_mfn = layout.xenstore_frame;
  info.store_evtchn = kXenstorePort.value();
  info.console.domU.mfn = layout.console_frame;
  info.console.domU.evtchn = kConsolePort.value();
  info.mfn_list = address(layout.p2m_frame);
  if (ramdisk_bytes(spec) != 0) {
    info.mod_start = notes.mod_start_pfn ? layout.ramdisk_frame : address(layout.ramdisk_frame);
    info.mod_len = ramdisk_bytes(spec);
    info.flags |= notes.mod_start_pfn ? PV_SIF_MOD_START_PFN : 0;
    info.flags |= spec.multiboot_modules ? PV_SIF_MULTIBOOT_MOD : 0;
  }
  std::memcpy(info.cmd_line, spec.cmdline.data(), spec.cmdline.size());
  return info;
}

VcpuStart make_boot_vcpu(const DomainLayout& layout, const DomainImage& image, std::uint64_t base) {
  VcpuStart start;
  start.vcpu_info = base + (image.shared_info.value() << kPageShift) + offsetof(pv_shared_info, vcpu_info);
  start.hypercall_page = base + layout.hypercall_page_offset;
  pv_cpu_user_regs& regs = start.context.user_regs;
  regs.rip = base + layout.entry_offset;
  regs.rsi = base + (layout.start_info_frame << kPageShift);
  regs.rsp = base + ((layout.stack_frame + 1) << kPageShift);
  regs.rflags = 0x202;
  regs.cs = PV_FLAT_KERNEL_CS;
  regs.ss = PV_FLAT_KERNEL_SS;
  start.context.kernel_sp = regs.rsp;
  return start;
}

}  // namespace

DomainImage build_domain(Engine& engine, const BuildSpec& spec) {
  const auto refuse = [&spec](const std::string& why) -> HostError { return HostError(spec.kernel_name + " " + why); };
  if (spec.memory_mib < kMinMemoryMib || spec.memory_mib > kMaxMemoryMib) {
    throw HostError::usage(fmt::format("memory {} MiB is out of range: {} to {} MiB", spec.memory_mib, kMinMemoryMib, kMaxMemoryMib));
  }
  if (spec.cmdline.size() >= PV_MAX_GUEST_CMDLINE || spec.cmdline.find('\0') != std::string::npos) {
    throw HostError(fmt::format("the command line for {} has {} bytes: at most {} fit", spec.kernel_name, spec.cmdline.size(),
                                PV_MAX_GUEST_CMDLINE - 1));
  }
  if (spec.vcpus == 0 || spec.vcpus > kMaxVcpus) {
    throw HostError::usage(fmt::format("{} virtual CPUs are out of range: 1 to {}", spec.vcpus, kMaxVcpus));
  }
  if (spec.vcpus > 1 && !engine.traits().many_vcpus) {
    throw HostError::usage(fmt::format("the {} engine gives a domain one virtual CPU, not {}", engine.traits().name, spec.vcpus));
  }
  std::string reason;
  const auto elf = ElfImage::parse(spec.kernel, reason);
  if (!elf) throw refuse(reason);
  const auto notes = KernelNotes::find(*elf, reason);
  if (!notes) throw refuse(reason);
  const std::uint64_t ram_pages = spec.memory_mib << (20 - kPageShift);
  DomainLayout layout;
  if (!plan_layout(*elf, *notes, ramdisk_bytes(spec), ram_pages, layout, reason)) throw refuse(reason);

  AddressSpaceSpec space;
  space.ram_pages = ram_pages;
  space.special_pages = kSpecialFrames;
  if (!elf->is_relocatable()) space.fixed_base = notes->virt_base.value_or(0);

  DomainImage image;
  image.space = engine.create_address_space(space);
  image.ram_pages = ram_pages;
  image.vcpus = spec.vcpus;
  image.shared_info = GuestFrame(ram_pages);
  image.grant_frames = GuestFrame(ram_pages + 1);
  image.start_info = GuestFrame(layout.start_info_frame);
  image.xenstore = GuestFrame(layout.xenstore_frame);
  image.console = GuestFrame(layout.console_frame);
  const std::uint64_t base = image.space->virt_base();
  image.boot_vcpu = make_boot_vcpu(layout, image, base);
  image.symbols = KernelSymbols::from(*elf, base - notes->virt_base.value_or(0));

  const GuestMemory memory(image.space->ram(), GuestVirt(base), ram_pages);
  const Filler filler(memory, *image.space->ram());
  for (const PlacedSegment& placed : layout.segments) filler.put(placed.offset, placed.segment->file);
  if (notes->hypercall_page) {
    std::array<std::byte, kPageSize> page;
    image.space->fill_hypercall_page(page);
    filler.put(layout.hypercall_page_offset, page);
  }
  std::visit([&](const auto& ramdisk) { filler.put(layout.ramdisk_frame << kPageShift, ramdisk); }, spec.ramdisk);
  put_p2m(filler, layout.p2m_frame << kPageShift, ram_pages);
  filler.put_value(layout.start_info_frame << kPageShift, make_start_info(spec, layout, *notes, image, base));
  return image;
}

}  // namespace pvisor
