// SPDX-License-Identifier: MIT
// ConnectionOutput: the messages on their way to one domain, replies and watch events in one order. The caller takes
// bytes as its ring has room. Bounded: replies by the connection, which serves nothing while too many wait; events here.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>

#include "xenstore/watches_pending.hpp"

namespace pvisor {

class ConnectionOutput {
 public:
  explicit ConnectionOutput(std::size_t event_limit) : pending_(event_limit) {}

  void push_reply(std::string bytes);
  /// Left out if an equal one waits already, or if it is too long for a message.
  void push_event(const Watch& watch, const std::string& path);

  /// The next bytes in order, as many as lie together; empty only if nothing waits.
  [[nodiscard]] std::span<const std::byte> front() const;
  /// Precondition: `bytes` is at most the size of front().
  void consume(std::size_t bytes);

  [[nodiscard]] bool empty() const { return messages_.empty(); }
  [[nodiscard]] std::size_t replies() const { return replies_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  void clear();

 private:
  struct Message {
    std::string bytes;
    WatchId watch = 0;  ///< 0: a reply
    std::string event_path;
  };
  void push(Message message);

  std::deque<Message> messages_;
  PendingEvents pending_;
  std::size_t sent_ = 0;  ///< of the first message
  std::size_t replies_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pvisor
