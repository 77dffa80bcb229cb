// SPDX-License-Identifier: MIT
// Starting a kernel: disconnect, list the frames, call.
#include <pv/hypercall.h>
#include <pv/memory.h>

#include <pvabi/errno.h>
#include <pvabi/extensions.h>

#include "guest/flat_memory.hpp"
#include "guest/guest_platform.hpp"

namespace pvloader {

namespace {

char reason_memory[PV_CHAINLOAD_REASON_MAX];

// The frames of an object, in memory of their own.
class FrameList {
public:
    explicit FrameList(std::span<const std::byte> object) {
        const std::size_t pages = (object.size() + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
        if (pages == 0) return;
        memory_ = take_flat_memory(pages * sizeof(std::uint64_t));
        if (memory_.empty()) {
            is_complete_ = false;
            return;
        }
        auto* frames = reinterpret_cast<std::uint64_t*>(memory_.data());
        for (std::size_t i = 0; i < pages; ++i) frames[i] = pv_virt_to_mfn(object.data() + i * PV_PAGE_SIZE);
    }
    ~FrameList() { give_flat_memory(memory_); }
    FrameList(const FrameList&) = delete;
    FrameList& operator=(const FrameList&) = delete;

    bool is_complete() const { return is_complete_; }
    std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(memory_.data()); }

private:
    std::span<std::byte> memory_;
    bool is_complete_ = true;
};

std::string_view error_text(long result) {
    switch (-result) {
        case PV_ENOSYS: return "this hypervisor cannot replace a running kernel";
        case PV_E2BIG: return "kernel and ramdisk do not fit into the domain's memory; give it more by --memory";
        case PV_ENOMEM: return "the hypervisor has not enough memory";
        case PV_ENOEXEC: return "not a kernel that can be started here";
        case PV_EBUSY: return "another vCPU is up";
        default: return "the hypervisor refused the request";
    }
}

}  // namespace

std::string_view GuestPlatform::start(const StartRequest& request) {
    const FrameList kernel(request.kernel);
    const FrameList initrd(request.initrd);
    const FrameList command_line(request.command_line);
    if (!kernel.is_complete() || !initrd.is_complete() || !command_line.is_complete()) return "not enough memory";
    close_disks();
    pv_chainload call{};
    call.kernel_frames = kernel.address();
    call.kernel_bytes = request.kernel.size();
    call.initrd_frames = initrd.address();
    call.initrd_bytes = request.initrd.size();
    call.cmdline_frames = command_line.address();
    call.cmdline_bytes = request.command_line.size();
    reason_memory[0] = '\0';
    call.reason = reinterpret_cast<std::uintptr_t>(reason_memory);
    call.reason_bytes = sizeof reason_memory;
    const long result = pv_chainload_op(&call);
    reason_memory[sizeof reason_memory - 1] = '\0';
    return reason_memory[0] != '\0' ? std::string_view(reason_memory) : error_text(result);
}

}  // namespace pvloader
