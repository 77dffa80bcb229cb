// SPDX-License-Identifier: MIT
#include "devices/xenbus_backend.hpp"

#include <charconv>

#include <pvabi/io/xenbus.h>

namespace pvisor {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

XenbusBackend::XenbusBackend(Store& store, XenbusName name, XenbusDriver& driver)
    : store_(store), driver_(driver), name_(std::move(name)), state_(PV_XENBUS_STATE_CLOSED) {
  const std::string home = "/local/domain/" + std::to_string(name_.domain.value());
  const std::string device = "/" + std::to_string(name_.device);
  const std::string relative = "device/" + name_.type + device;
  backend_ = "/local/domain/0/backend/" + name_.type + "/" + std::to_string(name_.domain.value()) + device;
  frontend_ = home + "/" + relative;
  frontend_error_ = home + "/error/" + relative + "/error";
}

XenbusBackend::~XenbusBackend() {
  detach();
  store_.remove(frontend_);
  store_.remove(backend_);
}

void XenbusBackend::attach(const Nodes& backend_nodes, const Nodes& frontend_nodes) {
  detach();
  store_.remove(frontend_);
  store_.remove(backend_);
  clear_error();

  store_.mkdir(backend_);
  store_.set_permissions(backend_, {{kMonitorDomain, kRightNone}, {name_.domain, kRightRead}});
  write("frontend", frontend_);
  write("frontend-id", std::to_string(name_.domain.value()));
  write("online", "1");
  change_state(PV_XENBUS_STATE_INITIALISING);
  for (const auto& [key, value] : backend_nodes) write(key, value);

  // Nodes below inherit what the directory says, so the guest owns them, too.
  store_.mkdir(frontend_);
  store_.set_permissions(frontend_, {{name_.domain, kRightNone}, {kMonitorDomain, kRightRead}});
  store_.write(frontend_ + "/backend", backend_);
  store_.write(frontend_ + "/backend-id", "0");
  for (const auto& [key, value] : frontend_nodes) store_.write(frontend_ + "/" + key, value);
  store_.write(frontend_ + "/state", std::to_string(PV_XENBUS_STATE_INITIALISING));

  // Some front ends do not wait for this state but expect it.
  change_state(PV_XENBUS_STATE_INIT_WAIT);
  watch_ = store_.watch(frontend_ + "/state", [this](const std::string&) { frontend_changed(); });
}

void XenbusBackend::detach() {
  if (watch_ == 0) return;
  store_.unwatch(std::exchange(watch_, 0));
  disconnect();
  change_state(PV_XENBUS_STATE_CLOSED);
}

std::optional<std::string> XenbusBackend::frontend_node(std::string_view key) {
  return store_.read(frontend_ + "/" + std::string(key));
}

std::optional<std::uint32_t> XenbusBackend::frontend_number(std::string_view key) {
  const auto text = frontend_node(key);
  return text ? parse_number(*text) : std::nullopt;
}

void XenbusBackend::write(std::string_view key, std::string_view value) {
  store_.write(backend_ + "/" + std::string(key), value);
}

void XenbusBackend::fail(const std::string& why) {
  disconnect();
  report_error(why);
  change_state(PV_XENBUS_STATE_CLOSING);
}

std::uint32_t XenbusBackend::frontend_state() {
  const auto state = frontend_number("state");
  return state && *state <= PV_XENBUS_STATE_RECONFIGURED ? *state : std::uint32_t{PV_XENBUS_STATE_UNKNOWN};
}

void XenbusBackend::frontend_changed() {
  // Only the newest state is seen: a front end that went through several in the meantime is taken where it is.
  switch (frontend_state()) {
    case PV_XENBUS_STATE_INITIALISING:
      disconnect();
      return change_state(PV_XENBUS_STATE_INIT_WAIT);
    case PV_XENBUS_STATE_INITIALISED:
    case PV_XENBUS_STATE_CONNECTED:
      return connect();
    case PV_XENBUS_STATE_CLOSING:
      disconnect();
      return change_state(PV_XENBUS_STATE_CLOSING);
    case PV_XENBUS_STATE_CLOSED:
    case PV_XENBUS_STATE_UNKNOWN:
      disconnect();
      return change_state(PV_XENBUS_STATE_CLOSED);
    default:
      return;
  }
}

void XenbusBackend::connect() {
  if (connected_) return;
  if (const auto error = driver_.connect()) return report_error(*error);
  connected_ = true;
  clear_error();
  change_state(PV_XENBUS_STATE_CONNECTED);
}

void XenbusBackend::disconnect() {
  if (std::exchange(connected_, false)) driver_.disconnect();
}

void XenbusBackend::change_state(std::uint32_t state) {
  if (std::exchange(state_, state) != state) write("state", std::to_string(state));
}

void XenbusBackend::report_error(const std::string& why) {
  write("error", why);
  store_.write(frontend_error_, why);
}

void XenbusBackend::clear_error() {
  if (store_.exists(frontend_error_)) store_.remove(frontend_error_);
  if (store_.exists(backend_ + "/error")) store_.remove(backend_ + "/error");
}

}  // namespace pvisor
