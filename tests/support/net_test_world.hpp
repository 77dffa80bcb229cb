// SPDX-License-Identifier: MIT
// What tests of network interfaces share: guests of plain memory with a front end's half of both rings, on one switch, or before
// a sink that keeps what it is handed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <pvabi/io/netif.h>

#include "base/assert.hpp"
#include "devices/net/net_connection.hpp"
#include "devices/net/net_switch.hpp"
#include "support/block_test_world.hpp"

namespace pvisor {

/// A frame of `size` bytes from one address to another, its payload counting up from `seed`.
inline std::string test_frame(const MacAddress& to, const MacAddress& from, std::size_t size, unsigned seed = 1) {
  std::string frame(size, '\0');
  for (std::size_t i = 12; i < size; ++i) frame[i] = static_cast<char>(seed + i * 7);
  std::copy(to.bytes.begin(), to.bytes.end(), frame.begin());
  std::copy(from.bytes.begin(), from.bytes.end(), frame.begin() + 6);
  return frame;
}

inline const MacAddress kEverybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
inline MacAddress test_mac(std::uint8_t last) { return {{0x00, 0x16, 0x3e, 0, 0, last}}; }

/// Keeps what comes.
class KeptFrames final : public FrameSink {
 public:
  void receive(const NetFrame& frame) override {
    frames.push_back(frame);
    bytes.emplace_back(reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size());
  }
  void flush() override { ++flushes; }
  std::vector<NetFrame> frames;  ///< their bytes are gone
  std::vector<std::string> bytes;
  unsigned flushes = 0;
};

/// A front end without a vCPU, connected through one interface.
class NetTestGuest {
 public:
  static constexpr std::uint64_t kRxRingFrame = 2;
  static constexpr std::uint32_t kRxRingGrant = 9;
  static constexpr std::uint32_t kRxPage = 24;  ///< data pages from here on are posted for frames; those before are for sending
  static constexpr std::uint32_t kRxPages = 40;

  NetTestGuest(NetRoom& room, const MacAddress& mac, const NetInterface::Plug& plug, NetAbilities abilities = {true, true, true, true},
               NetTuning tuning = {})
      : interface(mac, plug, std::move(tuning)), room_(room), abilities_(abilities) {
    std::memset(guest.page(kRxRingFrame), 0, kPageSize);
    guest.grant(kRxRingGrant, kRxRingFrame);
    tx().header.rsp_event = rx().header.rsp_event = 1;
    connect();
  }

  /// From the next connection on.
  void set_abilities(const NetAbilities& abilities) {
    abilities_ = abilities;
    connect();
  }
  void connect() {
    connection.reset();
    connection = NetConnection::open({DomainId(7), guest.grants, guest.events, guest.work, ring_pages, room_, interface,
                                      [this](const char* reason) {
                                        why = reason;
                                        connection.reset();
                                      }},
                                     {GrantRef(TestGuest::kRingGrant), GrantRef(kRxRingGrant), guest.port, abilities_}, error);
    guest.run();
  }
  [[nodiscard]] pv_netif_tx_sring& tx() const { return *reinterpret_cast<pv_netif_tx_sring*>(guest.page(TestGuest::kRingFrame)); }
  [[nodiscard]] pv_netif_rx_sring& rx() const { return *reinterpret_cast<pv_netif_rx_sring*>(guest.page(kRxRingFrame)); }

  /// Writes a slot behind the others, not yet shown.
  void put(const pv_netif_tx_request& slot) { tx().ring[tx_produced++ % PV_NETIF_TX_RING_ENTRIES].req = slot; }
  void put_extra(const pv_netif_extra_info& extra) { tx().ring[tx_produced++ % PV_NETIF_TX_RING_ENTRIES].extra = extra; }
  void ring_up() {
    tx().header.req_prod = tx_produced;
    rx().header.req_prod = rx_produced;
    (void)guest.events.send(guest.port);
    guest.run();
  }
  /// Puts a frame, from data page `page` on, into as many slots as it needs.
  void put_frame(const std::string& frame, std::uint16_t flags = 0, std::uint16_t gso = 0, std::uint32_t page = 0) {
    for (std::size_t at = 0; at < frame.size(); at += kPageSize, ++page) {
      const std::size_t part = std::min<std::size_t>(kPageSize, frame.size() - at);
      std::memcpy(guest.page(TestGuest::kDataFrame + page), frame.data() + at, part);
      std::uint16_t all = at == 0 ? flags : std::uint16_t{0};
      if (at == 0 && gso != 0) all |= PV_NETTXF_EXTRA_INFO;
      if (at + part < frame.size()) all |= PV_NETTXF_MORE_DATA;
      put(pv_netif_tx_request{TestGuest::kDataGrant + page, 0, all, next_id++, static_cast<std::uint16_t>(at == 0 ? frame.size() : part)});
      if (at == 0 && gso != 0) put_extra(test_gso(gso));
    }
  }
  void send(const std::string& frame, std::uint16_t flags = 0, std::uint16_t gso = 0) {
    put_frame(frame, flags, gso);
    ring_up();
  }
  [[nodiscard]] static pv_netif_extra_info test_gso(std::uint16_t size, std::uint8_t type = PV_NETIF_GSO_TYPE_TCPV4) {
    pv_netif_extra_info extra{};
    extra.type = PV_NETIF_EXTRA_TYPE_GSO;
    extra.u.gso.size = size;
    extra.u.gso.type = type;
    return extra;
  }
  /// Answers that have come on the tx ring.
  std::vector<pv_netif_tx_response> answers() {
    std::vector<pv_netif_tx_response> out;
    for (; tx_consumed != tx().header.rsp_prod; ++tx_consumed) out.push_back(tx().ring[tx_consumed % PV_NETIF_TX_RING_ENTRIES].rsp);
    tx().header.rsp_event = tx_consumed + 1;
    return out;
  }
  std::vector<int> statuses() {
    std::vector<int> out;
    for (const auto& answer : answers()) out.push_back(answer.status);
    return out;
  }

