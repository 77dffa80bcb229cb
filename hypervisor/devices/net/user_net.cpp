// SPDX-License-Identifier: MIT
// The only file that knows libslirp. It is driven by three things: frames of the guest's, its sockets when they are ready, and a
// timer when it asks for one. After each of them it says anew which sockets it waits for.
#include "devices/net/user_net.hpp"

#include <fmt/format.h>
#include <slirp/libslirp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include "base/host_error.hpp"
#include "devices/net/frame_headers.hpp"
#include "devices/net/net_offload.hpp"

namespace pvisor {
namespace {

constexpr std::uint32_t kNetwork = 0x0a00'0200;
constexpr std::uint32_t kNetmask = 0xffff'ff00;
constexpr std::uint32_t kGateway = kNetwork + 2;
constexpr std::uint32_t kNameServer = kNetwork + 3;
constexpr std::uint32_t kFirstLease = kNetwork + 15;
constexpr std::size_t kMaxFrame = 1514;
constexpr std::uint64_t kMillisecondNs = 1'000'000;
/// libslirp never asks for a longer wait, but for shorter ones only when it has something to time.
constexpr std::uint32_t kNothingToTime = 1000;
/// Of a guest. With so many open it opens no more: descriptors are the whole monitor's.
constexpr std::size_t kMaxSockets = 256;

in_addr address(std::uint32_t host_order) { return {htonl(host_order)}; }

/// Both have the same five bits in another order.
std::uint32_t to_epoll(int events) {
  std::uint32_t out = 0;
  if ((events & SLIRP_POLL_IN) != 0) out |= EPOLLIN;
  if ((events & SLIRP_POLL_OUT) != 0) out |= EPOLLOUT;
  if ((events & SLIRP_POLL_PRI) != 0) out |= EPOLLPRI;
  return out;
}

int from_epoll(std::uint32_t events) {
  int out = 0;
  if ((events & EPOLLIN) != 0) out |= SLIRP_POLL_IN;
  if ((events & EPOLLOUT) != 0) out |= SLIRP_POLL_OUT;
  if ((events & EPOLLPRI) != 0) out |= SLIRP_POLL_PRI;
  if ((events & EPOLLERR) != 0) out |= SLIRP_POLL_ERR;
  if ((events & EPOLLHUP) != 0) out |= SLIRP_POLL_HUP;
  return out;
}

/// Whether libslirp may make a socket for it: all but TCP that belongs to a connection.
bool may_open_socket(std::span<const std::byte> frame) {
  const auto place = find_transport(frame);
  if (!place || !place->is_tcp) return true;
  constexpr std::uint8_t kSyn = 0x02;
  return (static_cast<std::uint8_t>(frame[place->transport + 13]) & kSyn) != 0;
}

class UserNet final : public NetLink {
 public:
  UserNet(const UserNetWorld& world, UserNetConfig config, NetSide& side)
      : world_(world),
        config_(std::move(config)),
        side_(side),
        offload_(world.room),
        serve_(world.work, [this] { serve(); }),
        timer_(world.timers, [this] { serve(); }) {
    open();
    for (const HostForward& forward : config_.forwards) {
      if (const int error = add(forward); error != 0) throw HostError::from_errno("hostfwd " + forward.to_string(), error);
    }
    (void)watch_sockets();
  }
  ~UserNet() override { close(); }

  [[nodiscard]] bool send(const NetFrame& frame) override {
    bool is_taken = true;
    offload_.adapt(frame, {.scatter = true}, [&](const NetFrame& plain) {
      if (plain.bytes.size() > kMaxFrame || (sockets_ >= kMaxSockets && may_open_socket(plain.bytes))) {
        is_taken = false;
        return;
      }
      slirp_input(slirp_, reinterpret_cast<const std::uint8_t*>(plain.bytes.data()), static_cast<int>(plain.bytes.size()));
    });
    return is_taken;
  }
  void flush() override {
    update();
    side_.flush();
  }
  /// The guest's connections end with it; the next finds the forwarded ports as they were.
  void restart() override {
    close();
    open();
    for (const HostForward& forward : config_.forwards) {
      if (const int error = add(forward); error != 0) world_.log(HostError::from_errno("hostfwd " + forward.to_string(), error).what());
    }
    (void)watch_sockets();  // libslirp times forwarded ports, too, but before anything has come there is nothing to time
  }

 private:
  /// A socket that libslirp waits for, in the order in which it said so.
  struct Wait {
    int fd;
    std::uint32_t events;
    std::uint32_t found = 0;
  };
  struct Watched {
    std::uint32_t events;
    std::unique_ptr<Reactor::Watch> watch;
  };

