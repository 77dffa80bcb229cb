// SPDX-License-Identifier: MIT
#include "control/net_option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/option_fields.hpp"

namespace pvisor {

namespace {

constexpr std::size_t kMaxTapName = 15;  // IFNAMSIZ - 1

bool is_tap_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxTapName && name != "." && name != ".." &&
         name.find_first_of("/: \t\n%") == std::string::npos && name.find('\0') == std::string::npos;
}

}  // namespace

NetTarget parse_net_target(std::string_view place, const std::string& text) {
  static constexpr std::string_view kSwitch = "switch:";
  static constexpr std::string_view kTap = "tap:";
  if (text == "user") return {NetTarget::Kind::User, {}};
  if (text.starts_with(kTap)) {
    NetTarget target{NetTarget::Kind::Tap, text.substr(kTap.size())};
    if (is_tap_name(target.name)) return target;
    throw HostError::usage(fmt::format("{}: '{}' is no name of a network device: 1 to {} characters, none of them / : % or a blank", place,
                                       escaped(target.name, 64), kMaxTapName));
  }
  if (!text.starts_with(kSwitch)) {
    throw HostError::usage(fmt::format("{}: expected user, switch:NAME or tap:NAME, found '{}'", place, escaped(text, 64)));
  }
  NetTarget target{NetTarget::Kind::Switch, text.substr(kSwitch.size())};
  if (!is_valid_domain_name(target.name)) {
    throw HostError::usage(fmt::format("{}: '{}': a switch's name has letters, digits and . - _ + (at most 64, a letter or digit first)",
                                       place, escaped(target.name, 64)));
  }
  return target;
}

MacAddress check_mac(std::string_view place, const std::string& text) {
  const auto mac = MacAddress::parse(text);
  if (!mac) {
    throw HostError::usage(fmt::format("{}: '{}' is no address; write six pairs of hexadecimal digits: 00:16:3e:01:02:03", place,
                                       escaped(text, 64)));
  }
  if (mac->is_zero() || mac->is_group()) {
    throw HostError::usage(fmt::format("{}: {} is {}; an interface has an address of its own, such as 00:16:3e:01:02:03", place,
                                       mac->to_string(), mac->is_zero() ? "nobody's address" : "the address of a group"));
  }
  return *mac;
}

NetRate check_rate(std::string_view place, const std::string& text) {
  if (const auto rate = NetRate::parse(text)) return *rate;
  throw HostError::usage(fmt::format("{}: '{}' is no rate; write one as xl does: 10Mb/s, 1MB/s@20ms (at most 1s)", place, escaped(text, 64)));
}

HostForward check_forward(std::string_view place, const std::string& text) {
  if (const auto forward = HostForward::parse(text)) return *forward;
  throw HostError::usage(fmt::format("{}: '{}' forwards nothing; write tcp:127.0.0.1:8080-:80, the host's address and port, then the guest's "
                                     "(or udp:; without addresses 127.0.0.1 and 10.0.2.15)",
                                     place, escaped(text, 64)));
}

void check_user(std::string_view place, const NetSpec& net) {
  const bool is_plain = net.user.forwards.empty() && !net.user.host_loopback;
  if (net.target.kind != NetTarget::Kind::User && !is_plain) {
    throw HostError::usage(fmt::format("{}: hostfwd and host_loopback have a meaning only with user", place));
  }
  for (const HostForward& forward : net.user.forwards) {
    const bool is_loopback = forward.host_address >> 24 == 127;
    if (!forward.is_udp || !is_loopback || net.user.host_loopback) continue;
    throw HostError::usage(fmt::format("{}: {}: datagrams from 127.0.0.1 can be answered only with host_loopback, too", place, forward.to_string()));
  }
}

NetSpec parse_net_option(std::string_view place, std::string_view text) {
  NetSpec net;
  net.target = parse_net_target(place, take_field(text));
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string word = take_field(text);
    const std::string value = word.substr(std::min(word.size(), word.find('=') + 1));
    if (word.starts_with("mac=")) {
      net.mac = check_mac(place, value);
    } else if (word.starts_with("rate=")) {
      net.rate = check_rate(place, value);
    } else if (word.starts_with("capture=") && !value.empty()) {
      net.capture = value;
    } else if (word.starts_with("hostfwd=")) {
      net.user.forwards.push_back(check_forward(place, value));
    } else if (word == "host_loopback") {
      net.user.host_loopback = true;
    } else {
      throw HostError::usage(fmt::format("{}: '{}' is neither mac=ADDRESS, rate=RATE, capture=FILE, hostfwd=FORWARD nor host_loopback",
                                         place, escaped(word, 64)));
    }
  }
  if (net.user.forwards.size() > kMaxForwards) throw HostError::usage(fmt::format("{}: more than {} of hostfwd", place, kMaxForwards));
  check_user(place, net);
  return net;
}

void assign_macs(const std::string& domain, std::vector<NetSpec>& nets) {
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (nets[i].mac.is_zero()) nets[i].mac = MacAddress::derive(domain, i);
  }
}

void check_interfaces(std::string_view place, const std::vector<DomainSpec>& domains) {
  std::map<std::string, std::string> seen;  // what nobody else may have -> who has it
  const auto check = [&](const std::string& here, const std::string& what, std::string_view advice) {
    const auto [first, is_new] = seen.emplace(what, here);
    if (is_new) return;
    throw HostError::usage(fmt::format("{}: {} and {} have the same {}; give each its own {}", place, first->second, here, what, advice));
  };
  for (const DomainSpec& domain : domains) {
    for (std::size_t i = 0; i < domain.nets.size(); ++i) {
      const NetSpec& net = domain.nets[i];
      const std::string here = fmt::format("interface {} of domain {}", i, domain.name);
      const std::string mac = net.mac.to_string();
      if (net.target.kind == NetTarget::Kind::Switch) check(here, fmt::format("address {} on switch {}", mac, net.target.name), "mac");
      if (!net.capture.empty()) check(here, "capture file " + escaped(net.capture), "capture");
    }
  }
}

}  // namespace pvisor
