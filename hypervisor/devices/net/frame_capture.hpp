// SPDX-License-Identifier: MIT
// FrameCapture: what goes through an interface, in a file that tcpdump and Wireshark read (pcap, nanoseconds). Frames stand in it as
// they were handed over: checksums may be blank, and TCP not cut into segments yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file_root.hpp"
#include "base/unique_fd.hpp"
#include "devices/net/net_frame.hpp"

namespace pvisor {

class FrameCapture {
 public:
  /// After which nothing more is written: a guest cannot fill the host's disk.
  static constexpr std::uint64_t kMaxBytes = 256ULL << 20;

  struct World {
    const FileRoot& root;
    std::function<std::uint64_t()> now_ns;  ///< of the Unix epoch
    std::function<void(const std::string& line)> log;
  };
  /// Begins the file anew. Throws HostError if it cannot be opened. `world.root` outlives it.
  FrameCapture(std::string path, World world, std::uint64_t max_bytes = kMaxBytes);
  ~FrameCapture() { flush(); }
  FrameCapture(const FrameCapture&) = delete;
  FrameCapture& operator=(const FrameCapture&) = delete;

  void add(const NetFrame& frame);
  /// Writes what is still in memory.
  void flush();

 private:
  template <class T>
  void append(T value);
  void stop(const std::string& why);

  std::string path_;
  World world_;
  std::uint64_t left_;  ///< bytes that may still be written
  UniqueFd fd_;         ///< closed: no more
  std::vector<std::byte> buffer_;
};

}  // namespace pvisor
