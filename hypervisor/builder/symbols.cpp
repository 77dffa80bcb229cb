// SPDX-License-Identifier: MIT
#include "builder/symbols.hpp"

#include <elf.h>

#include <fmt/format.h>

#include "base/escape.hpp"

namespace pvisor {

namespace {

constexpr std::size_t kMaxTableBytes = 8 * 1024 * 1024;
/// A symbol without a size may be assembly: an address so far behind it still belongs to it.
constexpr std::uint64_t kUnsizedReach = 4096;

}  // namespace

std::shared_ptr<const KernelSymbols> KernelSymbols::from(const ElfImage& image, std::uint64_t bias) {
  for (const ElfSection& section : image.sections()) {
    if (section.type != SHT_SYMTAB || section.link >= image.sections().size()) continue;
    const auto strings = image.sections()[section.link].data;
    if (section.data.size() > kMaxTableBytes || strings.size() > kMaxTableBytes) return nullptr;
    return std::shared_ptr<const KernelSymbols>(new KernelSymbols({section.data.begin(), section.data.end()},
                                                                  {strings.begin(), strings.end()}, bias));
  }
  return nullptr;
}

std::string KernelSymbols::name(std::uint64_t address) const {
  const std::uint64_t wanted = address - bias_;
  std::optional<Elf64_Sym> best;
  for (std::uint64_t at = 0; at < symbols_.size(); at += sizeof(Elf64_Sym)) {
    const auto symbol = read_at<Elf64_Sym>(symbols_, at);
    if (!symbol) break;
    const unsigned type = symbol->st_info & 15U;
    if ((type != STT_FUNC && type != STT_NOTYPE) || symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS) continue;
    const std::uint64_t reach = symbol->st_size != 0 ? symbol->st_size : kUnsizedReach;
    if (wanted < symbol->st_value || wanted - symbol->st_value >= reach) continue;
    if (!best || symbol->st_value > best->st_value || (symbol->st_value == best->st_value && type == STT_FUNC)) best = symbol;
  }
  if (!best || best->st_name >= strings_.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(strings_.data() + best->st_name);
  const std::string_view rest(begin, strings_.size() - best->st_name);
  return fmt::format("{}+{:#x}", escaped(rest.substr(0, rest.find('\0')), 96), wanted - best->st_value);
}

}  // namespace pvisor
