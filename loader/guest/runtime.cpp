// SPDX-License-Identifier: MIT
// What the C++ compiler calls on its own account and no library here provides. Weak: a guest that has its own wins.
#include <cstddef>

#include <pv/panic.h>
#include <pv/string.h>

extern "C" {

// For the empty slots of abstract classes. Cannot happen in a program that is right.
__attribute__((weak)) void __cxa_pure_virtual() { pv_panic("a pure virtual function was called"); }

// std::string_view measures texts with it.
__attribute__((weak)) std::size_t strlen(const char* text) { return pv_strlen(text); }

}  // extern "C"
