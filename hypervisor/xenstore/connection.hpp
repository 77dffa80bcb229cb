// SPDX-License-Identifier: MIT
// XenstoreConnection: one domain's conversation with the store. Bytes of requests go in, bytes of replies and watch events
// wait to be taken out; what carries them (a ring, a test) is not its concern.
//
// Everything coming in is hostile. A malformed request gets an error; a stream that cannot be followed any more breaks the
// connection: it then ignores everything until reset(), and the domain lives on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "xenstore/connection_output.hpp"
#include "xenstore/store.hpp"
#include "xenstore/wire.hpp"

namespace pvisor {

class XenstoreConnection final : private WatchSink {
 public:
  struct Progress {
    std::size_t consumed = 0;  ///< bytes of input taken; the rest is to be offered again
    std::size_t served = 0;    ///< requests answered
  };

  /// Preconditions: the store outlives the connection; the domain gets answers only while it is introduced.
  XenstoreConnection(Store& store, DomainId domain);
  ~XenstoreConnection() override;
  XenstoreConnection(const XenstoreConnection&) = delete;
  XenstoreConnection& operator=(const XenstoreConnection&) = delete;

  /// Takes input and serves up to `budget` requests. Stops early while too many replies wait to be taken. May be called
  /// without input: a request may wait from last time.
  Progress receive(std::span<const std::byte> input, std::size_t budget);

  /// The next bytes for the domain, as many as lie together; empty only if none wait.
  [[nodiscard]] std::span<const std::byte> output() const { return output_.front(); }
  /// Precondition: at most as many as output() holds.
  void consume_output(std::size_t bytes) { output_.consume(bytes); }
  [[nodiscard]] std::size_t output_bytes() const { return output_.bytes(); }
  /// True if a request has come in completely and waits only for budget or for replies to be taken.
  [[nodiscard]] bool has_request() const { return decoder_.is_complete(); }
  /// False while too many replies wait to be taken.
  [[nodiscard]] bool may_serve() const { return !broken_ && output_.replies() < store_.quotas().outstanding; }

  /// Called when a watch event is queued: post the work item that moves output, nothing more.
  void set_event_notifier(std::function<void()> notifier) { notify_event_ = std::move(notifier); }

  /// As new: no watches, no transactions, nothing half received, nothing to send. For a domain that starts over in place.
  void reset();
  /// Ends everything as reset() does and ignores all input from now on.
  void break_off();
  [[nodiscard]] bool is_broken() const { return broken_; }

  [[nodiscard]] DomainId domain() const { return domain_; }
  [[nodiscard]] std::size_t open_transactions() const { return transactions_.size(); }
  /// Bytes that the store holds for the domain: its nodes, its open transactions, and what it has not taken yet. Watches are
  /// apart: there are few, and each is as long as one request.
  [[nodiscard]] std::size_t memory() const;

 private:
  using Reply = StoreResult<std::string>;
  struct Request {
    const XenstoreMessage& message;
    std::string_view payload;
    StoreTransaction* transaction;
  };
  using Handler = Reply (XenstoreConnection::*)(const Request&);

  [[nodiscard]] static Handler find_handler(std::uint32_t type);
  void serve(const XenstoreMessage& message);
  [[nodiscard]] Reply answer(const XenstoreMessage& message);
  [[nodiscard]] bool may_need_memory(const XenstoreMessage& message) const;
  void send(const pv_xsd_sockmsg& request, const Reply& reply);
  void watch_fired(const Watch& watch, const std::string& path) override;

  [[nodiscard]] std::optional<StorePath> parse_path(std::string_view text) const { return StorePath::parse(text, domain_); }
  /// The payload as a path and nothing else.
  [[nodiscard]] std::optional<StorePath> only_path(const Request& request) const;
  [[nodiscard]] StoreCaller caller(const Request& request) const { return {domain_, request.transaction}; }

  Reply directory(const Request& request);
  Reply directory_part(const Request& request);
  Reply read(const Request& request);
  Reply write(const Request& request);
  Reply mkdir(const Request& request);
  Reply rm(const Request& request);
  Reply get_perms(const Request& request);
  Reply set_perms(const Request& request);
  Reply watch(const Request& request);
  Reply unwatch(const Request& request);
  Reply reset_watches(const Request& request);
  Reply transaction_start(const Request& request);
  Reply transaction_end(const Request& request);
  Reply get_domain_path(const Request& request);
  Reply is_domain_introduced(const Request& request);
  Reply refuse_privileged(const Request& request);

  Store& store_;
  DomainId domain_;
  RequestDecoder decoder_;
  ConnectionOutput output_;
  std::map<std::uint32_t, std::unique_ptr<StoreTransaction>> transactions_;
  std::uint32_t last_transaction_ = 0;
  WatchId new_watch_ = 0;  ///< registered by the request being served; fires after its reply
  bool broken_ = false;
  std::function<void()> notify_event_;
};

}  // namespace pvisor
