// SPDX-License-Identifier: MIT
// XenbusBackend: a back end's side of the handshake through xenstore (pvabi/io/xenbus.h), the same for every kind of device.
// It makes the two directories of a device, follows the front end's state and tells its driver when to connect.
//
//   /local/domain/0/backend/<type>/<domain>/<device>   ours; the guest reads it
//   /local/domain/<domain>/device/<type>/<device>      the guest's; ring, port and its state
//
//   front end 1 Initialising             -> 2 InitWait
//   front end 3 Initialised, 4 Connected -> driver connects -> 4 Connected; cannot -> error nodes, state unchanged
//   front end 5 Closing                  -> driver disconnects, 5
//   front end 6 Closed, gone or nonsense -> driver disconnects, 6
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "xenstore/store.hpp"

namespace pvisor {

/// What one kind of device does at the turns of the handshake.
class XenbusDriver {
 public:
  virtual ~XenbusDriver() = default;
  /// Reads what the front end wrote and takes the ring into use. Nothing on success, else one line that says what is wrong.
  /// Called only while disconnected.
  [[nodiscard]] virtual std::optional<std::string> connect() = 0;
  /// Gives ring and port back. Called only after a successful connect().
  virtual void disconnect() = 0;
};

struct XenbusName {
  std::string type;  ///< "vbd"
  DomainId domain;   ///< of the front end
  std::uint32_t device = 0;
};

class XenbusBackend {
 public:
  using Nodes = std::vector<std::pair<std::string, std::string>>;

  /// `store` and `driver` outlive it.
  XenbusBackend(Store& store, XenbusName name, XenbusDriver& driver);
  ~XenbusBackend();  ///< removes both directories
  XenbusBackend(const XenbusBackend&) = delete;
  XenbusBackend& operator=(const XenbusBackend&) = delete;

  /// Makes both directories anew, whatever a guest before left there, with these nodes besides the common ones, and goes
  /// to InitWait.
  void attach(const Nodes& backend_nodes, const Nodes& frontend_nodes);
  /// Disconnects, goes to Closed and does not listen any more.
  void detach();

  [[nodiscard]] std::uint32_t state() const { return state_; }  ///< PV_XENBUS_STATE_*
  [[nodiscard]] const std::string& backend_path() const { return backend_; }
  [[nodiscard]] const std::string& frontend_path() const { return frontend_; }

  /// A node that the front end wrote, if it is there: hostile text.
  [[nodiscard]] std::optional<std::string> frontend_node(std::string_view key);
  /// The same as a decimal number of 32 bits; nothing if it is missing or anything else.
  [[nodiscard]] std::optional<std::uint32_t> frontend_number(std::string_view key);
  void write(std::string_view key, std::string_view value);

  /// The device misbehaved while connected: disconnects, says why in the error nodes and goes to Closing.
  void fail(const std::string& why);

 private:
  void frontend_changed();
  [[nodiscard]] std::uint32_t frontend_state();
  void connect();
  void disconnect();
  void change_state(std::uint32_t state);
  void report_error(const std::string& why);
  void clear_error();

  Store& store_;
  XenbusDriver& driver_;
  XenbusName name_;
  std::string backend_;
  std::string frontend_;
  std::string frontend_error_;
  std::uint32_t state_;
  bool connected_ = false;
  WatchId watch_ = 0;
};

}  // namespace pvisor
