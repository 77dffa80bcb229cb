// SPDX-License-Identifier: MIT
// Finding partitions and mounting file systems, with the reasons when that fails.
#include "fs/volumes.hpp"

namespace pvloader {

namespace {

void explain_disk(TextBuffer& text, std::uint32_t index, std::uint32_t count) {
    text.add("there is no disk (hd").add_number(index).add("), the domain has ");
    if (count == 0) {
        text.add("none");
    } else if (count == 1) {
        text.add("only (hd0)");
    } else {
        text.add("(hd0) to (hd").add_number(count - 1).add(")");
    }
}

void explain_partition(TextBuffer& text, const Place& place, const PartitionTable& table) {
    const std::uint32_t wanted = *place.partition;
    text.add("there is no ");
    add_place(text, place);
    for (const PartitionTable::Note& note : table.all_notes()) {
        if (note.index == wanted) {
            text.add(", its entry in the partition table is unusable: ").add(to_text(note.reason));
            return;
        }
    }
    if (table.kind == PartitionTable::Kind::None) {
        text.add(", the disk has no partitions; write (hd").add_number(place.disk).add(")");
    } else {
        text.add(", the disk has");
        for (const Partition& partition : table.all()) {
            text.add(" ");
            add_place(text, {place.disk, partition.index});
        }
        if (table.count == 0) text.add(" no usable partition");
    }
}

}  // namespace

void add_place(TextBuffer& text, const Place& place) {
    text.add("(hd").add_number(place.disk);
    if (place.partition.has_value()) text.add(",").add_number(*place.partition);
    text.add(")");
}

const PartitionTable* Volumes::partitions(std::uint32_t disk, Message& why) {
    if (table_disk_ == disk) return &table_;
    if (disk >= storage_.disk_count()) {
        explain_disk(why.clear(), disk, storage_.disk_count());
        return nullptr;
    }
    Storage::Disk opened;
    const Status status = storage_.open_disk(disk, opened);
    if (status != Status::Ok) {
        why.clear().add("(hd").add_number(disk).add(") cannot be opened: ").add(to_text(status));
        return nullptr;
    }
    table_disk_.reset();
    const Status read = read_partitions(*opened.source, table_, opened.sector_bytes);
    if (read != Status::Ok) {
        why.clear().add("(hd").add_number(disk).add("): the partition table cannot be used: ").add(to_text(read));
        return nullptr;
    }
    table_disk_ = disk;
    return &table_;
}

bool Volumes::locate(const Place& place, Storage::Disk& disk, std::uint64_t& first_byte, std::uint64_t& bytes,
                     Message& why) {
    if (place.disk >= storage_.disk_count()) {
        explain_disk(why.clear(), place.disk, storage_.disk_count());
        return false;
    }
    const Status status = storage_.open_disk(place.disk, disk);
    if (status != Status::Ok) {
        why.clear().add("(hd").add_number(place.disk).add(") cannot be opened: ").add(to_text(status));
        return false;
    }
    first_byte = 0;
    bytes = disk.source->size_bytes();
    if (!place.partition.has_value()) return true;
    const PartitionTable* table = partitions(place.disk, why);
    if (table == nullptr) return false;
    const Partition* partition = table->find(*place.partition);
    if (partition == nullptr) {
        explain_partition(why.clear(), place, *table);
        return false;
    }
    first_byte = partition->first_byte;
    bytes = partition->bytes;
    return true;
}

bool Volumes::exists(const Place& place, Message& why) {
    Storage::Disk disk;
    std::uint64_t first_byte = 0;
    std::uint64_t bytes = 0;
    return locate(place, disk, first_byte, bytes, why);
}

std::uint64_t Volumes::size_of(const Place& place) {
    Message unused;
    Storage::Disk disk;
    std::uint64_t first_byte = 0;
    std::uint64_t bytes = 0;
    return locate(place, disk, first_byte, bytes, unused) ? bytes : 0;
}

bool Volumes::prepare(Slot& slot, const Place& place, Message& why) {
    slot.place.reset();
    Storage::Disk disk;
    std::uint64_t first_byte = 0;
    std::uint64_t bytes = 0;
    if (!locate(place, disk, first_byte, bytes, why)) return false;
    slot.slice.emplace(*disk.source, first_byte, bytes);
    if (slot.scratch.empty()) slot.scratch = storage_.allocate(FileSystem::kScratchBytes);
    if (slot.scratch.empty()) {
        why.clear().add("not enough memory");
        return false;
    }
    return true;
}

FileSystem* Volumes::mount(const Place& place, Message& why) {
    for (Slot& slot : slots_)
        if (slot.place == place) return &slot.file_system;
    Slot& slot = slots_[next_slot_];
    if (!prepare(slot, place, why)) return nullptr;
    const Status status = slot.file_system.mount(*slot.slice, slot.scratch);
    if (status != Status::Ok) {
        add_place(why.clear(), place);
        slot.file_system.explain_mount(why.more(), status);
        return nullptr;
    }
    slot.place = place;
    next_slot_ = (next_slot_ + 1) % kSlots;
    return &slot.file_system;
}

void Volumes::forget() {
    for (Slot& slot : slots_) {
        slot.place.reset();
        if (!slot.scratch.empty()) storage_.release(slot.scratch);
        slot.scratch = {};
    }
    table_disk_.reset();
}

}  // namespace pvloader
