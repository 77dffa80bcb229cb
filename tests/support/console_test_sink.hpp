// SPDX-License-Identifier: MIT
// What the console's tests share: a sink that takes as much as the test says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "devices/console/console_sink.hpp"

namespace pvisor {

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Takes `room` bytes and then no more until it is given room.
class FakeSink final : public ConsoleSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) override {
    const std::size_t count = std::min(room, bytes.size());
    shown.append(reinterpret_cast<const char*>(bytes.data()), count);
    room -= count;
    return count;
  }
  void give_room(std::size_t more) {
    room += more;
    tell_room();
  }
  std::string shown;
  std::size_t room = SIZE_MAX / 2;
};

}  // namespace pvisor
