// SPDX-License-Identifier: MIT
// KernelSymbols: the function names of a kernel, kept for reports. Holds raw copies of the symbol tables; looks things up only
// when a report is made.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "builder/elf.hpp"
#include "core/domain.hpp"

namespace pvisor {

class KernelSymbols final : public Symbolizer {
 public:
  /// `bias` is added to link-time addresses. nullptr when the kernel is stripped, or its tables are unusable or very large.
  [[nodiscard]] static std::shared_ptr<const KernelSymbols> from(const ElfImage& image, std::uint64_t bias);
  /// "name+0x12", escaped; empty if no function holds the address.
  [[nodiscard]] std::string name(std::uint64_t address) const override;

 private:
  KernelSymbols(std::vector<std::byte> symbols, std::vector<std::byte> strings, std::uint64_t bias)
      : symbols_(std::move(symbols)), strings_(std::move(strings)), bias_(bias) {}
  std::vector<std::byte> symbols_;
  std::vector<std::byte> strings_;
  std::uint64_t bias_;
};

}  // namespace pvisor
