// SPDX-License-Identifier: MIT
#include "devices/console/input.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "base/unique_fd.hpp"

namespace pvisor {

namespace {

constexpr std::size_t kReadBytes = 4096;

/// Files and some devices are refused by epoll because they are always ready.
bool is_watchable(int fd) {
  const UniqueFd probe(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  return probe.is_open() && ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

ConsoleInput::ConsoleInput(Reactor& reactor, WorkQueue& work, int fd, Console& console, ConsoleKeys special)
    : reactor_(reactor), fd_(fd), console_(&console), special_(std::move(special)), always_ready_(!is_watchable(fd)),
      work_(work, [this] { read_some(); }) {
  connect(console);
}

ConsoleInput::~ConsoleInput() { console_->set_input_room_callback({}); }

void ConsoleInput::connect(Console& console) {
  console_->set_input_room_callback({});
  console_ = &console;
  console_->set_input_room_callback([this] { listen(); });
  listen();
}

void ConsoleInput::pause() {
  paused_ = true;
  watch_.reset();
}

void ConsoleInput::resume() {
  paused_ = false;
  listen();
}

void ConsoleInput::listen() {
  // A terminal is always read, or Ctrl-] would not be seen behind keys that nobody takes.
  if (ended_ || paused_ || (special_.keys.empty() && console_->input_room() == 0)) {
    watch_.reset();
  } else if (always_ready_) {
    work_.post();
  } else if (!watch_) {
    watch_ = reactor_.watch(fd_, EPOLLIN, [this](std::uint32_t) { read_some(); });
  }
}

void ConsoleInput::read_some() {
  if (ended_ || paused_) return;
  std::array<std::byte, kReadBytes> bytes;
  const std::size_t room = special_.keys.empty() ? std::min(bytes.size(), console_->input_room()) : bytes.size();
  if (room == 0) return listen();
  // Others may share standard input: what was announced may be gone by now, and then read() would wait.
  pollfd ready{fd_, POLLIN, 0};
  if (!always_ready_ && ::poll(&ready, 1, 0) <= 0) return;
  const ssize_t got = ::read(fd_, bytes.data(), room);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return listen();
  if (got <= 0) {
    ended_ = true;
    watch_.reset();
    return;
  }
  pass_on(std::span(bytes).first(static_cast<std::size_t>(got)));
  listen();
}

void ConsoleInput::pass_on(std::span<const std::byte> typed) {
  while (!typed.empty()) {
    const auto special = std::find_first_of(typed.begin(), typed.end(), special_.keys.begin(), special_.keys.end());
    const auto keys = typed.first(static_cast<std::size_t>(special - typed.begin()));
    console_->add_input(keys.first(std::min(keys.size(), console_->input_room())));  // as a terminal does: too many keys are lost
    if (special == typed.end()) return;
    if (!special_.pressed(*special)) {
      ended_ = true;
      return;
    }
    typed = typed.subspan(keys.size() + 1);
  }
}

}  // namespace pvisor
