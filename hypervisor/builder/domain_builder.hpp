// SPDX-License-Identifier: MIT
// The domain builder: a kernel file becomes memory ready to run (ABI.md, "Boot state"). The same builder starts a kernel
// directly and serves chain-load.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include <pvabi/shared_info.h>

#include "core/domain.hpp"
#include "core/guest_object.hpp"
#include "engine/engine.hpp"

namespace pvisor {

struct BuildSpec {
  std::span<const std::byte> kernel;
  std::string kernel_name;  ///< for messages, already safe to show
  std::variant<std::span<const std::byte>, GuestObject> ramdisk;  ///< the host's, or of the guest that asks for a chain-load
  std::string cmdline;
  std::uint64_t memory_mib = 64;
  std::uint32_t vcpus = 1;
  bool multiboot_modules = false;  ///< the ramdisk is a multiboot module list
};

inline constexpr std::uint64_t kMinMemoryMib = 1;
inline constexpr std::uint64_t kMaxMemoryMib = 64 * 1024;
inline constexpr std::uint32_t kMaxVcpus = PV_LEGACY_MAX_VCPUS;

/// Throws HostError with one line that names the kernel and what is wrong with it, or what the host lacks.
[[nodiscard]] DomainImage build_domain(Engine& engine, const BuildSpec& spec);

}  // namespace pvisor
