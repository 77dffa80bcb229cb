// SPDX-License-Identifier: MIT
// The file systems on the domain's disks: (hd0), (hd0,1) -> a mounted FileSystem. Disks are opened and file systems mounted
// when they are first asked for; a few mounts are kept.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "fs/file_system.hpp"
#include "fs/message.hpp"
#include "fs/storage.hpp"
#include "parse/partitions.hpp"

namespace pvloader {

// A disk or one of its partitions.
struct Place {
    std::uint32_t disk = 0;
    std::optional<std::uint32_t> partition;

    bool operator==(const Place&) const = default;
};

// "(hd0)" or "(hd0,1)".
void add_place(TextBuffer& text, const Place& place);

class Volumes {
public:
    explicit Volumes(Storage& storage) : storage_(storage) {}
    ~Volumes() { forget(); }
    Volumes(const Volumes&) = delete;
    Volumes& operator=(const Volumes&) = delete;

    std::uint32_t disk_count() { return storage_.disk_count(); }

    // Null, and why, when there is no such disk. The table is valid until the next call.
    const PartitionTable* partitions(std::uint32_t disk, Message& why);

    // Whether the place exists, whatever it holds.
    bool exists(const Place& place, Message& why);
    // 0 when it does not.
    std::uint64_t size_of(const Place& place);

    // Null, and why. The file system is valid until kSlots other places were mounted.
    FileSystem* mount(const Place& place, Message& why);

    // Drops all that is cached, mounts included.
    void forget();

private:
    static constexpr std::size_t kSlots = 4;

    struct Slot {
        std::optional<Place> place;  // what is mounted
        std::optional<Slice> slice;
        std::span<std::byte> scratch;
        FileSystem file_system;
    };

    bool locate(const Place& place, Storage::Disk& disk, std::uint64_t& first_byte, std::uint64_t& bytes, Message& why);
    bool prepare(Slot& slot, const Place& place, Message& why);

    Storage& storage_;
    std::array<Slot, kSlots> slots_;
    std::size_t next_slot_ = 0;
    std::optional<std::uint32_t> table_disk_;  // whose partitions table_ has
    PartitionTable table_;
};

}  // namespace pvloader
