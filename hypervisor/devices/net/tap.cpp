// SPDX-License-Identifier: MIT
#include "devices/net/tap.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/host_error.hpp"
#include "base/unique_fd.hpp"
#include "devices/net/net_offload.hpp"

namespace pvisor {
namespace {

/// Frames of the host's that are taken at a time.
constexpr int kBudget = 64;

class Tap final : public NetLink {
 public:
  Tap(Reactor& reactor, UniqueFd fd, NetScratch& room, NetSide& side) : fd_(std::move(fd)), offload_(room), side_(side) {
    watch_ = reactor.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { take_frames(); });
  }

  /// What the host has no room for is lost, as on any wire.
  [[nodiscard]] bool send(const NetFrame& frame) override {
    offload_.adapt(frame, {.scatter = true}, [this](const NetFrame& plain) {
      [[maybe_unused]] const ssize_t done = ::write(fd_.get(), plain.bytes.data(), plain.bytes.size());
    });
    return true;
  }
  void flush() override {}

 private:
  void take_frames() {
    for (int i = 0; i < kBudget; ++i) {
      const ssize_t got = ::read(fd_.get(), frame_.data(), frame_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno != EAGAIN) return lose();
      if (got < 0) break;
      const auto size = static_cast<std::size_t>(got);
      if (size >= kEthernetHeader) side_.receive({.bytes = std::span(frame_).first(size)});
    }
    side_.flush();
  }
  /// The device was deleted.
  void lose() {
    side_.flush();
    side_.set_carrier(false);
    watch_.reset();
  }

  UniqueFd fd_;
  NetOffload offload_;
  NetSide& side_;
  std::unique_ptr<Reactor::Watch> watch_;
  NetScratch frame_;
};

}  // namespace

std::unique_ptr<NetLink> open_tap(Reactor& reactor, const std::string& name, NetScratch& room, NetSide& side) {
  const std::string place = "tap device " + name;
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) throw HostError::from_errno(place + ": /dev/net/tun", errno);
  ifreq request{};
  static_assert(sizeof(request.ifr_name) == IFNAMSIZ);
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof(request.ifr_name) - 1));
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) throw HostError::from_errno(place, errno);
  return std::make_unique<Tap>(reactor, std::move(fd), room, side);
}

}  // namespace pvisor
