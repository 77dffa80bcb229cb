// SPDX-License-Identifier: MIT
// --net and the key "vif".
#include "control/net_option.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "base/host_error.hpp"
#include "control/cli.hpp"
#include "control/config.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::string_view, 1> kEngines{"fiber"};

std::string refusal(const std::string& option) {
  try {
    (void)parse_net_option("--net", option);
  } catch (const HostError& error) {
    return error.what();
  }
  return "accepted";
}

RunPlan plan_of(const std::string& vifs, const std::string& second = "[]") {
  return parse_config("d.json", R"({"version": 1, "domains": [{"name": "a", "kernel": "k", "vif": )" + vifs +
                                    R"(}, {"name": "b", "kernel": "k", "vif": )" + second + "}]}",
                      kEngines);
}

std::string config_refusal(const std::string& vifs, const std::string& second = "[]") {
  try {
    (void)plan_of(vifs, second);
  } catch (const HostError& error) {
    return error.what();
  }
  return "accepted";
}

CommandLine parse(std::initializer_list<std::string> words) {
  const std::vector<std::string> all(words);
  return parse_command_line(all, kEngines);
}

}  // namespace

TEST_CASE("an interface names its switch and perhaps its address") {
  const NetSpec plain = parse_net_option("--net", "switch:lan");
  CHECK(plain.target.name == "lan");
  CHECK(plain.mac.is_zero());
  CHECK(parse_net_option("--net", "switch:lan,mac=00:16:3E:01:02:03").mac.to_string() == "00:16:3e:01:02:03");
}

TEST_CASE("an interface may have a limit, a capture and forwarded ports, in both grammars") {
  const NetSpec net = parse_net_option("--net", "user,rate=1MB/s@20ms,capture=a,,b.pcap,hostfwd=tcp::8080-:80,hostfwd=tcp::8081-:81,host_loopback");
  CHECK(net.target.kind == NetTarget::Kind::User);
  CHECK(net.rate == NetRate{20'000, 20'000'000});
  CHECK(net.capture == "a,b.pcap");
  CHECK(net.user.forwards.size() == 2);
  CHECK(net.user.host_loopback);
  const auto plan = plan_of(R"([{"backend": "user", "rate": "1MB/s@20ms", "capture": "c.pcap", "hostfwd": ["tcp::8080-:80", "tcp::8081-:81"],
                                 "host_loopback": true}, {"backend": "tap:tap0"}])");
  REQUIRE(plan.domains[0].nets.size() == 2);
  CHECK(plan.domains[0].nets[0].rate == net.rate);
  CHECK(plan.domains[0].nets[0].capture == "c.pcap");
  CHECK(plan.domains[0].nets[0].user.forwards == net.user.forwards);
  CHECK(plan.domains[0].nets[1].target.kind == NetTarget::Kind::Tap);
  CHECK(plan.domains[0].nets[1].target.name == "tap0");
  CHECK(config_refusal(R"([{"backend": "user", "hostfwd": ["x"]}])").starts_with("d.json: domains[0].vif[0].hostfwd[0]: 'x' forwards nothing"));
  CHECK(config_refusal(R"([{"backend": "user", "hostfwd": [1]}])") == "d.json: domains[0].vif[0].hostfwd: expected an array of strings");
  CHECK(config_refusal(R"([{"backend": "user", "capture": ""}])") == "d.json: domains[0].vif[0].capture: expected a file name, found an empty string");
}

