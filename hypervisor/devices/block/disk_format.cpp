// SPDX-License-Identifier: MIT
#include "devices/block/disk_format.hpp"

#include <array>
#include <cstring>

namespace pvisor {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  DiskFormat format;
};

constexpr DiskFormat kVpc{"VHD", "qemu-img convert -f vpc -O raw IN OUT"};

constexpr std::array kHeads{
    Magic{0, "QFI\xfb"sv, {"qcow2", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "QED\0"sv, {"QED", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "KDMV"sv, {"VMDK", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "COWD"sv, {"VMDK", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "# Disk DescriptorFile"sv, {"VMDK", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "vhdxfile"sv, {"VHDX", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "conectix"sv, kVpc},
    Magic{0x40, "\x7f\x10\xda\xbe"sv, {"VDI", "qemu-img convert -O raw IN OUT"}},
    Magic{0, "\x1f\x8b"sv, {"gzip", "gunzip -k IN"}},
    Magic{0, "\xfd" "7zXZ\0"sv, {"xz", "xz -dk IN"}},
    Magic{0, "\x28\xb5\x2f\xfd"sv, {"zstd", "zstd -d IN"}},
    Magic{0, "BZh"sv, {"bzip2", "bunzip2 -k IN"}},
};

bool has(std::span<const std::byte> bytes, std::size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

std::string quoted(const std::string& path) {
  static constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+,:@%=-";
  if (!path.empty() && path.find_first_not_of(kPlain) == std::string::npos) return path;
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::optional<DiskFormat> recognise_disk_format(std::span<const std::byte> head, std::span<const std::byte> tail) {
  for (const Magic& magic : kHeads) {
    if (has(head, magic.offset, magic.bytes)) return magic.format;
  }
  // A fixed VHD is a raw disk with a footer.
  if (tail.size() == kDiskTailBytes && has(tail, 0, "conectix"sv)) return kVpc;
  return std::nullopt;
}

std::string disk_format_remedy(const DiskFormat& format, const std::string& path) {
  std::string out;
  for (std::size_t at = 0; at < format.remedy.size();) {
    const std::string_view rest = format.remedy.substr(at);
    if (rest.starts_with(" IN")) {
      out += " " + quoted(path);
      at += 3;
    } else if (rest.starts_with(" OUT")) {
      out += " " + quoted(path + ".raw");
      at += 4;
    } else {
      out += rest.front();
      ++at;
    }
  }
  return out;
}

}  // namespace pvisor
