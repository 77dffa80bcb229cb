// SPDX-License-Identifier: MIT
// A run of the next larger power of two has its tail given back. When there is none, neighbouring smaller runs are joined:
// half of a domain's memory may still be free then.
#include "guest/flat_memory.hpp"

#include <cstdint>

#include <pv/pages.h>

namespace pvloader {

namespace {

constexpr unsigned kChunkOrder = 8;  // 1 MiB
constexpr std::size_t kChunkBytes = std::size_t{PV_PAGE_SIZE} << kChunkOrder;

std::size_t whole_pages(std::size_t bytes) { return (bytes + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE * PV_PAGE_SIZE; }

std::span<std::byte> trim(std::byte* begin, std::size_t have, std::size_t bytes) {
    const std::size_t used = whole_pages(bytes);
    if (used < have) pv_pages_add(begin + used, begin + have);
    return {begin, bytes};
}

// Chunks that were taken while searching, linked through their first words, highest address first.
struct Chunk {
    Chunk* next;
};

void insert_sorted(Chunk*& first, Chunk* chunk) {
    Chunk** link = &first;
    while (*link != nullptr && *link > chunk) link = &(*link)->next;
    chunk->next = *link;
    *link = chunk;
}

// Takes `count` neighbours out of the list; null when there are not so many in a row.
Chunk* take_neighbours(Chunk*& first, std::size_t count) {
    for (Chunk** start = &first; *start != nullptr;) {
        Chunk* lowest = *start;
        std::size_t length = 1;
        while (length < count && lowest->next != nullptr &&
               reinterpret_cast<std::uintptr_t>(lowest) - reinterpret_cast<std::uintptr_t>(lowest->next) == kChunkBytes) {
            lowest = lowest->next;
            ++length;
        }
        if (length == count) {
            *start = lowest->next;
            return lowest;
        }
        start = &lowest->next;
    }
    return nullptr;
}

std::span<std::byte> join_chunks(std::size_t bytes) {
    const std::size_t count = (bytes + kChunkBytes - 1) / kChunkBytes;
    if (count > pv_pages_available() >> kChunkOrder) return {};
    Chunk* chunks = nullptr;
    while (auto* chunk = static_cast<Chunk*>(pv_pages_alloc(kChunkOrder))) insert_sorted(chunks, chunk);
    auto* begin = reinterpret_cast<std::byte*>(take_neighbours(chunks, count));
    while (chunks != nullptr) {
        Chunk* next = chunks->next;
        pv_pages_free(chunks, kChunkOrder);
        chunks = next;
    }
    return begin != nullptr ? trim(begin, count * kChunkBytes, bytes) : std::span<std::byte>();
}

}  // namespace

std::span<std::byte> take_flat_memory(std::size_t bytes) {
    if (bytes == 0 || bytes > pv_pages_available() * PV_PAGE_SIZE) return {};
    const unsigned order = pv_order_for(bytes);
    if (order < PV_PAGE_ORDERS) {
        auto* run = static_cast<std::byte*>(pv_pages_alloc(order));
        if (run != nullptr) return trim(run, std::size_t{PV_PAGE_SIZE} << order, bytes);
    }
    return join_chunks(bytes);
}

void give_flat_memory(std::span<std::byte> memory) {
    if (!memory.empty()) pv_pages_add(memory.data(), memory.data() + whole_pages(memory.size()));
}

}  // namespace pvloader
