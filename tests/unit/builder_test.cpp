// SPDX-License-Identifier: MIT
#include "builder/domain_builder.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include <pvabi/start_info.h>

#include "base/host_error.hpp"
#include "support/fake_engine.hpp"
#include "support/kernel_file.hpp"

using namespace pvisor;

namespace {

BuildSpec spec_for(std::span<const std::byte> kernel) {
  BuildSpec spec;
  spec.kernel = kernel;
  spec.kernel_name = "test.elf";
  spec.memory_mib = 1;
  return spec;
}

GuestMemory memory_of(const DomainImage& image) {
  return {image.space->ram(), GuestVirt(image.space->virt_base()), image.ram_pages};
}

}  // namespace

TEST_CASE("a built domain starts as the ABI says") {
  FakeEngine engine;
  const auto kernel = KernelFile().bytes();
  BuildSpec spec = spec_for(kernel);
  spec.cmdline = "root=xvda quiet";
  const std::vector<std::byte> ramdisk(5000, std::byte{0x5a});
  spec.ramdisk = ramdisk;

  const DomainImage image = build_domain(engine, spec);

  const GuestMemory memory = memory_of(image);
  const std::uint64_t base = memory.virt_base().value();
  CHECK(image.boot_vcpu.context.user_regs.rip == base + KernelFile::kTextAt);
  CHECK(image.boot_vcpu.context.user_regs.rsi == base + image.start_info.value() * kPageSize);
  CHECK(image.boot_vcpu.context.user_regs.rsp % kPageSize == 0);
  const auto info = memory.read<pv_start_info>(GuestVirt(image.boot_vcpu.context.user_regs.rsi)).value();
  CHECK(std::string(info.magic) == PV_START_INFO_MAGIC);
  CHECK(info.nr_pages == 256);
  CHECK(info.shared_info == image.shared_info.value() << kPageShift);
  CHECK(info.store_evtchn == kXenstorePort.value());
  CHECK(info.console.domU.evtchn == kConsolePort.value());
  CHECK(info.console.domU.mfn == image.console.value());
  CHECK(std::string(info.cmd_line) == "root=xvda quiet");
  CHECK(info.mod_len == ramdisk.size());
  CHECK(memory.read<std::uint8_t>(GuestVirt(info.mod_start + 4999)) == 0x5a);
  CHECK(memory.read<std::uint64_t>(GuestVirt(info.mfn_list + 8 * 255)) == 255);
}

TEST_CASE("what a segment does not bring from the file is zero") {
  FakeEngine engine;
  const auto kernel = KernelFile().bytes();
  const DomainImage image = build_domain(engine, spec_for(kernel));
  const GuestMemory memory = memory_of(image);
  const std::uint64_t zero_filled = memory.virt_base().value() + KernelFile::kTextAt + KernelFile::kTextBytes;
  CHECK(memory.read<std::uint64_t>(GuestVirt(zero_filled)) == 0);
  CHECK(memory.read<std::uint8_t>(GuestVirt(zero_filled - 1)) != 0);
}

TEST_CASE("the command line is at most 1023 bytes and has no NUL inside") {
  FakeEngine engine;
  const auto kernel = KernelFile().bytes();
  BuildSpec spec = spec_for(kernel);
  spec.cmdline = std::string(1023, 'a');
  CHECK_NOTHROW((void)build_domain(engine, spec));
  spec.cmdline = std::string(1024, 'a');
  CHECK_THROWS_AS((void)build_domain(engine, spec), HostError);
  spec.cmdline = std::string("a\0b", 3);
  CHECK_THROWS_AS((void)build_domain(engine, spec), HostError);
}

TEST_CASE("a refusal names the kernel") {
  FakeEngine engine;
  const std::string text = "no kernel";
  try {
    (void)build_domain(engine, spec_for(std::as_bytes(std::span(text))));
    FAIL("was accepted");
  } catch (const HostError& error) {
    CHECK(std::string(error.what()) == "test.elf is not an ELF file: give a kernel linked with pv-guest.ld (a disk image is started with pvisor boot)");
    CHECK(error.kind() == HostError::Kind::Host);
  }
}
