// SPDX-License-Identifier: MIT
// Memory ordering and the few atomic operations that memory shared with another domain needs.
//
// x86 keeps stores in order and loads in order; only a store followed by a load of something else may swap, and only
// that needs an instruction. The other two barriers merely hold the compiler back.
//
// Example:
//     struct mailbox { // in a page that two domains share
//         uint32_t full;
//         char letter[60];
//     };
//     void post(struct mailbox *box, char letter);
//     void post(struct mailbox *box, char letter)
//     {
//         box->letter[0] = letter;
//         pv_wmb(); // whoever sees it full also sees the letter
//         PV_WRITE_ONCE(box->full, 1);
//     }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define pv_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define pv_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define pv_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

// Reads a shared variable exactly once; the other side may change it at any time.
#define PV_READ_ONCE(variable) __atomic_load_n(&(variable), __ATOMIC_RELAXED)
#define PV_WRITE_ONCE(variable, value) __atomic_store_n(&(variable), (value), __ATOMIC_RELAXED)

// Bits of an array of 64-bit words, atomically; the answers are the bit's former value.
static inline bool pv_test_bit(const uint64_t *words, unsigned bit)
{
    return (__atomic_load_n(&words[bit / 64], __ATOMIC_ACQUIRE) >> (bit % 64) & 1) != 0;
}

static inline bool pv_test_and_set_bit(uint64_t *words, unsigned bit)
{
    const uint64_t one = UINT64_C(1) << (bit % 64);
    return (__atomic_fetch_or(&words[bit / 64], one, __ATOMIC_SEQ_CST) & one) != 0;
}

static inline bool pv_test_and_clear_bit(uint64_t *words, unsigned bit)
{
    const uint64_t one = UINT64_C(1) << (bit % 64);
    return (__atomic_fetch_and(&words[bit / 64], ~one, __ATOMIC_SEQ_CST) & one) != 0;
}
