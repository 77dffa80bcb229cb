// SPDX-License-Identifier: MIT
#include "builder/elf.hpp"

#include <elf.h>

namespace pvisor {

namespace {

std::string_view text_at(std::span<const std::byte> table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(table.data() + offset);
  const std::string_view rest(begin, table.size() - offset);
  const auto end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

/// Says what kind of file it is if it is no ELF at all.
std::string not_an_elf(std::span<const std::byte> file) {
  const auto word = read_at<std::uint16_t>(file, 0).value_or(0);
  if (file.empty()) return "is empty: build it again, or give another file";
  if (word == 0x8b1f) return "is compressed with gzip: unpack it first with gunzip -k";
  if (read_at<std::uint32_t>(file, 0x202) == 0x53726448U) return "is a bzImage, which is not supported yet: give the ELF kernel inside it";
  return "is not an ELF file: give a kernel linked with pv-guest.ld (a disk image is started with pvisor boot)";
}

std::vector<ElfSection> parse_sections(std::span<const std::byte> file, const Elf64_Ehdr& header) {
  std::vector<ElfSection> sections;
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > ElfImage::kMaxSections) return {};
  const auto shdr = [&](std::uint64_t index) { return read_at<Elf64_Shdr>(file, header.e_shoff + index * sizeof(Elf64_Shdr)); };
  if (header.e_shoff > file.size()) return {};
  std::span<const std::byte> names;
  if (const auto names_header = shdr(header.e_shstrndx); names_header && header.e_shstrndx < header.e_shnum) {
    names = slice(file, names_header->sh_offset, names_header->sh_size).value_or(names);
  }
  for (std::uint16_t index = 0; index < header.e_shnum; ++index) {
    const auto section = shdr(index);
    if (!section) return {};
    std::span<const std::byte> data;
    if (section->sh_type != SHT_NOBITS) data = slice(file, section->sh_offset, section->sh_size).value_or(data);
    sections.push_back({section->sh_type, section->sh_link, text_at(names, section->sh_name), data});
  }
  return sections;
}

}  // namespace

std::optional<ElfImage> ElfImage::parse(std::span<const std::byte> file, std::string& reason) {
  const auto refuse = [&reason](std::string why) {
    reason = std::move(why);
    return std::nullopt;
  };
  const auto magic = read_at<std::uint32_t>(file, 0);
  if (!magic || *magic != 0x464c457fU) return refuse(not_an_elf(file));
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  if (!header) return refuse("is cut off inside its ELF header");
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64) {
    return refuse("is an ELF file for another machine: only 64-bit x86-64 kernels run here");
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
    return refuse("is an object or core file, not a linked kernel");
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > kMaxSegments) {
    return refuse("has no usable program header table");
  }

  ElfImage image;
  image.relocatable_ = header->e_type == ET_DYN;
  image.entry_ = header->e_entry;
  for (std::uint64_t index = 0; index < header->e_phnum; ++index) {
    // e_phoff near 2^64 must not wrap: read_at checks the sum's parts.
    if (header->e_phoff > file.size()) return refuse("is cut off: its program headers lie behind its end");
    const auto segment = read_at<Elf64_Phdr>(file, header->e_phoff + index * sizeof(Elf64_Phdr));
    if (!segment) return refuse("is cut off: its program headers lie behind its end");
    if (segment->p_type == PT_INTERP) return refuse("is a dynamically linked program, not a kernel");
    if (segment->p_type != PT_LOAD && segment->p_type != PT_NOTE) continue;
    const auto data = slice(file, segment->p_offset, segment->p_filesz);
    if (!data) return refuse("is cut off: a segment lies behind its end");
    if (segment->p_type == PT_NOTE) {
      image.notes_.push_back(*data);
      continue;
    }
    if (segment->p_filesz > segment->p_memsz) return refuse("has a segment with more bytes in the file than in memory");
    if (segment->p_memsz == 0) continue;
    image.segments_.push_back({segment->p_paddr, segment->p_memsz, *data});
  }
  if (image.segments_.empty()) return refuse("has nothing to load");
  image.sections_ = parse_sections(file, *header);
  return image;
}

}  // namespace pvisor
