// SPDX-License-Identifier: MIT
// DOMAINS.json: what is accepted, and the exact words of every refusal.
#include "control/config.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "base/host_error.hpp"
#include "control/strict_json.hpp"
#include "schema_path.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::string_view, 2> kEngines{"fiber", "other"};

RunPlan parse(const std::string& text) { return parse_config("dir/d.json", text, kEngines); }
std::string file_with(const std::string& domain) { return R"({"version": 1, "domains": [)" + domain + "]}"; }
DomainSpec only_domain(const std::string& domain) { return parse(file_with(domain)).domains.at(0); }

std::string refusal_of(const std::string& text) {
  try {
    (void)parse(text);
  } catch (const HostError& error) {
    CHECK(error.kind() == HostError::Kind::Usage);
    CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return error.what();
  }
  FAIL("not refused: " << text.substr(0, 100));
  return {};
}
std::string refusal(const std::string& domain) { return refusal_of(file_with(domain)); }

}  // namespace

TEST_CASE("a small description is filled up with the defaults") {
  const DomainSpec spec = only_domain(R"({"name": "a", "kernel": "k.elf"})");
  CHECK(spec.name == "a");
  CHECK(spec.kernel == "dir/k.elf");
  CHECK(spec.memory_mib == 64);
  CHECK(spec.engine.empty());
  CHECK(spec.console.file.empty());
  CHECK(spec.on_poweroff == EndAction::Destroy);
  CHECK(spec.on_reboot == EndAction::Restart);
  CHECK(spec.on_crash == EndAction::Destroy);
}

TEST_CASE("a full description is read with paths counted from its folder") {
  const RunPlan plan = parse(R"({"version": 1, "timeout": "10s", "deterministic": true, "seed": 9, "domains": [
    {"name": "a", "kernel": "k.elf", "ramdisk": "/abs/rd", "cmdline": "x=1 y", "memory": 128, "vcpus": 1, "engine": "other",
     "disk": [{"target": "d.img"}, {"target": "../e,f.img", "vdev": "xvdf", "access": "ro"},
              {"target": "s.img", "shared": true}], "trusted": true,
     "console": "file:a.log", "on_poweroff": "restart", "on_reboot": "destroy", "on_crash": "preserve"},
    {"name": "b", "bootloader": true, "loader": "l.elf", "console": "pty", "disk": [{"target": "b.img"}]}]})");
  CHECK(plan.timeout_ns == 10'000'000'000U);
  CHECK(plan.seed == 9);
  REQUIRE(plan.domains.size() == 2);
  const DomainSpec& a = plan.domains[0];
  CHECK(a.ramdisk == "/abs/rd");
  CHECK(a.cmdline == "x=1 y");
  CHECK(a.memory_mib == 128);
  CHECK(a.engine == "other");
  REQUIRE(a.disks.size() == 3);
  CHECK(a.disks[0].path == "dir/d.img");
  CHECK(a.disks[0].vdev == "xvda");
  CHECK(a.disks[1].path == "dir/../e,f.img");
  CHECK(a.disks[1].read_only);
  CHECK_FALSE(a.disks[1].shared);
  CHECK(a.disks[2].shared);
  CHECK(a.trusted);
  CHECK(a.console.kind == ConsoleSpec::Kind::File);
  CHECK(a.console.file == "dir/a.log");
  CHECK(a.on_poweroff == EndAction::Restart);
  CHECK(a.on_reboot == EndAction::Destroy);
  CHECK(a.on_crash == EndAction::Preserve);
  CHECK(plan.domains[1].bootloader);
  CHECK(plan.domains[1].console.kind == ConsoleSpec::Kind::Pty);
  CHECK_FALSE(plan.domains[1].trusted);
  CHECK(plan.domains[1].kernel == "dir/l.elf");
}

TEST_CASE("unknown keys are refused with their path and the nearest known key") {
  CHECK(refusal_of(R"({"version": 1, "domain": []})") == "dir/d.json: domain: unknown key; did you mean domains?");
  CHECK(refusal(R"({"name": "a", "kernel": "k", "memroy": 1})") ==
        "dir/d.json: domains[0].memroy: unknown key; did you mean memory?");
  CHECK(refusal(R"({"name": "a", "kernel": "k", "disk": [{"target": "t", "vdve": "xvda"}]})") ==
        "dir/d.json: domains[0].disk[0].vdve: unknown key; did you mean vdev?");
  CHECK(refusal(R"({"name": "a", "kernel": "k", "\u001b": 1})").find("domains[0].\\x1b: unknown key; known: name") !=
        std::string::npos);
}

