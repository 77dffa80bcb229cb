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

constexpr std::size_t pages_of(std::size_t bytes) { return (bytes + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE; }

// The frames of an object, in memory of their own. What consists of several pieces is added piece by piece.
class FrameList {
public:
    explicit FrameList(std::size_t pages) : is_complete_(pages == 0) {
        if (pages == 0) return;
        memory_ = take_flat_memory(pages * sizeof(std::uint64_t));
        is_complete_ = !memory_.empty();
    }
    explicit FrameList(std::span<const std::byte> object) : FrameList(pages_of(object.size())) { add(object); }
    ~FrameList() { give_flat_memory(memory_); }
    FrameList(const FrameList&) = delete;
    FrameList& operator=(const FrameList&) = delete;

    void add(std::span<const std::byte> piece) {
        if (!is_complete_) return;
        auto* frames = reinterpret_cast<std::uint64_t*>(memory_.data());
        for (std::size_t i = 0; i < pages_of(piece.size()); ++i) frames[used_++] = pv_virt_to_mfn(piece.data() + i * PV_PAGE_SIZE);
    }

    bool is_complete() const { return is_complete_; }
    std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(memory_.data()); }

private:
    std::span<std::byte> memory_;
    std::size_t used_ = 0;
    bool is_complete_;
};

// Each piece but the last fills its pages.
std::size_t ramdisk_bytes(std::span<const Buffer> pieces) {
    std::size_t bytes = 0;
    for (const Buffer& piece : pieces) bytes = pages_of(bytes) * PV_PAGE_SIZE + piece.bytes().size();
    return bytes;
}

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
    const std::size_t initrd_bytes = ramdisk_bytes(request.ramdisk);
    FrameList initrd(pages_of(initrd_bytes));
    for (const Buffer& piece : request.ramdisk) initrd.add(piece.bytes());
    const FrameList command_line(request.command_line);
    if (!kernel.is_complete() || !initrd.is_complete() || !command_line.is_complete()) return "not enough memory";
    close_disks();
    pv_chainload call{};
    call.kernel_frames = kernel.address();
    call.kernel_bytes = request.kernel.size();
    call.initrd_frames = initrd.address();
    call.initrd_bytes = initrd_bytes;
    call.flags = request.ramdisk_is_modules ? PV_CHAINLOAD_MULTIBOOT_MOD : 0;
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
