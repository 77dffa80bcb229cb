// SPDX-License-Identifier: MIT
// Kernel files that lie: every single wrong byte, segments upon each other or upon what the builder adds, endless notes, ramdisks.
#include <doctest/doctest.h>

#include "base/host_error.hpp"
#include "builder/domain_builder.hpp"
#include "support/fake_engine.hpp"
#include "support/kernel_file.hpp"
#include "support/kernel_refusal.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kPages = 256;

bool mentions(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

std::string refusal(const KernelFile& kernel, std::uint64_t ramdisk_bytes = 0) {
  DomainLayout layout;
  return kernel_refusal(kernel.bytes(), kPages, ramdisk_bytes, layout);
}

/// A second segment with the text's bytes.
KernelFile with_segment(std::uint64_t physical, std::uint64_t memory_bytes) {
  KernelFile kernel;
  kernel.add_load({PT_LOAD, PF_R, KernelFile::kTextAt, physical, physical, 0x800, memory_bytes, 1});
  return kernel;
}

bool is_sound(const DomainLayout& layout) {
  return layout.kernel_high <= layout.ramdisk_frame << kPageShift && layout.ramdisk_frame <= layout.p2m_frame &&
         layout.p2m_frame < layout.start_info_frame && layout.stack_frame < kPages && layout.entry_offset >= layout.kernel_low &&
         layout.entry_offset < layout.kernel_high;
}

}  // namespace

TEST_CASE("each byte of the first 4 KiB, changed in each of twelve ways, gives a sound layout or a reason") {
  auto file = KernelFile().bytes();
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < 4096; ++at) {
    const auto good = std::to_integer<unsigned>(file[at]);
    std::vector<unsigned> values{0x00, 0xff, good + 1, good - 1};
    for (unsigned bit = 0; bit < 8; ++bit) values.push_back(good ^ (1U << bit));
    for (const unsigned value : values) {
      file[at] = static_cast<std::byte>(value & 0xffU);
      DomainLayout layout;
      const bool is_refused = kernel_refusal(file, kPages, 0, layout) != "";
      ++(is_refused ? refused : accepted);
      if (!is_refused && !is_sound(layout)) FAIL_CHECK("byte " << at << " = " << value);
    }
    file[at] = static_cast<std::byte>(good);
  }
  CHECK(refused > 500);
  CHECK(accepted > 500);
}

TEST_CASE("segments that lie upon each other are refused, those that only touch are not") {
  const std::uint64_t end = KernelFile::kTextAt + KernelFile::kMemoryBytes;
  CHECK(refusal(with_segment(end, 0x1000)) == "");
  CHECK(mentions(refusal(with_segment(end - 1, 0x1000)), "overlap"));
  CHECK(mentions(refusal(with_segment(KernelFile::kTextAt, 0x1000)), "overlap"));
  CHECK(refusal(with_segment(0, KernelFile::kTextAt)) == "");
  CHECK(mentions(refusal(with_segment(0, KernelFile::kTextAt + 1)), "overlap"));
}

TEST_CASE("a segment where the p2m list and the boot pages would lie moves them behind it, or finds no room") {
  DomainLayout layout;
  CHECK(kernel_refusal(with_segment(200 * kPageSize, 0x1000).bytes(), kPages, 0, layout) == "");
  CHECK(layout.p2m_frame == 201);
  CHECK(mentions(refusal(with_segment((kPages - 2) * kPageSize, 0x1000)), "boot pages"));
  CHECK(mentions(refusal(with_segment(kPages * kPageSize, 0x1000)), "--memory"));
}

TEST_CASE("a file of another class, byte order or machine is refused as such") {
  for (const auto& [at, value] : {std::pair{EI_CLASS, int{ELFCLASS32}}, std::pair{EI_DATA, int{ELFDATA2MSB}}}) {
    KernelFile kernel;
    kernel.header().e_ident[at] = static_cast<unsigned char>(value);
    CHECK(mentions(refusal(kernel), "another machine"));
  }
  KernelFile core;
  core.header().e_type = ET_CORE;
  CHECK(mentions(refusal(core), "not a linked kernel"));
}

TEST_CASE("section tables that lie are left out, and the kernel still starts by its segments") {
  for (const std::uint64_t offset : {std::uint64_t{0x2fff}, std::uint64_t{0x100000}, ~std::uint64_t{0}, ~std::uint64_t{0} - 63}) {
    for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{4096}, std::uint16_t{0xffff}}) {
      KernelFile kernel;
      kernel.header().e_shoff = offset;
      kernel.header().e_shnum = count;
      kernel.header().e_shentsize = sizeof(Elf64_Shdr);
      kernel.header().e_shstrndx = 0xffff;
      CHECK(refusal(kernel) == "");
    }
  }
}

TEST_CASE("65,536 notes are read and one more is refused") {
  const auto with_notes = [](std::size_t count) {
    KernelFile kernel;
    for (std::size_t i = KernelFile::kNotes; i < count; ++i) kernel.add_raw_note({0, 0, 0});
    return kernel;
  };
  CHECK(refusal(with_notes(65'536)) == "");
  CHECK(mentions(refusal(with_notes(65'537)), "damaged"));
}

TEST_CASE("a text note without its NUL ends where the note ends") {
  KernelFile kernel;
  kernel.add_unterminated_note(PV_ELFNOTE_FEATURES, "!nosuchthing");
  CHECK(mentions(refusal(kernel), "nosuchthing"));
}

TEST_CASE("more to load than there is memory is refused before anything is copied") {
  FakeEngine engine;
  const auto file = with_segment(0x5000, 1U << 20).bytes();
  BuildSpec spec;
  spec.kernel = file;
  spec.kernel_name = "big.elf";
  spec.memory_mib = 1;
  CHECK_THROWS_AS((void)build_domain(engine, spec), HostError);
}

TEST_CASE("a ramdisk fits exactly up to the memory that is left") {
  const std::uint64_t kernel_pages = (KernelFile::kTextAt + KernelFile::kMemoryBytes) / kPageSize;
  const std::uint64_t others = kernel_pages + 1 + 4;  // the p2m list of 256 entries, and four boot pages
  CHECK(refusal(KernelFile(), (kPages - others) * kPageSize) == "");
  CHECK(mentions(refusal(KernelFile(), (kPages - others) * kPageSize + 1), "--memory"));
}
