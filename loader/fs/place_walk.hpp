// SPDX-License-Identifier: MIT
// Visits all places where a file system may be, disk by disk: an unpartitioned disk as a whole, otherwise each partition
// in the table's order.
//
//     PlaceWalk walk(volumes, 0, volumes.disk_count());
//     for (Place place; walk.next(place);) ...
#pragma once

#include "fs/volumes.hpp"

namespace pvloader {

class PlaceWalk {
public:
    PlaceWalk(Volumes& volumes, std::uint32_t first_disk, std::uint32_t end_disk)
        : volumes_(volumes), disk_(first_disk), end_disk_(end_disk) {}

    bool next(Place& place) {
        Message why;  // a disk that cannot be read has no places
        for (; disk_ < end_disk_; ++disk_, index_ = 0) {
            const PartitionTable* table = volumes_.partitions(disk_, why);
            if (table == nullptr) continue;
            const bool is_whole = table->kind == PartitionTable::Kind::None;
            if (index_ >= (is_whole ? 1 : table->count)) continue;
            place = Place{disk_, std::nullopt};
            if (!is_whole) place.partition = table->partitions[index_].index;
            ++index_;
            return true;
        }
        return false;
    }

private:
    Volumes& volumes_;
    std::uint32_t disk_;
    std::uint32_t end_disk_;
    std::size_t index_ = 0;
};

}  // namespace pvloader
