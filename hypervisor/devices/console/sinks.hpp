// SPDX-License-Identifier: MIT
// The sinks there are: a descriptor such as standard output, a file that does not grow for ever, and one that puts a name in
// front of each line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file_root.hpp"
#include "base/reactor.hpp"
#include "base/unique_fd.hpp"
#include "core/timers.hpp"
#include "devices/console/console_sink.hpp"

namespace pvisor {

/// Writes to a terminal, pipe, socket or file that others may hold too, so O_NONBLOCK is never set on it: terminals and
/// pipes are opened once more for ourselves, sockets have a flag for each call, and where neither helps small pieces are
/// written when the descriptor says that it has room.
class FdSink final : public ConsoleSink {
 public:
  /// Precondition: `fd` stays open as long as the sink lives.
  FdSink(Reactor& reactor, int fd, std::function<void(const std::string&)> log);
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override;

 private:
  enum class Way : std::uint8_t { Plain, Reopened, Socket, Careful };
  [[nodiscard]] std::size_t write_some(std::span<const std::byte> bytes);
  void wait_for_room();

  Reactor& reactor_;
  int fd_;
  std::function<void(const std::string&)> log_;
  UniqueFd own_;
  Way way_ = Way::Careful;
  bool gone_ = false;  ///< nobody reads any more: what comes is taken and dropped
  std::unique_ptr<Reactor::Watch> watch_;
};

/// A file that is begun anew; at kMaxBytes it becomes FILE.1 and another is begun, so a guest cannot fill the host's disk.
class FileSink final : public ConsoleSink {
 public:
  static constexpr std::uint64_t kMaxBytes = 64ULL << 20;

  /// Throws HostError if it cannot be opened. Precondition: root outlives the sink.
  FileSink(std::string path, std::function<void(const std::string&)> log, std::uint64_t max_bytes = kMaxBytes,
           const FileRoot& root = FileRoot::whole());
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override;

 private:
  void open();
  void rotate();

  std::string path_;
  std::function<void(const std::string&)> log_;
  std::uint64_t max_bytes_;
  const FileRoot& root_;
  UniqueFd fd_;
  std::uint64_t written_ = 0;
  bool rotates_ = false;  ///< a regular file
  bool failed_ = false;   ///< a write failed and was reported
};

class PrefixSink;

/// Several guests on one sink. A line that one has begun is ended before another speaks.
class LineMux {
 public:
  /// Precondition: `out` outlives the mux.
  explicit LineMux(ConsoleSink& out);
  ~LineMux();
  LineMux(const LineMux&) = delete;
  LineMux& operator=(const LineMux&) = delete;

 private:
  friend class PrefixSink;
  /// True if nothing is left of what was made ready.
  bool flush();
  void say(const PrefixSink& who, const std::string& prefix, const std::string& line);
  void room_again();

  ConsoleSink& out_;
  std::string pending_;                ///< made ready, not yet taken by `out_`; at most a line
  const PrefixSink* open_ = nullptr;   ///< whose line stands unfinished
  std::vector<PrefixSink*> waiting_;   ///< who had to stop
};

/// Puts "name: " in front of each line. A line goes out when it is complete, is long, or nothing more came for a while.
class PrefixSink final : public ConsoleSink {
 public:
  static constexpr std::size_t kMaxLine = 1024;
  static constexpr std::uint64_t kPatienceNs = 50'000'000;

  /// Precondition: mux outlives the sink; `now` is the clock of `timers`.
  PrefixSink(LineMux& mux, const std::string& name, TimerQueue& timers, std::function<std::uint64_t()> now);
  ~PrefixSink() override;
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes) override;
  [[nodiscard]] bool is_holding() const override { return !line_.empty() || !mux_.pending_.empty(); }
  void finish() override { show_line(); }

 private:
  friend class LineMux;
  void show_line();
  void wait();

  LineMux& mux_;
  std::string prefix_;
  std::string line_;
  std::function<std::uint64_t()> now_;
  Timer patience_;
};

}  // namespace pvisor
