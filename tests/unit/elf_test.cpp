// SPDX-License-Identifier: MIT
#include "builder/elf.hpp"

#include <doctest/doctest.h>

#include <random>

#include "builder/layout.hpp"
#include "builder/notes.hpp"
#include "support/kernel_file.hpp"
#include "support/kernel_refusal.hpp"

using namespace pvisor;

namespace {

std::string refusal(std::span<const std::byte> file) { return kernel_refusal(file); }
std::string refusal(const KernelFile& kernel) { return refusal(kernel.bytes()); }

bool mentions(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a good kernel is accepted and says what it is") {
  const auto file = KernelFile().bytes();
  std::string reason;
  const auto image = ElfImage::parse(file, reason);
  REQUIRE(image);
  CHECK(image->is_relocatable());
  CHECK(image->segments().size() == 1);
  const auto notes = KernelNotes::find(*image, reason);
  REQUIRE(notes);
  CHECK(notes->entry == KernelFile::kTextAt);
  CHECK(notes->hypercall_page == KernelFile::kHypercallPage);
  CHECK(notes->loader == "generic");
}

TEST_CASE("every prefix of a kernel is refused with a reason") {
  const auto file = KernelFile().bytes();
  for (std::size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    REQUIRE(refusal(std::span(file).first(length)) != "");
  }
}

TEST_CASE("random damage never breaks the parser") {
  const auto good = KernelFile().bytes();
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    auto file = good;
    for (int i = 0; i < 8; ++i) file[random() % 0x400] = static_cast<std::byte>(random());
    (void)refusal(file);
  }
}

TEST_CASE("what is no kernel is named for what it is") {
  const auto text = [](std::string_view bytes) { return refusal(std::as_bytes(std::span(bytes))); };
  CHECK(mentions(text(""), "is empty"));
  CHECK(mentions(text("#!/bin/sh\n"), "not an ELF file"));
  CHECK(mentions(text("\x1f\x8b\x08"), "gunzip"));

  KernelFile other;
  other.header().e_machine = EM_AARCH64;
  CHECK(mentions(refusal(other), "another machine"));
  KernelFile object;
  object.header().e_type = ET_REL;
  CHECK(mentions(refusal(object), "not a linked kernel"));
  KernelFile plain;
  plain.clear_notes();
  CHECK(mentions(refusal(plain), "no Xen notes"));
}

TEST_CASE("program header tables that lie are refused") {
  for (const std::uint64_t offset : {std::uint64_t{0x10000}, ~std::uint64_t{0}, ~std::uint64_t{0} - 64}) {
    KernelFile kernel;
    kernel.header().e_phoff = offset;
    CHECK(mentions(refusal(kernel), "cut off"));
  }
  KernelFile none;
  none.header().e_phnum = 0;
  CHECK(mentions(refusal(none), "no usable program header"));
  KernelFile many;
  many.header().e_phnum = 0xffff;
  CHECK(mentions(refusal(many), "no usable program header"));
  KernelFile odd;
  odd.header().e_phentsize = 1;
  CHECK(mentions(refusal(odd), "no usable program header"));
}

TEST_CASE("segments that do not fit are refused before anything is copied") {
  KernelFile shrunk;
  shrunk.load().p_memsz = 0x100;
  CHECK(mentions(refusal(shrunk), "more bytes in the file than in memory"));
  KernelFile wraps;
  wraps.load().p_paddr = ~std::uint64_t{0} - 0xfff;
  CHECK(mentions(refusal(wraps), "--memory"));
  KernelFile huge;
  huge.load().p_memsz = ~std::uint64_t{0};
  CHECK(mentions(refusal(huge), "--memory"));
  KernelFile behind;
  behind.load().p_offset = ~std::uint64_t{0} - 0x10;
  CHECK(mentions(refusal(behind), "cut off"));
}

TEST_CASE("notes that point outside the image are refused") {
  KernelFile entry;
  entry.add_number_note(PV_ELFNOTE_ENTRY, 0x100000);
  CHECK(mentions(refusal(entry), "entry"));
  KernelFile page;
  page.add_number_note(PV_ELFNOTE_HYPERCALL_PAGE, 0x2010);
  CHECK(mentions(refusal(page), "HYPERCALL_PAGE"));
  KernelFile outside;
  outside.add_number_note(PV_ELFNOTE_HYPERCALL_PAGE, 0x100000);
  CHECK(mentions(refusal(outside), "HYPERCALL_PAGE"));
}

TEST_CASE("notes with sizes that wrap are damaged, not followed") {
  KernelFile name;
  name.add_raw_note({0xffffffffU, 4, 1});
  CHECK(mentions(refusal(name), "damaged"));
  KernelFile description;
  description.add_raw_note({4, 0xfffffffeU, 1});
  CHECK(mentions(refusal(description), "damaged"));
}

TEST_CASE("what Xen's builders insist on is insisted on, by name") {
  KernelFile loader;
  loader.clear_notes();
  loader.add_text_note(PV_ELFNOTE_XEN_VERSION, "xen-3.0");
  CHECK(mentions(refusal(loader), "LOADER"));
  KernelFile feature;
  feature.add_text_note(PV_ELFNOTE_FEATURES, "!antigravity|auto_translated_physmap");
  CHECK(mentions(refusal(feature), "antigravity"));
  KernelFile own_frames;
  own_frames.add_number_note(PV_ELFNOTE_SUPPORTED_FEATURES, 0);
  CHECK(mentions(refusal(own_frames), "auto_translated_physmap"));
}

TEST_CASE("boot pages follow the kernel in Xen's order") {
  const auto file = KernelFile().bytes();
  std::string reason;
  const auto image = ElfImage::parse(file, reason);
  const auto notes = KernelNotes::find(*image, reason);
  DomainLayout layout;
  REQUIRE(plan_layout(*image, *notes, 5000, 1024, layout, reason));
  CHECK(layout.ramdisk_frame == 4);  // the kernel ends at 0x4000
  CHECK(layout.p2m_frame == 6);
  CHECK(layout.start_info_frame == 8);
  CHECK(layout.xenstore_frame == 9);
  CHECK(layout.console_frame == 10);
  CHECK(layout.stack_frame == 11);
}

TEST_CASE("a ramdisk larger than the memory is refused") {
  const auto file = KernelFile().bytes();
  std::string reason;
  const auto image = ElfImage::parse(file, reason);
  const auto notes = KernelNotes::find(*image, reason);
  DomainLayout layout;
  CHECK_FALSE(plan_layout(*image, *notes, ~std::uint64_t{0}, 1024, layout, reason));
  CHECK(mentions(reason, "--memory"));
}
