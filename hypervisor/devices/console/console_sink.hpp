// SPDX-License-Identifier: MIT
// ConsoleSink: where a guest's console output goes on the host. Never blocks the reactor, never drops: it takes what it can
// and says when there is room again.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <utility>

namespace pvisor {

class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  /// Takes bytes from the front and answers how many. Fewer than all: the room callback comes later, once.
  [[nodiscard]] virtual std::size_t write(std::span<const std::byte> bytes) = 0;
  /// True while something that was taken has not reached the host yet.
  [[nodiscard]] virtual bool is_holding() const { return false; }
  /// What is held for the sake of looks (an unfinished line) shall go out now. The guest will say no more for the moment.
  virtual void finish() {}
  void set_room_callback(std::function<void()> callback) { on_room_ = std::move(callback); }

 protected:
  void tell_room() const {
    if (on_room_) on_room_();
  }

 private:
  std::function<void()> on_room_;
};

}  // namespace pvisor
