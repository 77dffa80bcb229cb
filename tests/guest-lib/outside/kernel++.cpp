// SPDX-License-Identifier: MIT
// The same in C++20.
#include <pv/guest.h>
#include <pv/heap.h>
#include <pv/time.h>

namespace {

struct Block {
    explicit Block(size_t size) : bytes(pv_malloc(size)) {}
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { pv_free(bytes); }
    void* const bytes;
};

} // namespace

int pv_main(const char* command_line)
{
    const Block block(100);
    const auto before = pv_time_ns();
    pv_sleep_ns(PV_MILLISECOND_NS);
    pv_printf("C++20: \"%s\", memory %s, time %s\n", command_line, block.bytes != nullptr ? "yes" : "no",
              pv_time_ns() - before >= PV_MILLISECOND_NS ? "goes on" : "stands still");
    return 20;
}
