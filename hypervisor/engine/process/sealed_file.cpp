// SPDX-License-Identifier: MIT
#include "engine/process/sealed_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace pvisor::process {

UniqueFd make_sealed_file(const char* name, std::uint64_t bytes) {
  UniqueFd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const bool is_good = file.is_open() && ::ftruncate(file.get(), static_cast<off_t>(bytes)) == 0 &&
                       ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  return is_good ? std::move(file) : UniqueFd();
}

}  // namespace pvisor::process