TEST_CASE("wrong types are refused with the path and what was expected") {
  const auto domain = [](const std::string& rest) { return refusal(R"({"name": "a", "kernel": "k", )" + rest + "}"); };
  CHECK(domain(R"("memory": "4")") == "dir/d.json: domains[0].memory: expected a whole number, found a string");
  CHECK(domain(R"("memory": 1e3)") == "dir/d.json: domains[0].memory: expected a whole number, found a fraction");
  CHECK(domain(R"("memory": -1)") == "dir/d.json: domains[0].memory: expected a whole number, found a negative one");
  CHECK(domain(R"("bootloader": 1)") == "dir/d.json: domains[0].bootloader: expected true or false, found a number");
  CHECK(domain(R"("disk": {})") == "dir/d.json: domains[0].disk: expected an array, found an object");
  CHECK(domain(R"("disk": ["d.img"])") == "dir/d.json: domains[0].disk[0]: expected an object, found a string");
  CHECK(domain(R"("cmdline": null)") == "dir/d.json: domains[0].cmdline: expected a string, found null");
  CHECK(refusal("[]") == "dir/d.json: domains[0]: expected an object, found an array");
  CHECK(refusal_of("3") == "dir/d.json: expected an object, found a number");
  CHECK(refusal_of(R"({"version": 1, "domains": {}})") == "dir/d.json: domains: expected an array, found an object");
}

TEST_CASE("wrong values are refused with the path and the remedy") {
  const auto domain = [](const std::string& rest) { return refusal(R"({"name": "a", "kernel": "k", )" + rest + "}"); };
  CHECK(domain(R"("memory": 0)") == "dir/d.json: domains[0].memory: 0 MiB is out of range; give 1M to 64G");
  CHECK(domain(R"("memory": 9223372036854775808)") ==
        "dir/d.json: domains[0].memory: 9223372036854775808 MiB is out of range; give 1M to 64G");
  CHECK(domain(R"("vcpus": 1000000)") ==
        "dir/d.json: domains[0].vcpus '1000000': out of range: a domain has 1 to 32 virtual CPUs");
  CHECK(domain(R"("engine": "kvm")") == "dir/d.json: domains[0].engine: unknown engine 'kvm': there is fiber, other");
  CHECK(domain(R"("on_crash": "explode")") ==
        "dir/d.json: domains[0].on_crash: expected one of destroy, restart, preserve, found \"explode\"");
  CHECK(domain(R"("console": "tty")") == "dir/d.json: domains[0].console: expected stdio, pty or file:NAME, found 'tty'");
  CHECK(domain(R"("console": "file:)" + std::string(5000, 'x') + "\"") ==
        "dir/d.json: domains[0].console: a file name of more than 4095 bytes");
  CHECK(domain(R"("disk": [{"target": "d", "access": "ro", "shared": true}])") ==
        "dir/d.json: domains[0].disk[0].shared: shared means that several write it; a disk that is only read is attached with ro alone");
  CHECK(domain(R"("disk": [{"target": ""}])") ==
        "dir/d.json: domains[0].disk[0].target: expected a file name, found an empty string");
  CHECK(domain(R"("disk": [{"vdev": "xvda"}])") == "dir/d.json: domains[0].disk[0].target: missing; write the file of the disk");
  CHECK(domain(R"("disk": [{"target": "d", "vdev": "/dev/xvda"}])") ==
        "dir/d.json: domains[0].disk[0].vdev: '/dev/xvda' is no name of a virtual disk; leave out /dev/: xvda");
  CHECK(domain(R"("disk": [{"target": "d", "vdev": "xvda"}, {"target": "e", "vdev": "xvda"}])") ==
        "dir/d.json: domains[0].disk: two disks are xvda; give each its own vdev");
  CHECK(domain(R"("cmdline": ")" + std::string(1024, 'x') + "\"") ==
        "dir/d.json: domains[0].cmdline: the guest's command line has 1024 bytes; at most 1023 fit");
  CHECK(refusal_of(R"({"version": 2, "domains": []})") == "dir/d.json: version: this pvisor reads version 1");
  CHECK(refusal_of(R"({"version": 1, "seed": 1, "domains": [{"name": "a", "kernel": "k"}]})") ==
        "dir/d.json: seed: has a meaning only with \"deterministic\": true");
  CHECK(refusal_of(R"({"domains": []})") == "dir/d.json: version: missing; write \"version\": 1");
  CHECK(refusal_of(R"({"version": 1, "domains": []})") ==
        "dir/d.json: domains: missing or empty; describe at least one domain");
}

