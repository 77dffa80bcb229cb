// SPDX-License-Identifier: MIT
// XenstoreClient: a guest's side of the xenstore protocol for tests: sends requests as bytes, sorts replies and events.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xenstore/connection.hpp"

namespace pvisor::test {

/// Text with the NUL that ends a string on the wire.
inline std::string z(std::string_view text) { return std::string(text) + '\0'; }

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string request_bytes(std::uint32_t type, std::string_view payload, std::uint32_t tx = 0, std::uint32_t id = 1) {
  return encode_message({type, id, tx, 0}, payload);
}

class XenstoreClient {
 public:
  XenstoreClient(Store& store, std::uint16_t domain) : connection(store, DomainId{domain}) {}

  /// The reply's payload, or "!" and the error's name.
  std::string ask(std::uint32_t type, std::string_view payload, std::uint32_t tx = 0) {
    const std::uint32_t id = ++last_id_;
    connection.receive(bytes_of(request_bytes(type, payload, tx, id)), 1);
    collect();
    if (replies.empty()) return "(no reply)";
    const XenstoreMessage reply = std::move(replies.front());
    replies.pop_front();
    if (reply.header.req_id != id || reply.header.tx_id != tx) return "(wrong reply)";
    if (reply.header.type == PV_XS_ERROR) return "!" + reply.payload.substr(0, reply.payload.find('\0'));
    return reply.header.type == type ? reply.payload : "(wrong type)";
  }

  std::string read(std::string_view path, std::uint32_t tx = 0) { return ask(PV_XS_READ, z(path), tx); }
  std::string write(std::string_view path, std::string_view value, std::uint32_t tx = 0) {
    return ask(PV_XS_WRITE, z(path) + std::string(value), tx);
  }
  std::string mkdir(std::string_view path, std::uint32_t tx = 0) { return ask(PV_XS_MKDIR, z(path), tx); }
  std::string rm(std::string_view path, std::uint32_t tx = 0) { return ask(PV_XS_RM, z(path), tx); }
  std::string directory(std::string_view path, std::uint32_t tx = 0) { return ask(PV_XS_DIRECTORY, z(path), tx); }
  std::string watch(std::string_view path, std::string_view token) { return ask(PV_XS_WATCH, z(path) + z(token)); }
  std::string unwatch(std::string_view path, std::string_view token) { return ask(PV_XS_UNWATCH, z(path) + z(token)); }
  /// 0 if refused.
  std::uint32_t begin() {
    const std::string reply = ask(PV_XS_TRANSACTION_START, z(""));
    return parse_number(std::string_view(reply).substr(0, reply.size() - 1)).value_or(0);
  }
  std::string commit(std::uint32_t tx) { return ask(PV_XS_TRANSACTION_END, z("T"), tx); }
  std::string abort(std::uint32_t tx) { return ask(PV_XS_TRANSACTION_END, z("F"), tx); }

  /// "path token" of each event since the last call.
  std::vector<std::string> take_events() {
    collect();
    return std::exchange(events, {});
  }

  /// Takes all output; `log` gets "event" or "reply" in the order they came.
  void collect() {
    while (!connection.output().empty()) {
      const auto chunk = connection.output();
      decoder_.feed(chunk) == chunk.size() ? connection.consume_output(chunk.size()) : throw std::string("cut message");
      if (!decoder_.is_complete()) continue;
      XenstoreMessage message = decoder_.take();
      const bool is_event = message.header.type == PV_XS_WATCH_EVENT;
      log.push_back(is_event ? "event" : "reply");
      if (!is_event) {
        replies.push_back(std::move(message));
        continue;
      }
      const auto words = split_strings(message.payload);
      events.push_back(std::string(words.at(0)) + ' ' + std::string(words.at(1)));
    }
  }

  /// As a new domain with this number would.
  void start_over() {
    connection.reset();
    decoder_.reset();
    replies.clear();
    events.clear();
    log.clear();
  }

  XenstoreConnection connection;
  std::deque<XenstoreMessage> replies;
  std::vector<std::string> events;
  std::vector<std::string> log;

 private:
  RequestDecoder decoder_;
  std::uint32_t last_id_ = 0;
};

inline const std::string kOk{"OK\0", 3};

/// Introduces a domain and gives it a home: /local/domain/<n> readable, /local/domain/<n>/data its own.
inline void add_home(Store& store, std::uint16_t number) {
  const DomainId domain{number};
  store.introduce_domain(domain);
  const std::string home = StorePath::home(domain).text();
  store.mkdir(home);
  store.set_permissions(home, {{kMonitorDomain, kRightNone}, {domain, kRightRead}});
  store.mkdir(home + "/data");
  store.set_permissions(home + "/data", {{domain, kRightNone}});
}

/// A store with homes for domains 1 and 2.
struct StoreWithGuests {
  explicit StoreWithGuests(StoreQuotas quotas = {}) : store(quotas) {
    add_home(store, 1);
    add_home(store, 2);
  }
  Store store;
};

}  // namespace pvisor::test
