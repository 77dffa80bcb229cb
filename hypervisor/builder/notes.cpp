// SPDX-License-Identifier: MIT
#include "builder/notes.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <pvabi/elfnote.h>
#include <pvabi/features.h>

#include "base/escape.hpp"

namespace pvisor {

namespace {

constexpr std::size_t kMaxNotes = 65'536;
constexpr std::size_t kMaxString = 4096;

std::string text_of(std::span<const std::byte> description) {
  const std::string_view text(reinterpret_cast<const char*>(description.data()), std::min(description.size(), kMaxString));
  return std::string(text.substr(0, text.find('\0')));
}

std::optional<std::uint64_t> number_of(std::span<const std::byte> description) {
  if (description.size() == sizeof(std::uint64_t)) return read_at<std::uint64_t>(description, 0);
  if (const auto word = read_at<std::uint32_t>(description, 0); word && description.size() == sizeof(std::uint32_t)) return *word;
  return std::nullopt;
}

/// One note into its field. False: its value has a size that no value has.
bool take(KernelNotes& notes, std::uint32_t type, std::span<const std::byte> description) {
  const auto number = number_of(description);
  const auto numeric = [&number](std::optional<std::uint64_t>& field) {
    field = number;
    return number.has_value();
  };
  switch (type) {
    case PV_ELFNOTE_ENTRY: return numeric(notes.entry);
    case PV_ELFNOTE_HYPERCALL_PAGE: return numeric(notes.hypercall_page);
    case PV_ELFNOTE_VIRT_BASE: return numeric(notes.virt_base);
    case PV_ELFNOTE_PADDR_OFFSET: return numeric(notes.paddr_offset);
    case PV_ELFNOTE_INIT_P2M: return numeric(notes.init_p2m);
    case PV_ELFNOTE_MOD_START_PFN: notes.mod_start_pfn = number.value_or(0) != 0; return true;
    case PV_ELFNOTE_SUPPORTED_FEATURES: notes.supported = static_cast<std::uint32_t>(number.value_or(0)); return true;
    case PV_ELFNOTE_GUEST_OS: notes.guest_os = text_of(description); return true;
    case PV_ELFNOTE_LOADER: notes.loader = text_of(description); return true;
    case PV_ELFNOTE_XEN_VERSION: notes.xen_version = text_of(description); return true;
    case PV_ELFNOTE_FEATURES: notes.features = text_of(description); return true;
    default: return true;
  }
}

enum class Scan { NothingFound, Found, Damaged };

Scan scan(KernelNotes& notes, std::span<const std::byte> bytes, std::size_t& budget) {
  bool found = false;
  while (bytes.size() >= sizeof(Elf64_Nhdr)) {
    if (budget-- == 0) return Scan::Damaged;
    const auto header = *read_at<Elf64_Nhdr>(bytes, 0);
    const std::uint64_t name_room = (std::uint64_t{header.n_namesz} + 3) & ~std::uint64_t{3};
    const std::uint64_t description_room = (std::uint64_t{header.n_descsz} + 3) & ~std::uint64_t{3};
    const auto name = slice(bytes, sizeof header, header.n_namesz);
    const auto description = slice(bytes, sizeof header + name_room, header.n_descsz);
    if (!name || !description) return Scan::Damaged;
    if (text_of(*name) == "Xen") {
      found = true;
      if (!take(notes, header.n_type, *description)) return Scan::Damaged;
    }
    bytes = bytes.subspan(std::min<std::uint64_t>(bytes.size(), sizeof header + name_room + description_room));
  }
  return found ? Scan::Found : Scan::NothingFound;
}

/// "KEY=value,KEY=value": the form before there were notes. HYPERCALL_PAGE counts pages from VIRT_BASE.
bool scan_legacy(KernelNotes& notes, std::string_view text) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    const std::string_view key = item.substr(0, equals);
    std::string_view value = equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    const auto number = [&value](std::optional<std::uint64_t>& field) {
      if (value.starts_with("0x")) value.remove_prefix(2);
      std::uint64_t parsed = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed, 16);
      if (error != std::errc{} || end != value.data() + value.size()) return false;
      field = parsed;
      return true;
    };
    bool good = true;
    if (key == "LOADER") notes.loader = value;
    else if (key == "GUEST_OS") notes.guest_os = value;
    else if (key == "XEN_VER") notes.xen_version = value;
    else if (key == "FEATURES") notes.features = value;
    else if (key == "VIRT_BASE") good = number(notes.virt_base);
    else if (key == "ELF_PADDR_OFFSET") good = number(notes.paddr_offset);
    else if (key == "VIRT_ENTRY") good = number(notes.entry);
    else if (key == "HYPERCALL_PAGE") good = number(notes.hypercall_page);
    if (!good) return false;
  }
  notes.legacy = true;
  if (notes.hypercall_page) notes.hypercall_page = notes.virt_base.value_or(0) + (*notes.hypercall_page << 12);
  return true;
}