TEST_CASE("a domain has either a kernel or the boot loader") {
  CHECK(refusal(R"({"name": "a"})") ==
        "dir/d.json: domains[0].kernel: missing; write the kernel's file, or \"bootloader\": true");
  CHECK(refusal(R"({"name": "a", "kernel": "k", "bootloader": true})") ==
        "dir/d.json: domains[0].kernel: given together with bootloader; the menu on the disk names the kernel");
  CHECK(refusal(R"({"name": "a", "kernel": "k", "loader": "l"})") ==
        "dir/d.json: domains[0].loader: has a meaning only with \"bootloader\": true");
  CHECK(refusal(R"({"name": "a", "bootloader": true})") ==
        "dir/d.json: domains[0].disk: missing; the boot loader needs a disk");
}

TEST_CASE("names that could reach a path or a terminal, and doubles, are refused") {
  CHECK(refusal(R"({"kernel": "k"})") == "dir/d.json: domains[0].name: missing; every domain has a name");
  for (const char* name : {"../x", "a/b", "a\\nb", "%s", "a b", "", "\\\"", ".hidden"}) {
    CHECK(refusal(std::string(R"({"kernel": "k", "name": ")") + name + "\"}").find("domains[0].name: \"") != std::string::npos);
  }
  CHECK(refusal(R"({"kernel": "k", "name": "a"}, {"kernel": "k", "name": "a"})") ==
        "dir/d.json: domains[1].name: the same as in domains[0]; give each its own");
  CHECK(refusal(R"({"kernel": "k", "name": "a", "console": "file:c"}, {"kernel": "k", "name": "b", "console": "file:c"})") ==
        "dir/d.json: domains[1].console: the same as in domains[0]; give each its own");
}

TEST_CASE("too many domains or disks are refused") {
  std::string disks = R"({"target": "d"})";
  for (int i = 0; i < 32; ++i) disks += R"(, {"target": "d"})";
  CHECK(refusal(R"({"name": "a", "kernel": "k", "disk": [)" + disks + "]}") ==
        "dir/d.json: domains[0].disk: 33 elements; at most 32 are allowed");
}

TEST_CASE("broken JSON is refused with its line") {
  CHECK(refusal_of("") == "dir/d.json:1: the JSON ends too early");
  CHECK(refusal_of("{\n\"version\": 1,\n\"version\": 1}") == "dir/d.json:3: the key \"version\" stands here twice; remove one");
  CHECK(refusal_of("{\"version\": 1}\n\n{}").find("dir/d.json:3: ") == 0);
  CHECK(refusal_of("{\"version\": 1, // no\n}").find("dir/d.json:1: ") == 0);
  CHECK(refusal_of("{\"version\":\n 0x10}").find("dir/d.json:2: ") == 0);
  CHECK(refusal_of("{\"version\": NaN}").find("dir/d.json:1: ") == 0);
  CHECK(refusal_of("\xef\xbb\xbf{}") == "dir/d.json:1: begins with a byte order mark; save it as plain UTF-8");
  CHECK(refusal_of("{\"a\":\n\"x\\u0000y\"}") == "dir/d.json:2: a string holds a NUL; remove it");
  CHECK(refusal_of("{\"a\": \"\\ud800\"}").find("dir/d.json:1: ") == 0);
  CHECK(refusal_of("{\"a\": \"\xff\"}").find("dir/d.json:1: ") == 0);
}

TEST_CASE("deep nesting and large files are refused without being followed") {
  CHECK(refusal_of(std::string(100'000, '[')) == "dir/d.json:1: nested deeper than 16");
  CHECK(refusal_of(std::string(kMaxJsonBytes + 1, ' ')) == "dir/d.json: larger than 1048576 bytes; split it");
  CHECK_NOTHROW((void)parse_strict_json("f", std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']')));
}

TEST_CASE("a description that cannot be read is a usage error") {
  CHECK_THROWS_WITH_AS((void)load_config("/nonexistent/d.json", kEngines),
                       "domain description /nonexistent/d.json: No such file or directory", HostError);
}

TEST_CASE("the schema knows exactly the keys that are read") {
  const auto schema = nlohmann::json::parse(std::ifstream(PVISOR_SCHEMA));
  const auto keys = [](const nlohmann::json& properties) {
    std::set<std::string> names;
    for (const auto& item : properties.items()) names.insert(item.key());
    return names;
  };
  const auto known = [](std::span<const std::string_view> words) { return std::set<std::string>(words.begin(), words.end()); };
  CHECK(keys(schema["properties"]) == known(config_file_keys()));
  CHECK(keys(schema["definitions"]["domain"]["properties"]) == known(config_domain_keys()));
  CHECK(keys(schema["definitions"]["disk"]["properties"]) == known(config_disk_keys()));
  CHECK(keys(schema["definitions"]["vif"]["properties"]) == known(config_vif_keys()));
}
