// SPDX-License-Identifier: MIT
#include "control/net_option.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/option_fields.hpp"

namespace pvisor {

NetTarget parse_net_target(std::string_view place, const std::string& text) {
  static constexpr std::string_view kSwitch = "switch:";
  if (!text.starts_with(kSwitch)) {
    throw HostError::usage(fmt::format("{}: expected switch:NAME, found '{}'", place, escaped(text, 64)));
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

NetSpec parse_net_option(std::string_view place, std::string_view text) {
  NetSpec net;
  net.target = parse_net_target(place, take_field(text));
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string word = take_field(text);
    if (word.starts_with("mac=")) {
      net.mac = check_mac(place, word.substr(4));
    } else {
      throw HostError::usage(fmt::format("{}: '{}' is not mac=ADDRESS", place, escaped(word, 64)));
    }
  }
  return net;
}

void assign_macs(const std::string& domain, std::vector<NetSpec>& nets) {
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (nets[i].mac.is_zero()) nets[i].mac = MacAddress::derive(domain, i);
  }
}

void check_macs(std::string_view place, const std::vector<DomainSpec>& domains) {
  std::map<std::pair<std::string, MacAddress>, std::string> seen;
  for (const DomainSpec& domain : domains) {
    for (std::size_t i = 0; i < domain.nets.size(); ++i) {
      const NetSpec& net = domain.nets[i];
      if (net.target.kind != NetTarget::Kind::Switch) continue;
      const std::string here = fmt::format("interface {} of domain {}", i, domain.name);
      const auto [first, is_new] = seen.emplace(std::pair{net.target.name, net.mac}, here);
      if (is_new) continue;
      throw HostError::usage(fmt::format("{}: {} and {} have the same address {} on switch {}; give each its own mac", place, first->second,
                                         here, net.mac.to_string(), net.target.name));
    }
  }
}

}  // namespace pvisor
