// SPDX-License-Identifier: MIT
// console_io: early and emergency text without a ring (pvabi/console_io.h).
#include <pvabi/console_io.h>
#include <pvabi/errno.h>

#include <string>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"

namespace pvisor {

/// args: command, number of bytes, guest address.
HypercallResult hc_console_io(HypercallContext& ctx) {
  constexpr std::uint32_t kMaxBytes = 64 * 1024;  // per call, so that one call is one bounded piece of work
  const auto command = static_cast<std::uint32_t>(ctx.args[0]);
  if (command == PV_CONSOLEIO_READ) return 0;  // what is typed goes to the console ring
  if (command != PV_CONSOLEIO_WRITE) return -PV_ENOSYS;
  const auto bytes = static_cast<std::uint32_t>(ctx.args[1]);
  if (!ctx.domain.memory().contains(GuestVirt(ctx.args[2]), bytes)) return -PV_EFAULT;
  if (bytes > kMaxBytes) return -PV_E2BIG;
  std::string text(bytes, '\0');
  if (!ctx.domain.memory().copy_in(GuestVirt(ctx.args[2]), std::as_writable_bytes(std::span(text)))) return -PV_EFAULT;
  ctx.monitor.hooks().console_io_write(ctx.domain, text);
  return 0;
}

}  // namespace pvisor
