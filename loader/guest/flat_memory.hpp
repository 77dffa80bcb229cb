// SPDX-License-Identifier: MIT
// Page-aligned memory of any size in one piece, as much as is free: the page allocator alone gives powers of two only.
#pragma once

#include <cstddef>
#include <span>

namespace pvloader {

// Empty when there is no such piece.
std::span<std::byte> take_flat_memory(std::size_t bytes);
void give_flat_memory(std::span<std::byte> memory);

}  // namespace pvloader
