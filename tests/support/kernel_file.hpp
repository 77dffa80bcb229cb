// SPDX-License-Identifier: MIT
// KernelFile: makes small ELF kernels with Xen notes in memory, good ones and damaged ones, for tests of the builder.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <pvabi/elfnote.h>

namespace pvisor {

class KernelFile {
 public:
  static constexpr std::uint64_t kTextAt = 0x1000;        ///< offset in the file, address and physical address of the text
  static constexpr std::uint64_t kTextBytes = 0x2000;     ///< entry at its start, hypercall page one page further
  static constexpr std::uint64_t kMemoryBytes = 0x3000;   ///< the last page is zero-filled
  static constexpr std::uint64_t kHypercallPage = 0x2000;
  static constexpr std::size_t kNotes = 7;  ///< that a new one has

  KernelFile() {
    header_ = {};
    std::memcpy(header_.e_ident, ELFMAG, SELFMAG);
    header_.e_ident[EI_CLASS] = ELFCLASS64;
    header_.e_ident[EI_DATA] = ELFDATA2LSB;
    header_.e_ident[EI_VERSION] = EV_CURRENT;
    header_.e_type = ET_DYN;
    header_.e_machine = EM_X86_64;
    header_.e_version = EV_CURRENT;
    header_.e_entry = kTextAt;
    header_.e_phoff = sizeof(Elf64_Ehdr);
    header_.e_ehsize = sizeof(Elf64_Ehdr);
    header_.e_phentsize = sizeof(Elf64_Phdr);
    header_.e_phnum = 2;
    load_ = {PT_LOAD, PF_R | PF_X, kTextAt, kTextAt, kTextAt, kTextBytes, kMemoryBytes, 0x1000};
    add_text_note(PV_ELFNOTE_GUEST_OS, "test");
    add_text_note(PV_ELFNOTE_LOADER, "generic");
    add_text_note(PV_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_number_note(PV_ELFNOTE_SUPPORTED_FEATURES, 1U << 2);
    add_number_note(PV_ELFNOTE_VIRT_BASE, 0);
    add_number_note(PV_ELFNOTE_ENTRY, kTextAt);
    add_number_note(PV_ELFNOTE_HYPERCALL_PAGE, kHypercallPage);
  }

  Elf64_Ehdr& header() { return header_; }
  Elf64_Phdr& load() { return load_; }
  void clear_notes() { notes_.clear(); }
  void add_text_note(std::uint32_t type, const std::string& text) { add_note(type, text.c_str(), text.size() + 1); }
  void add_number_note(std::uint32_t type, std::uint64_t number) { add_note(type, &number, sizeof number); }
  void add_raw_note(const Elf64_Nhdr& note) { append(&note, sizeof note); }
  void add_unterminated_note(std::uint32_t type, const std::string& text) { add_note(type, text.data(), text.size()); }
  /// One more segment. Precondition: at most five of them.
  void add_load(const Elf64_Phdr& segment) {
    more_.push_back(segment);
    ++header_.e_phnum;
  }

  [[nodiscard]] std::vector<std::byte> bytes() const {
    std::vector<std::byte> file(kTextAt + kTextBytes);
    const bool fit = kNotesAt + notes_.size() <= kTextAt;
    const std::uint64_t notes_at = fit ? kNotesAt : file.size();  // behind all else if they are many
    if (!fit) file.resize(file.size() + notes_.size());
    const Elf64_Phdr note{PT_NOTE, PF_R, notes_at, notes_at, notes_at, notes_.size(), notes_.size(), 4};
    std::memcpy(file.data(), &header_, sizeof header_);
    std::memcpy(file.data() + sizeof header_, &load_, sizeof load_);
    std::memcpy(file.data() + sizeof header_ + sizeof load_, &note, sizeof note);
    if (!more_.empty()) {
      std::memcpy(file.data() + sizeof header_ + sizeof load_ + sizeof note, more_.data(), more_.size() * sizeof(Elf64_Phdr));
    }
    std::memcpy(file.data() + notes_at, notes_.data(), notes_.size());
    for (std::uint64_t at = kTextAt; at < kTextAt + kTextBytes; ++at) file[at] = static_cast<std::byte>(at * 7);
    return file;
  }

 private:
  static constexpr std::uint64_t kNotesAt = 0x200;

  void append(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    notes_.insert(notes_.end(), begin, begin + size);
    notes_.resize((notes_.size() + 3) & ~std::size_t{3});
  }
  void add_note(std::uint32_t type, const void* value, std::size_t size) {
    const Elf64_Nhdr note{4, static_cast<std::uint32_t>(size), type};
    append(&note, sizeof note);
    append("Xen", 4);
    append(value, size);
  }

  Elf64_Ehdr header_{};
  Elf64_Phdr load_{};
  std::vector<Elf64_Phdr> more_;
  std::vector<std::byte> notes_;
};

}  // namespace pvisor
