// SPDX-License-Identifier: MIT
#include "devices/console/pty.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "base/host_error.hpp"

namespace pvisor {

namespace {

constexpr int kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC;

}  // namespace

Pty::Pty() : master_(::posix_openpt(kFlags | O_NONBLOCK)) {
  std::array<char, 64> name{};
  if (!master_.is_open() || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
      ::ptsname_r(master_.get(), name.data(), name.size()) != 0) {
    throw HostError::from_errno("console pty: cannot get a pseudo-terminal", errno);
  }
  path_ = name.data();
  slave_.reset(::open(path_.c_str(), kFlags));
  termios mode{};
  if (!slave_.is_open() || ::tcgetattr(slave_.get(), &mode) != 0) throw HostError::from_errno("console pty " + path_, errno);
  ::cfmakeraw(&mode);
  if (::tcsetattr(slave_.get(), TCSANOW, &mode) != 0) throw HostError::from_errno("console pty " + path_, errno);
}

PtySink::PtySink(Reactor& reactor, const Pty& pty)
    : fd_(::fcntl(pty.fd(), F_DUPFD_CLOEXEC, 0)), watch_(reactor.watch(fd_.get(), 0, [this](std::uint32_t) { flush(); })) {}

std::size_t PtySink::write(std::span<const std::byte> bytes) {
  held_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  flush();
  if (held_.size() > kMaxHeld) held_.erase(0, held_.size() - kMaxHeld);
  return bytes.size();
}

void PtySink::flush() {
  const ssize_t got = ::write(fd_.get(), held_.data(), held_.size());
  if (got > 0) held_.erase(0, static_cast<std::size_t>(got));
  watch_->change(held_.empty() ? 0U : std::uint32_t{EPOLLOUT});
}

}  // namespace pvisor
