// SPDX-License-Identifier: MIT
// Our own calls: chainload, nop, exit_status (pvabi/extensions.h).
#include <pvabi/errno.h>
#include <pvabi/extensions.h>
#include <pvabi/start_info.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/host_error.hpp"
#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"

namespace pvisor {

HypercallResult hc_nop(HypercallContext&) { return 0; }

HypercallResult hc_exit_status(HypercallContext& ctx) {
  if (ctx.args[0] > PV_EXIT_STATUS_MAX) return -PV_EINVAL;
  ctx.domain.set_exit_code(static_cast<int>(ctx.args[0]));
  return 0;
}

namespace {

/// Copies an object out of the guest. False if a part does not exist.
template <class Container>
bool gather(const GuestMemory& memory, std::uint64_t list, std::uint64_t bytes, Container& out) {
  const auto object = GuestObject::find(memory, list, bytes);
  if (!object) return false;
  out.resize(bytes);
  object->copy_to(std::as_writable_bytes(std::span(out)));
  return true;
}

void tell_reason(const GuestMemory& memory, const pv_chainload& request, std::string_view reason) {
  if (request.reason == 0 || request.reason_bytes == 0) return;
  std::string text(reason.substr(0, std::min<std::size_t>(request.reason_bytes, PV_CHAINLOAD_REASON_MAX) - 1));
  // A buffer that does not exist is the loader's own loss: the result still says that it failed.
  (void)memory.copy_out(GuestVirt(request.reason), std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

}  // namespace

/// Everything is checked and the new image built before anything changes; then the domain is swapped and the caller is gone.
HypercallResult hc_chainload(HypercallContext& ctx) {
  const GuestMemory& memory = ctx.domain.memory();
  const auto request = memory.read<pv_chainload>(GuestVirt(ctx.args[0]));
  if (!request) return -PV_EFAULT;
  if ((request->flags & ~PV_CHAINLOAD_FLAGS_ALL) != 0 || request->cmdline_bytes >= PV_MAX_GUEST_CMDLINE) return -PV_EINVAL;

  if (ctx.domain.vcpus_up() != 1) return -PV_EBUSY;

  ChainloadRequest parts;
  parts.multiboot_modules = (request->flags & PV_CHAINLOAD_MULTIBOOT_MOD) != 0;
  if (!gather(memory, request->kernel_frames, request->kernel_bytes, parts.kernel) ||
      !gather(memory, request->cmdline_frames, request->cmdline_bytes, parts.cmdline)) {
    return -PV_EFAULT;
  }
  auto initrd = GuestObject::find(memory, request->initrd_frames, request->initrd_bytes);
  if (!initrd) return -PV_EFAULT;
  parts.initrd = std::move(*initrd);

  std::string reason;
  auto image = ctx.monitor.hooks().build_chainload(ctx.domain, parts, reason);
  if (!image) {
    tell_reason(memory, *request, reason);
    return -PV_ENOEXEC;
  }
  try {
    ctx.domain.install(std::move(*image));
  } catch (const HostError& error) {
    tell_reason(memory, *request, error.what());
    return -PV_ENOMEM;
  }
  ctx.monitor.hooks().chainloaded(ctx.domain);
  return {HypercallResult::Kind::Gone, 0};
}

}  // namespace pvisor
