// SPDX-License-Identifier: MIT
// What reading file systems needs of the machine: disks, and memory.
//
// Everything in fs/ is written against this interface, so that it runs in a guest and, with files for disks, in a test on
// the host. One thread; disks that were handed out live as long as the storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "parse/block_source.hpp"

namespace pvloader {

class Storage {
public:
    struct Disk {
        BlockSource* source = nullptr;
        std::uint32_t sector_bytes = 512;
    };

    // Disks count from 0 in the order of their device numbers.
    virtual std::uint32_t disk_count() = 0;
    virtual Status open_disk(std::uint32_t index, Disk& disk) = 0;

    // Memory that lies in one piece and begins on a page boundary, its last page whole; empty when there is not so much.
    virtual std::span<std::byte> allocate(std::size_t bytes) = 0;
    virtual void release(std::span<std::byte> memory) = 0;

protected:
    ~Storage() = default;
};

// Memory of the storage, given back at the end of its life.
class Buffer {
public:
    Buffer() = default;  // can only be moved to
    explicit Buffer(Storage& storage) : storage_(&storage) {}
    ~Buffer() { reset(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer& operator=(Buffer&& other) {
        if (this == &other) return *this;
        reset();
        storage_ = other.storage_;
        memory_ = std::exchange(other.memory_, {});
        used_ = std::exchange(other.used_, 0);
        return *this;
    }

    // False when there is not so much memory; the former content is gone in any case.
    [[nodiscard]] bool allocate(std::size_t bytes) {
        reset();
        memory_ = storage_->allocate(bytes);
        used_ = memory_.empty() ? 0 : bytes;
        return !memory_.empty();
    }
    void shrink(std::size_t bytes) { used_ = bytes < used_ ? bytes : used_; }
    void reset() {
        if (!memory_.empty()) storage_->release(memory_);
        memory_ = {};
        used_ = 0;
    }
    std::span<std::byte> bytes() const { return memory_.first(used_); }
    std::span<char> chars() const { return {reinterpret_cast<char*>(memory_.data()), used_}; }

private:
    Storage* storage_ = nullptr;
    std::span<std::byte> memory_;
    std::size_t used_ = 0;
};

}  // namespace pvloader
