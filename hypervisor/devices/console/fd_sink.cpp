// SPDX-License-Identifier: MIT
// FdSink: standard output without ever blocking on it and without changing it for others.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/host_error.hpp"
#include "devices/console/sinks.hpp"

namespace pvisor {

namespace {

/// What a descriptor of unknown kind is given at once when it says that it has room.
constexpr std::size_t kCarefulBytes = 256;

}  // namespace

FdSink::FdSink(Reactor& reactor, int fd, std::function<void(const std::string&)> log)
    : reactor_(reactor), fd_(fd), log_(std::move(log)) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    gone_ = true;  // closed by whoever started us
  } else if (S_ISREG(status.st_mode)) {
    way_ = Way::Plain;
  } else if (S_ISSOCK(status.st_mode)) {
    way_ = Way::Socket;
  } else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    const std::string again = "/proc/self/fd/" + std::to_string(fd);
    own_.reset(::open(again.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own_.is_open()) way_ = Way::Reopened;
  }
}

std::size_t FdSink::write(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !watch_) {
    if (gone_) return bytes.size();
    const std::size_t some = write_some(bytes.subspan(taken));
    if (some == 0 && !gone_) wait_for_room();
    taken += some;
  }
  return taken;
}

std::size_t FdSink::write_some(std::span<const std::byte> bytes) {
  ssize_t got = -1;
  if (way_ == Way::Socket) {
    got = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } else if (way_ == Way::Careful) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return 0;
    got = ::write(fd_, bytes.data(), std::min(bytes.size(), kCarefulBytes));
  } else {
    got = ::write(own_.is_open() ? own_.get() : fd_, bytes.data(), bytes.size());
  }
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  if (errno == EINTR) return write_some(bytes);
  gone_ = true;
  log_("console: output goes nowhere from now on: " + std::generic_category().message(errno));
  return bytes.size();
}

void FdSink::wait_for_room() {
  const int fd = own_.is_open() ? own_.get() : fd_;
  try {
    watch_ = reactor_.watch(fd, EPOLLOUT, [this](std::uint32_t) {
      watch_.reset();
      tell_room();
    });
  } catch (const HostError& error) {
    gone_ = true;
    log_(std::string("console: output goes nowhere from now on: ") + error.what());
  }
}

}  // namespace pvisor
