// SPDX-License-Identifier: MIT
// A pseudo-terminal as a guest's console: whoever opens its path has the console, with `screen PATH` for one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/reactor.hpp"
#include "base/unique_fd.hpp"
#include "devices/console/console_sink.hpp"

namespace pvisor {

/// Both ends. Ours of the slave keeps the terminal, and its raw mode, while nobody else has it open.
class Pty {
 public:
  /// Throws HostError if the host has none.
  Pty();
  /// The master, which never blocks.
  [[nodiscard]] int fd() const { return master_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UniqueFd master_;
  UniqueFd slave_;
  std::string path_;
};

/// Never makes a guest wait for a reader who may never come: it takes everything, and of what nobody read it keeps the latest.
class PtySink final : public ConsoleSink {
 public:
  static constexpr std::size_t kMaxHeld = 64 * 1024;

  /// Throws HostError if it cannot be waited for.
  PtySink(Reactor& reactor, const Pty& pty);
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override;

 private:
  void flush();

  UniqueFd fd_;  ///< its own, because the reactor watches a descriptor for one purpose only, and another reads the keys
  std::string held_;
  std::unique_ptr<Reactor::Watch> watch_;
};

}  // namespace pvisor
