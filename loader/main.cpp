// SPDX-License-Identifier: MIT
// The loader: a guest that finds a kernel on the domain's disks and starts it in its place.
//
// Its command line names a menu, "(hd0,1)/boot/grub/menu.lst", or is empty. Its ramdisk, if there is one, is the menu itself.

#include <new>

#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/sched.h>

#include "boot/session.hpp"
#include "guest/guest_platform.hpp"

namespace {

// Too large for a stack, and nothing runs constructors at the start of a guest.
constinit pvloader::GuestPlatform platform;
constinit pvloader::Menu menu;

// A failed boot ends as a crash, which is how the domain's starter learns of it; why was printed.
PV_NORETURN void give_up() {
    platform.close_disks();
    pv_shutdown(PV_SHUTDOWN_CRASH);
}

}  // namespace

int pv_main(const char* command_line) {
    std::uint64_t bytes = 0;
    const auto* ramdisk = static_cast<const std::byte*>(pv_ramdisk(&bytes));
    const std::span<const std::byte> host_menu(ramdisk, ramdisk != nullptr ? bytes : 0);
    const auto memory = platform.allocate(sizeof(pvloader::Volumes) + sizeof(pvloader::Session));
    if (memory.empty()) {
        platform.write("loader: not enough memory\n");
        give_up();
    }
    auto* volumes = new (memory.data()) pvloader::Volumes(platform);
    auto* session = new (memory.data() + sizeof(pvloader::Volumes)) pvloader::Session(platform, *volumes, menu);
    session->run(pvloader::trim_blanks(command_line), host_menu);
    give_up();
}
