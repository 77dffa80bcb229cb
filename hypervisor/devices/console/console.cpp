// SPDX-License-Identifier: MIT
#include "devices/console/console.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace pvisor {

Console::Console(ConsoleSink& sink, std::function<void(const std::string&)> log) : sink_(sink), log_(std::move(log)) {
  sink_.set_room_callback([this] { room_again(); });
}

Console::~Console() { sink_.set_room_callback({}); }

void Console::room_again() {
  flush_backlog();
  if (backlog_.empty() && on_ring_) on_ring_();
}

void Console::flush_backlog() {
  if (backlog_.empty()) return;
  backlog_.erase(0, sink_.write(std::as_bytes(std::span(backlog_))));
  if (backlog_.empty() && lost_ > 0) {
    log_("console: " + std::to_string(lost_) + " bytes of output were lost: the reader is too slow for console_io");
    lost_ = 0;
  }
}

std::size_t Console::write(std::span<const std::byte> bytes) {
  flush_backlog();
  return backlog_.empty() ? sink_.write(bytes) : 0;
}

std::size_t Console::write_or_keep(std::span<const std::byte> bytes) {
  const std::size_t taken = write(bytes);
  const std::size_t kept = std::min(bytes.size() - taken, kMaxBacklog - backlog_.size());
  backlog_.append(reinterpret_cast<const char*>(bytes.data()) + taken, kept);
  return taken + kept;
}

void Console::write_all(std::span<const std::byte> bytes) { lost_ += bytes.size() - write_or_keep(bytes); }

void Console::add_input(std::span<const std::byte> bytes) {
  PV_CHECK(bytes.size() <= input_room());
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (on_ring_) on_ring_();
}

std::size_t Console::take_input(std::span<std::byte> out) {
  const bool was_full = input_room() == 0;
  const std::size_t count = std::min(out.size(), input_.size());
  std::copy_n(input_.begin(), count, out.begin());
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
  if (was_full && input_room() > 0 && on_input_room_) on_input_room_();
  return count;
}

void Console::return_input(std::span<const std::byte> bytes) { input_.insert(input_.begin(), bytes.begin(), bytes.end()); }

}  // namespace pvisor
