// SPDX-License-Identifier: MIT
// DOMAINS.json: what is read is within the limits that the rest relies on; what is refused is refused as wrong usage, in one
// printable line that names the file.
#include <array>
#include <cstdlib>
#include <string>

#include "base/host_error.hpp"
#include "control/config.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::string_view, 2> kEngines{"fiber", "process"};

void check_refusal(const HostError& refusal) {
  const std::string_view text = refusal.what();
  FUZZ_REQUIRE(refusal.kind() == HostError::Kind::Usage);
  FUZZ_REQUIRE(text.starts_with("folder/d.json"));
  for (const char c : text) FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void check_domain(const DomainSpec& domain) {
  FUZZ_REQUIRE(!domain.name.empty() && domain.name.size() <= 64);
  FUZZ_REQUIRE(domain.name.find('/') == std::string::npos);
  FUZZ_REQUIRE(domain.memory_mib >= 1 && domain.vcpus >= 1);
  FUZZ_REQUIRE(domain.cmdline.size() < 1024 && domain.cmdline.find('\0') == std::string::npos);
  FUZZ_REQUIRE(domain.disks.size() <= kMaxDisks);
  for (const DiskSpec& disk : domain.disks) FUZZ_REQUIRE(!disk.path.empty() && disk.path.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const RunPlan plan = parse_config("folder/d.json", {reinterpret_cast<const char*>(data), size}, kEngines);
    FUZZ_REQUIRE(!plan.domains.empty() && plan.domains.size() <= kMaxDomains);
    for (const DomainSpec& domain : plan.domains) check_domain(domain);
  } catch (const HostError& refusal) {
    check_refusal(refusal);
  }
  return 0;
}
