// SPDX-License-Identifier: MIT
// PrefixSink and LineMux: the consoles of several guests on one sink, told apart by their names.
#include <algorithm>
#include <utility>

#include "devices/console/sinks.hpp"

namespace pvisor {

LineMux::LineMux(ConsoleSink& out) : out_(out) {
  out_.set_room_callback([this] { room_again(); });
}

LineMux::~LineMux() { out_.set_room_callback({}); }

bool LineMux::flush() {
  if (!pending_.empty()) pending_.erase(0, out_.write(std::as_bytes(std::span(pending_))));
  return pending_.empty();
}

void LineMux::say(const PrefixSink& who, const std::string& prefix, const std::string& line) {
  if (open_ != nullptr && open_ != &who) pending_ += '\n';
  if (open_ != &who) pending_ += prefix;
  pending_ += line;
  open_ = line.ends_with('\n') ? nullptr : &who;
  (void)flush();
}

void LineMux::room_again() {
  if (!flush()) return;
  for (PrefixSink* sink : std::exchange(waiting_, {})) {
    if (sink->line_.size() >= PrefixSink::kMaxLine) sink->show_line();
    sink->tell_room();
  }
}

PrefixSink::PrefixSink(LineMux& mux, const std::string& name, TimerQueue& timers, std::function<std::uint64_t()> now)
    : mux_(mux), prefix_(name + ": "), now_(std::move(now)), patience_(timers, [this] { show_line(); }) {}

PrefixSink::~PrefixSink() {
  std::erase(mux_.waiting_, this);
  if (mux_.open_ == this) {
    mux_.open_ = nullptr;
    mux_.pending_ += '\n';
    (void)mux_.flush();
  }
}

void PrefixSink::wait() {
  if (std::find(mux_.waiting_.begin(), mux_.waiting_.end(), this) == mux_.waiting_.end()) mux_.waiting_.push_back(this);
}

void PrefixSink::show_line() {
  if (line_.empty()) return;
  if (!mux_.flush()) return patience_.arm(now_() + kPatienceNs);
  patience_.disarm();
  mux_.say(*this, prefix_, std::exchange(line_, {}));
}

std::size_t PrefixSink::write(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (!mux_.flush()) {
      wait();
      break;
    }
    const auto rest = bytes.subspan(taken);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    const bool complete = end != rest.end();
    const auto length = static_cast<std::size_t>(end - rest.begin()) + (complete ? 1 : 0);
    const std::size_t count = std::min(length, kMaxLine - line_.size());
    line_.append(reinterpret_cast<const char*>(rest.data()), count);
    taken += count;
    if (line_.ends_with('\n') || line_.size() == kMaxLine) show_line();
  }
  if (!line_.empty() && !patience_.is_armed()) patience_.arm(now_() + kPatienceNs);
  return taken;
}

}  // namespace pvisor
