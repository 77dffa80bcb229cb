// SPDX-License-Identifier: MIT
// ConnectionOutput: queueing and taking.
#include "xenstore/connection_output.hpp"

#include <utility>

#include "base/assert.hpp"
#include "xenstore/wire.hpp"

namespace pvisor {

void ConnectionOutput::push(Message message) {
  bytes_ += message.bytes.size();
  messages_.push_back(std::move(message));
}

void ConnectionOutput::push_reply(std::string bytes) {
  ++replies_;
  push({std::move(bytes), 0, {}});
}

void ConnectionOutput::push_event(const Watch& watch, const std::string& path) {
  if (path.size() + watch.token.size() + 2 > PV_XENSTORE_PAYLOAD_MAX) return;
  auto admitted = pending_.admit(watch, path);
  if (!admitted) return;
  std::string payload = *admitted;
  payload += '\0';
  payload += watch.token;
  payload += '\0';
  push({encode_message({PV_XS_WATCH_EVENT, 0, 0, 0}, payload), watch.id, std::move(*admitted)});
}

std::span<const std::byte> ConnectionOutput::front() const {
  if (messages_.empty()) return {};
  return std::as_bytes(std::span(messages_.front().bytes)).subspan(sent_);
}

void ConnectionOutput::consume(std::size_t bytes) {
  if (bytes == 0) return;
  PV_CHECK(bytes <= front().size());
  const Message& message = messages_.front();
  // An event is no longer merged with once a part of it is out: the watcher may have looked before the next change.
  if (message.watch != 0 && sent_ == 0) pending_.taken(message.watch, message.event_path);
  sent_ += bytes;
  bytes_ -= bytes;
  if (sent_ < message.bytes.size()) return;
  if (message.watch == 0) --replies_;
  messages_.pop_front();
  sent_ = 0;
}

void ConnectionOutput::clear() {
  messages_.clear();
  pending_.clear();
  sent_ = 0;
  replies_ = 0;
  bytes_ = 0;
}

}  // namespace pvisor
