// SPDX-License-Identifier: MIT
// NetFrame: an Ethernet frame on its way, in memory of the monitor's. Whoever is handed one copies what it keeps: the bytes are
// there during the call only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pvisor {

inline constexpr std::size_t kEthernetHeader = 14;
/// Largest frame: what the first slot of a tx packet can say.
inline constexpr std::size_t kMaxFrame = 0xffff;

/// Room for one frame.
using NetScratch = std::array<std::byte, kMaxFrame>;
/// What frames are under way in. One for the whole monitor, as one frame is under way at a time.
struct NetRoom {
  NetScratch frame;    ///< as the sender made it
  NetScratch adapted;  ///< what a receiver that takes less gets instead
};

struct NetFrame {
  std::span<const std::byte> bytes;  ///< kEthernetHeader to kMaxFrame of them
  bool checksum_blank = false;       ///< the TCP or UDP checksum has not been filled in
  bool validated = false;            ///< the checksum need not be looked at
  std::uint16_t segment_size = 0;    ///< not 0: TCP over IPv4 to be cut into segments of so much payload
};

/// A place that frames are handed to.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// One of a batch.
  virtual void receive(const NetFrame& frame) = 0;
  /// The batch has ended: now tell whoever waits.
  virtual void flush() = 0;
};

/// An interface as its link sees it.
class NetSide : public FrameSink {
 public:
  /// Whether there is somebody at the other end of the wire; there is until it is said otherwise.
  virtual void set_carrier(bool there) = 0;
};

/// Where the frames of an interface go, and where those for it come from: a port of a switch, the host's network.
class NetLink {
 public:
  virtual ~NetLink() = default;
  /// False: it is not a frame that may be sent here.
  [[nodiscard]] virtual bool send(const NetFrame& frame) = 0;
  /// The batch has ended: those who received of it are told.
  virtual void flush() = 0;
  /// The guest has gone; what was under way for it ends.
  virtual void restart() {}
};

}  // namespace pvisor