  /// Posts so many pages for frames, not yet shown.
  void post(std::uint32_t count) {
    for (; count > 0; --count, ++rx_produced) {
      const std::uint32_t page = kRxPage + rx_produced % kRxPages;
      rx().ring[rx_produced % PV_NETIF_RX_RING_ENTRIES].req = {static_cast<std::uint16_t>(rx_produced), 0, TestGuest::kDataGrant + page};
    }
  }
  struct Received {
    std::string bytes;
    std::uint16_t flags = 0;
    std::uint16_t gso = 0;
    bool is_whole = true;
  };
  /// Frames that have come on the rx ring.
  std::vector<Received> received() {
    std::vector<Received> out;
    while (rx_consumed != rx().header.rsp_prod) {
      Received frame;
      bool more = true;
      for (bool is_first = true; more; is_first = false) {
        PV_CHECK(rx_consumed != rx().header.rsp_prod);
        const auto response = rx().ring[rx_consumed % PV_NETIF_RX_RING_ENTRIES].rsp;
        const std::uint32_t page = kRxPage + rx_consumed % kRxPages;
        PV_CHECK(response.id == static_cast<std::uint16_t>(rx_consumed++));
        if (response.status < 0) frame.is_whole = false;
        else frame.bytes += guest.data(page, response.offset, static_cast<std::size_t>(response.status));
        if (is_first) frame.flags = response.flags;
        if (is_first && (response.flags & PV_NETRXF_EXTRA_INFO) != 0) {
          const auto extra = rx().ring[rx_consumed++ % PV_NETIF_RX_RING_ENTRIES].extra;
          PV_CHECK(extra.type == PV_NETIF_EXTRA_TYPE_GSO);
          frame.gso = extra.u.gso.size;
        }
        more = (response.flags & PV_NETRXF_MORE_DATA) != 0;
      }
      out.push_back(std::move(frame));
    }
    rx().header.rsp_event = rx_consumed + 1;
    return out;
  }

  TestGuest guest;
  RingPages ring_pages;
  NetInterface interface;
  std::unique_ptr<NetConnection> connection;
  std::string error;  ///< why it could not connect
  std::string why;    ///< why it was switched off
  std::uint32_t tx_produced = 0, tx_consumed = 0, rx_produced = 0, rx_consumed = 0;
  std::uint16_t next_id = 100;

 private:
  NetRoom& room_;
  NetAbilities abilities_;
};

/// Three guests on a switch, with the addresses test_mac(1) to (3).
struct SwitchWorld {
  std::unique_ptr<NetRoom> room = std::make_unique<NetRoom>();
  std::uint64_t now = 0;
  NetSwitch lan{[this] { return now; }};
  std::vector<std::unique_ptr<NetTestGuest>> guests;

  SwitchWorld() {
    for (std::uint8_t i = 1; i <= 3; ++i) {
      guests.push_back(std::make_unique<NetTestGuest>(*room, test_mac(i), [&](NetSide& sink) { return lan.plug(sink, test_mac(i)); }));
    }
  }
  /// By its address's last byte.
  [[nodiscard]] NetTestGuest& guest(std::size_t number) { return *guests[number - 1]; }
};

/// A link that keeps what the guest sends.
struct LonelyWorld {
  class Link final : public NetLink {
   public:
    explicit Link(KeptFrames& kept) : kept_(kept) {}
    [[nodiscard]] bool send(const NetFrame& frame) override {
      kept_.receive(frame);
      return true;
    }
    void flush() override { kept_.flush(); }

   private:
    KeptFrames& kept_;
  };

  std::unique_ptr<NetRoom> room = std::make_unique<NetRoom>();
  KeptFrames sent;
  NetTestGuest guest{*room, test_mac(1), [this](NetSide&) { return std::make_unique<Link>(sent); }};
};

}  // namespace pvisor