TEST_CASE("an interface that cannot be is refused with its place and what would be right") {
  CHECK(refusal("bridge:br0") == "--net: expected user, switch:NAME or tap:NAME, found 'bridge:br0'");
  CHECK(refusal("user:x") == "--net: expected user, switch:NAME or tap:NAME, found 'user:x'");
  CHECK(refusal("tap:") == "--net: '' is no name of a network device: 1 to 15 characters, none of them / : % or a blank");
  CHECK(refusal("tap:0123456789abcdef").starts_with("--net: '0123456789abcdef' is no name of a network device"));
  CHECK(refusal("tap:a/b").starts_with("--net: 'a/b' is no name"));
  CHECK(refusal("switch:lan,rate=fast") == "--net: 'fast' is no rate; write one as xl does: 10Mb/s, 1MB/s@20ms (at most 1s)");
  CHECK(refusal("user,hostfwd=8080:80").starts_with("--net: '8080:80' forwards nothing; write tcp:127.0.0.1:8080-:80"));
  CHECK(refusal("user,hostfwd=udp::7-:7") ==
        "--net: udp:127.0.0.1:7-10.0.2.15:7: datagrams from 127.0.0.1 can be answered only with host_loopback, too");
  CHECK(refusal("user,hostfwd=udp::7-:7,host_loopback") == "accepted");
  CHECK(refusal("switch:lan,hostfwd=tcp::1-:1") == "--net: hostfwd and host_loopback have a meaning only with user");
  CHECK(refusal("tap:t,host_loopback") == "--net: hostfwd and host_loopback have a meaning only with user");
  CHECK(refusal("switch:") == "--net: '': a switch's name has letters, digits and . - _ + (at most 64, a letter or digit first)");
  CHECK(refusal("switch:a/b").starts_with("--net: 'a/b': a switch's name"));
  CHECK(refusal("switch:lan,mac=1") ==
        "--net: '1' is no address; write six pairs of hexadecimal digits: 00:16:3e:01:02:03");
  CHECK(refusal("switch:lan,mac=00:00:00:00:00:00") ==
        "--net: 00:00:00:00:00:00 is nobody's address; an interface has an address of its own, such as 00:16:3e:01:02:03");
  CHECK(refusal("switch:lan,mac=01:16:3e:00:00:00").starts_with("--net: 01:16:3e:00:00:00 is the address of a group;"));
  CHECK(refusal("switch:lan,speed=9") == "--net: 'speed=9' is neither mac=ADDRESS, rate=RATE, capture=FILE, hostfwd=FORWARD nor host_loopback");
}

TEST_CASE("interfaces without an address get one that follows from the domain's name and their place") {
  const auto plan = plan_of(R"([{"backend": "switch:x"}, {"backend": "switch:x"}])");
  REQUIRE(plan.domains[0].nets.size() == 2);
  CHECK(plan.domains[0].nets[0].mac == MacAddress::derive("a", 0));
  CHECK(plan.domains[0].nets[1].mac == MacAddress::derive("a", 1));
  const CommandLine line = parse({"run", "k", "--name", "a", "--net", "switch:x", "--net", "switch:y,mac=02:00:00:00:00:01"});
  REQUIRE(line.plan.domains.at(0).nets.size() == 2);
  CHECK(line.plan.domains[0].nets[0].mac == MacAddress::derive("a", 0));
  CHECK(line.plan.domains[0].nets[1].target.name == "y");
}

TEST_CASE("interfaces in a description are refused by their path") {
  CHECK(config_refusal(R"([{}])") == "d.json: domains[0].vif[0].backend: missing; write where its frames go: \"user\", \"switch:lan\" or \"tap:tap0\"");
  CHECK(config_refusal(R"([{"backend": "tun"}])") == "d.json: domains[0].vif[0].backend: expected user, switch:NAME or tap:NAME, found 'tun'");
  CHECK(config_refusal(R"([{"backend": "switch:x", "mac": "x"}])").starts_with("d.json: domains[0].vif[0].mac: 'x' is no address"));
  CHECK(config_refusal(R"([{"bakend": "switch:x"}])") == "d.json: domains[0].vif[0].bakend: unknown key; did you mean backend?");
  std::string many = R"([{"backend": "switch:x"})";
  for (std::size_t i = 1; i < kMaxNets; ++i) many += R"(, {"backend": "switch:x"})";
  CHECK(config_refusal(many + "]") == "accepted");
  CHECK(config_refusal(many + R"(, {"backend": "switch:x"}])") == "d.json: domains[0].vif: 9 elements; at most 8 are allowed");
}

TEST_CASE("two interfaces of one address on one switch are refused, on two switches they are not") {
  const std::string first = R"([{"backend": "switch:x", "mac": "02:00:00:00:00:01"}])";
  CHECK(config_refusal(first, first) ==
        "d.json: interface 0 of domain a and interface 0 of domain b have the same address 02:00:00:00:00:01 on switch x; give each its own mac");
  const std::string captured = R"([{"backend": "switch:x", "capture": "c"}])";
  CHECK(config_refusal(captured, captured) ==
        "d.json: interface 0 of domain a and interface 0 of domain b have the same capture file c; give each its own capture");
  CHECK(config_refusal(first, R"([{"backend": "switch:y", "mac": "02:00:00:00:00:01"}])") == "accepted");
  CHECK_THROWS_AS((void)parse({"run", "k", "--net", "switch:x,mac=02:00:00:00:00:01", "--net", "switch:x,mac=02:00:00:00:00:01"}), HostError);
}
