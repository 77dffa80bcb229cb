// SPDX-License-Identifier: MIT
// AddressSanitizer notes where each block was allocated. One frame is enough to run inputs by the thousand; to look into a failure,
// repeat it with ASAN_OPTIONS=malloc_context_size=30.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "malloc_context_size=1:quarantine_size_mb=16"; }