  void open() {
    SlirpConfig config{};
    config.version = 4;
    config.in_enabled = true;
    config.vnetwork = address(kNetwork);
    config.vnetmask = address(kNetmask);
    config.vhost = address(kGateway);
    config.vdhcp_start = address(kFirstLease);
    config.vnameserver = address(kNameServer);
    config.disable_host_loopback = !config_.host_loopback;
    slirp_ = slirp_new(&config, &kCallbacks, this);
    if (slirp_ == nullptr) throw HostError("user-mode networking: libslirp does not start");
  }
  void close() {
    timer_.disarm();
    slirp_cleanup(std::exchange(slirp_, nullptr));
    watched_.clear();
    waits_.clear();
    sockets_ = 0;
  }
  [[nodiscard]] int add(const HostForward& forward) {
    const int result = slirp_add_hostfwd(slirp_, forward.is_udp ? 1 : 0, address(forward.host_address), forward.host_port,
                                         address(forward.guest_address), forward.guest_port);
    return result == 0 ? 0 : errno;
  }

  /// A socket is ready, or time is up.
  void serve() {
    slirp_pollfds_poll(slirp_, 0, [](int index, void* self) { return static_cast<UserNet*>(self)->found(index); }, this);
    flush();
  }
  [[nodiscard]] int found(int index) {
    return index >= 0 && static_cast<std::size_t>(index) < waits_.size() ? from_epoll(waits_[static_cast<std::size_t>(index)].found) : 0;
  }

  /// Asks for which sockets and until when it waits, and does so.
  void update() {
    const std::uint32_t timeout_ms = watch_sockets();
    if (timeout_ms >= kNothingToTime) return timer_.disarm();
    timer_.arm(world_.now_ns() + timeout_ms * kMillisecondNs);
  }
  /// The part of it for sockets; returns when libslirp wants to be called again, in milliseconds.
  [[nodiscard]] std::uint32_t watch_sockets() {
    waits_.clear();
    std::uint32_t timeout_ms = kNothingToTime;
    slirp_pollfds_fill(slirp_, &timeout_ms, [](int fd, int events, void* self) { return static_cast<UserNet*>(self)->wait_for(fd, events); }, this);
    std::erase_if(watched_, [this](const auto& entry) {
      return std::none_of(waits_.begin(), waits_.end(), [&](const Wait& wait) { return wait.fd == entry.first; });
    });
    for (const Wait& wait : waits_) watch(wait);
    return timeout_ms;
  }
  int wait_for(int fd, int events) {
    waits_.push_back({fd, to_epoll(events)});
    return static_cast<int>(waits_.size() - 1);
  }
  void watch(const Wait& wait) {
    const auto found = watched_.find(wait.fd);
    if (found == watched_.end()) {
      auto watch = world_.reactor.watch(wait.fd, wait.events, [this, fd = wait.fd](std::uint32_t events) { ready(fd, events); });
      watched_.emplace(wait.fd, Watched{wait.events, std::move(watch)});
    } else if (std::exchange(found->second.events, wait.events) != wait.events) {
      found->second.watch->change(wait.events);
    }
  }
  void ready(int fd, std::uint32_t events) {
    const auto wait = std::find_if(waits_.begin(), waits_.end(), [fd](const Wait& one) { return one.fd == fd; });
    if (wait == waits_.end()) return;
    wait->found |= events;
    serve_.post();
  }

  static UserNet& self(void* opaque) { return *static_cast<UserNet*>(opaque); }
  static const SlirpCb kCallbacks;

  UserNetWorld world_;
  UserNetConfig config_;
  NetSide& side_;
  NetOffload offload_;
  Slirp* slirp_ = nullptr;
  std::size_t sockets_ = 0;
  std::vector<Wait> waits_;
  std::unordered_map<int, Watched> watched_;
  WorkItem serve_;
  Timer timer_;
};

const SlirpCb UserNet::kCallbacks = {
    .send_packet =
        [](const void* bytes, std::size_t size, void* opaque) {
          if (size >= kEthernetHeader) self(opaque).side_.receive({.bytes = {static_cast<const std::byte*>(bytes), size}});
          return static_cast<ssize_t>(size);
        },
    .guest_error = [](const char*, void*) {},  // as often as the guest likes; its frames are its own affair
    .clock_get_ns = [](void* opaque) { return static_cast<std::int64_t>(self(opaque).world_.now_ns()); },
    // Timers are for the router advertisements of IPv6 only, which is off.
    .timer_new = [](SlirpTimerCb, void*, void*) -> void* { return nullptr; },
    .timer_free = [](void*, void*) {},
    .timer_mod = [](void*, std::int64_t, void*) {},
    .register_poll_fd = [](int, void* opaque) { ++self(opaque).sockets_; },
    .unregister_poll_fd =
        [](int fd, void* opaque) {
          // It will be closed, and its number may be another's a moment later.
          UserNet& net = self(opaque);
          net.watched_.erase(fd);
          if (net.sockets_ > 0) --net.sockets_;
        },
    .notify = [](void* opaque) { self(opaque).serve_.post(); },
    .init_completed = [](Slirp*, void*) {},
    .timer_new_opaque = [](SlirpTimerId, void*, void*) -> void* { return nullptr; },
};

}  // namespace

bool has_user_net() { return true; }

std::unique_ptr<NetLink> make_user_net(const UserNetWorld& world, const UserNetConfig& config, NetSide& side) {
  return std::make_unique<UserNet>(world, config, side);
}

}  // namespace pvisor
