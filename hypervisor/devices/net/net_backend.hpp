// SPDX-License-Identifier: MIT
// NetBackend: an interface of a domain in xenstore: shows itself as a vif, connects when the front end is ready, survives
// disconnects, reconnects and chain-loads. The data path is NetConnection's; what outlives a guest is NetInterface's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/device.hpp"
#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/work_queue.hpp"
#include "devices/net/net_connection.hpp"
#include "devices/net/net_interface.hpp"
#include "devices/ring_pages.hpp"
#include "devices/xenbus_backend.hpp"
#include "xenstore/store.hpp"

namespace pvisor {

/// What all interfaces of the monitor share; outlives them.
struct NetServices {
  Store& store;
  RingPages& ring_pages;
  NetRoom& room;
  std::function<void(const std::string& line)> log;  ///< what the operator should see; may be empty
};

class NetBackend final : public DomainDevice, private XenbusDriver {
 public:
  /// The parts of a domain that the interface works with, while it is attached.
  struct Guest {
    DomainId id;
    GrantTable& grants;
    EventChannels& events;
    WorkQueue& work;
  };

  /// `interface` outlives it.
  NetBackend(const NetServices& services, std::uint32_t number, NetInterface& interface);
  ~NetBackend() override;

  void attach(Domain& domain) override;
  void attach(const Guest& guest);
  void detach() override;

  [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }

 private:
  [[nodiscard]] std::optional<std::string> connect() override;
  void disconnect() override;
  [[nodiscard]] std::optional<std::string> read_negotiation(NetNegotiation& negotiation);
  void broken(const char* why);

  NetServices services_;
  std::uint32_t number_;
  NetInterface& interface_;
  std::optional<Guest> guest_;
  std::unique_ptr<XenbusBackend> xenbus_;
  std::unique_ptr<NetConnection> connection_;
  std::uint32_t lines_logged_ = 0;
};

}  // namespace pvisor
