// SPDX-License-Identifier: MIT
#include "engine/process/stub_image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/host_error.hpp"

// By stub/embed.sh.
extern "C" const std::byte stub_image_begin[], stub_image_end[];

namespace pvisor::process {

const StubImage& stub_image() {
  static const StubImage image = [] {
    constexpr std::size_t kTableAt = 0x1000;  // stub.ld
    std::array<std::uint64_t, 3> table{};
    std::memcpy(table.data(), stub_image_begin + kTableAt, sizeof table);
    return StubImage{{stub_image_begin, stub_image_end}, table[0], table[1], table[2]};
  }();
  return image;
}

UniqueFd make_stub_file() {
  UniqueFd file(::memfd_create("pvisor-vcpu", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto bytes = stub_image().bytes;
  if (!file.is_open() || ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    throw HostError::from_errno("cannot put the vCPU's program into a memory file", errno);
  }
  return file;
}

}  // namespace pvisor::process
