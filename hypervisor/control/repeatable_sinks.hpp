// SPDX-License-Identifier: MIT
// Sinks of a deterministic run: one tells what a guest prints, the other takes everything at once, so that no guest ever sees
// how slow the host's reader is. The toolstack lets virtual time stand still until it has gone out.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "devices/console/console_sink.hpp"

namespace pvisor {

class ToldSink final : public ConsoleSink {
 public:
  using Tell = std::function<void(std::span<const std::byte>)>;
  /// Precondition: `out` outlives it.
  ToldSink(ConsoleSink& out, Tell tell) : out_(out), tell_(std::move(tell)) {
    out_.set_room_callback([this] { tell_room(); });
  }
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override {
    const std::size_t taken = out_.write(bytes);
    tell_(bytes.first(taken));
    return taken;
  }
  [[nodiscard]] bool is_holding() const override { return out_.is_holding(); }
  void finish() override { out_.finish(); }

 private:
  ConsoleSink& out_;
  Tell tell_;
};

class HoldingSink final : public ConsoleSink {
 public:
  /// Precondition: `out` outlives it.
  explicit HoldingSink(ConsoleSink& out) : out_(out) {
    out_.set_room_callback([this] { flush(); });
  }
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override {
    held_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    flush();
    return bytes.size();
  }
  [[nodiscard]] bool is_holding() const override { return !held_.empty() || out_.is_holding(); }

 private:
  void flush() { held_.erase(0, held_.empty() ? 0 : out_.write(std::as_bytes(std::span(held_)))); }

  ConsoleSink& out_;
  std::string held_;  ///< a turn's output at most, for nothing runs until it is gone
};

}  // namespace pvisor
