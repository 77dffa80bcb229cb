// SPDX-License-Identifier: MIT
// The platform on top of the guest library.
#include "guest/guest_platform.hpp"

#include <pv/console.h>
#include <pv/time.h>
#include <pv/xenstore.h>

namespace pvloader {

void GuestPlatform::write(std::string_view text) { pv_console_write(text.data(), text.size()); }

int GuestPlatform::read_byte(std::uint64_t deadline_ns) {
    for (;;) {
        const int byte = pv_console_getc();
        if (byte >= 0) return byte;
        if (deadline_ns != 0 && pv_time_ns() >= deadline_ns) return -1;
        (void)pv_console_wait(deadline_ns);  // the deadline is looked at above
    }
}

void GuestPlatform::sleep_until(std::uint64_t deadline_ns) {
    const std::uint64_t now = pv_time_ns();
    if (now < deadline_ns) pv_sleep_ns(deadline_ns - now);
}

std::uint64_t GuestPlatform::now_ns() { return pv_time_ns(); }

// The monitor writes whether input comes from a terminal. Elsewhere the node does not exist, and there is someone.
bool GuestPlatform::is_interactive() {
    if (!knows_input_) {
        std::uint64_t answer = 1;
        knows_input_ = true;
        is_interactive_ = pv_xs_read_number(PV_XS_NO_TRANSACTION, "console/interactive", &answer) != 0 || answer != 0;
    }
    return is_interactive_;
}

}  // namespace pvloader