constexpr std::array<std::string_view, 7> kFeatureNames = {
    "writable_page_tables", "writable_descriptor_tables", "auto_translated_physmap", "supervisor_mode_kernel",
    "pae_pgdir_above_4gb",  "mmu_pt_update_preserve_ad",  "highmem_assist"};

/// "!name" asks for a feature. As on Xen, writable_page_tables may be asked for though guests are never told of it.
std::string missing_feature(std::string_view features) {
  while (!features.empty()) {
    const std::string_view item = features.substr(0, features.find('|'));
    features.remove_prefix(std::min(features.size(), item.size() + 1));
    if (!item.starts_with('!')) continue;
    const std::string_view name = item.substr(1);
    if (std::ranges::find(kFeatureNames, name) == kFeatureNames.end()) return std::string(name);
    if (name == "supervisor_mode_kernel") return std::string(name);
  }
  return {};
}

bool says_auto_translated(const KernelNotes& notes) {
  return notes.features.find("auto_translated_physmap") != std::string::npos ||
         (notes.supported & (1U << PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP)) != 0;
}

/// Checks what Xen's own builder insists on.
std::string objection(const KernelNotes& notes) {
  if (!notes.loader.starts_with("generic") && !notes.guest_os.starts_with("linux")) {
    return "has no note LOADER \"generic\" (or GUEST_OS \"linux\"), which Xen's builders require";
  }
  if (!notes.xen_version.starts_with("xen-3.0")) return "has no note XEN_VERSION \"xen-3.0\", which Xen's builders require";
  if (notes.paddr_offset && !notes.virt_base) return "has a PADDR_OFFSET note but no VIRT_BASE note";
  if (const std::string name = missing_feature(notes.features); !name.empty()) {
    return "requires the feature " + escaped(name) + ", which does not exist here";
  }
  if (!says_auto_translated(notes)) {
    return "does not list auto_translated_physmap in its FEATURES or SUPPORTED_FEATURES note: only kernels that can do "
           "without managing machine frames run at level 0 (see ABI.md, \"Levels\")";
  }
  return {};
}

}  // namespace

std::optional<KernelNotes> KernelNotes::find(const ElfImage& image, std::string& reason) {
  KernelNotes notes;
  std::size_t budget = kMaxNotes;
  Scan result = Scan::NothingFound;
  for (const auto& segment : image.note_segments()) {
    const Scan one = scan(notes, segment, budget);
    if (one != Scan::NothingFound) result = one;
    if (one == Scan::Damaged) break;
  }
  if (result == Scan::NothingFound) {
    for (const ElfSection& section : image.sections()) {
      if (section.type != SHT_NOTE) continue;
      const Scan one = scan(notes, section.data, budget);
      if (one != Scan::NothingFound) result = one;
      if (one == Scan::Damaged) break;
    }
  }
  if (result == Scan::NothingFound) {
    for (const ElfSection& section : image.sections()) {
      if (section.name == "__xen_guest") result = scan_legacy(notes, text_of(section.data)) ? Scan::Found : Scan::Damaged;
    }
  }
  if (result == Scan::NothingFound) {
    reason = "has no Xen notes, so it is not a paravirtual kernel: link it with pv-guest.ld";
    return std::nullopt;
  }
  if (result == Scan::Damaged) {
    reason = "has damaged Xen notes";
    return std::nullopt;
  }
  if (std::string why = objection(notes); !why.empty()) {
    reason = std::move(why);
    return std::nullopt;
  }
  return notes;
}

}  // namespace pvisor
