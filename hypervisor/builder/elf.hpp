// SPDX-License-Identifier: MIT
// ElfImage: a kernel file as the domain builder needs it. A pure parser over bytes that anybody may have written: every
// number is checked before use, nothing is copied, and a refusal names what is wrong. ELF64, little-endian, x86-64.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pvisor {

struct ElfSegment {
  std::uint64_t physical = 0;      ///< p_paddr
  std::uint64_t memory_bytes = 0;  ///< p_memsz
  std::span<const std::byte> file; ///< what is loaded; the rest up to memory_bytes is zero
};

struct ElfSection {
  std::uint32_t type = 0;
  std::uint32_t link = 0;
  std::string_view name;
  std::span<const std::byte> data;
};

class ElfImage {
 public:
  static constexpr std::size_t kMaxSegments = 64;
  static constexpr std::size_t kMaxSections = 4096;

  /// Nothing if it is not a kernel that can be loaded; `reason` then says why, as the end of a sentence about the file.
  [[nodiscard]] static std::optional<ElfImage> parse(std::span<const std::byte> file, std::string& reason);

  [[nodiscard]] bool is_relocatable() const { return relocatable_; }  ///< ET_DYN
  [[nodiscard]] std::uint64_t entry() const { return entry_; }
  [[nodiscard]] std::span<const ElfSegment> segments() const { return segments_; }  ///< PT_LOAD, at least one
  [[nodiscard]] std::span<const std::span<const std::byte>> note_segments() const { return notes_; }
  [[nodiscard]] std::span<const ElfSection> sections() const { return sections_; }  ///< empty if the table is unusable

 private:
  bool relocatable_ = false;
  std::uint64_t entry_ = 0;
  std::vector<ElfSegment> segments_;
  std::vector<std::span<const std::byte>> notes_;
  std::vector<ElfSection> sections_;
};

/// A value of type T at `offset`; nothing if it does not fit.
template <class T>
[[nodiscard]] std::optional<T> read_at(std::span<const std::byte> bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  __builtin_memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// [offset, offset + length) of `bytes`; nothing if it leaves them.
[[nodiscard]] inline std::optional<std::span<const std::byte>> slice(std::span<const std::byte> bytes, std::uint64_t offset,
                                                                    std::uint64_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, length);
}

}  // namespace pvisor
