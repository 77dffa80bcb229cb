// SPDX-License-Identifier: MIT
#include "base/mapping.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "base/host_error.hpp"

namespace pvisor {

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    if (base_ != nullptr) ::munmap(base_, size_);
    base_ = std::exchange(other.base_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Mapping::~Mapping() {
  if (base_ != nullptr) ::munmap(base_, size_);
}

Mapping Mapping::anonymous(std::size_t size, int protection) {
  void* base = ::mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw HostError::from_errno("cannot map host memory", errno);
  return {base, size};
}

}  // namespace pvisor
