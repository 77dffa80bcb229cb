// SPDX-License-Identifier: MIT
// Console: the host's half of a guest's console: text on its way out, keystrokes on their way in. It outlives the guest's
// ring, so nothing is lost over a chain-load, a reboot or the end of the domain. ConsoleDevice is the ring's half.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "devices/console/console_sink.hpp"

namespace pvisor {

class Console {
 public:
  /// What may wait for a ring or for a slow sink.
  static constexpr std::size_t kMaxInput = 64 * 1024;
  static constexpr std::size_t kMaxBacklog = 1024 * 1024;

  /// `log` gets whole lines for the operator. Precondition: the sink outlives the console.
  Console(ConsoleSink& sink, std::function<void(const std::string&)> log);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console();

  // Out.
  /// From the ring: takes what the sink takes after the backlog, and answers how much.
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes);
  /// From the ring, when other text is to follow: what the sink does not take now becomes backlog, up to kMaxBacklog.
  [[nodiscard]] std::size_t write_or_keep(std::span<const std::byte> bytes);
  /// Text that cannot wait where it is. What cannot be kept either is lost, and the log says so.
  void write_all(std::span<const std::byte> bytes);
  [[nodiscard]] bool is_drained() const { return backlog_.empty() && !sink_.is_holding(); }
  /// The domain ended: shows an unfinished line too.
  void finish() { sink_.finish(); }

  // In.
  [[nodiscard]] std::size_t input_room() const { return kMaxInput - std::min(kMaxInput, input_.size()); }
  /// Precondition: at most input_room() bytes.
  void add_input(std::span<const std::byte> bytes);
  [[nodiscard]] bool has_input() const { return !input_.empty(); }
  /// The next bytes for the guest's ring, at most as many as fit; answers how many.
  std::size_t take_input(std::span<std::byte> out);
  /// Puts bytes that the guest never read back in front.
  void return_input(std::span<const std::byte> bytes);

  /// Called when the ring should be looked at: the sink has room again or input came. Empty: nobody.
  void set_ring_callback(std::function<void()> callback) { on_ring_ = std::move(callback); }
  /// Called when there is room for input again after there was none.
  void set_input_room_callback(std::function<void()> callback) { on_input_room_ = std::move(callback); }
  void log(const std::string& line) const { log_(line); }

 private:
  void flush_backlog();
  void room_again();

  ConsoleSink& sink_;
  std::function<void(const std::string&)> log_;
  std::function<void()> on_ring_;
  std::function<void()> on_input_room_;
  std::string backlog_;
  std::deque<std::byte> input_;
  std::uint64_t lost_ = 0;
};

}  // namespace pvisor
