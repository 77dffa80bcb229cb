// SPDX-License-Identifier: MIT
// What a policy lets a description of others do: by its text here; what a path leads to in FileRoot's cases below.
#include "control/policy.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/file_root.hpp"
#include "control/config.hpp"
#include "control/host_file.hpp"
#include "devices/block/disk_image.hpp"
#include "devices/console/sinks.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::string_view, 2> kEngines{"fiber", "other"};
const Policy kPolicy{"/srv/images", true};

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const HostError& error) {
    return error.what();
  }
  return {};
}

std::string domain(const std::string& rest) { return R"({"version": 1, "domains": [{"name": "a", )" + rest + "}]}"; }

RunPlan parse(const std::string& rest) { return parse_config("dir/d.json", domain(rest), kEngines, &kPolicy); }

std::string trust_refusal(const RunPlan& plan, const Policy& policy, bool is_root) {
  return refusal([&] { check_trust(policy, plan, "d.json", [](const std::string& name) { return name == "other"; }, is_root); });
}

/// A root with a file in it, a link out of it, and a file beside it.
struct Folder {
  Folder() {
    std::string name = "/tmp/pvisor-root-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    top = name;
    std::filesystem::create_directories(top / "root/deep");
    std::ofstream(top / "root/deep/file") << std::string(512, 'f');
    std::ofstream(top / "outside") << std::string(512, 'o');
    std::filesystem::create_symlink("../outside", top / "root/link");
    std::filesystem::create_directory_symlink("deep", top / "root/folder-link");
    REQUIRE(::mkfifo((top / "root/pipe").c_str(), 0600) == 0);
  }
  ~Folder() { std::filesystem::remove_all(top); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path top;
};

}  // namespace

TEST_CASE("a policy is read strictly") {
  const Policy policy = parse_policy("p", R"({"version": 1, "image_root": "/srv", "allow_trusted": true})");
  CHECK(policy.image_root == "/srv");
  CHECK(policy.allow_trusted);
  CHECK_FALSE(parse_policy("p", R"({"version": 1, "image_root": "/srv"})").allow_trusted);
  const auto refused = [](const char* text) { return refusal([&] { (void)parse_policy("p", text); }); };
  CHECK(refused(R"({"image_root": "/srv"})") == "p: version: missing; write \"version\": 1");
  CHECK(refused(R"({"version": 1})") == "p: image_root: missing; write the folder that holds all files of the domains");
  CHECK(refused(R"({"version": 1, "image_root": "srv"})") == "p: image_root: expected an absolute path");
  CHECK(refused(R"({"version": 1, "imageroot": "/srv"})") == "p: imageroot: unknown key; did you mean image_root?");
}

TEST_CASE("with a policy interfaces are on switches, unless it lets them into the host's network, and captures lie below its image root") {
  const auto parsed = [](const std::string& vif, bool allowed) {
    const Policy policy{"/srv/images", false, allowed};
    return refusal([&] { (void)parse_config("dir/d.json", domain(R"("kernel": "k", "vif": [)" + vif + "]"), kEngines, &policy); });
  };
  const std::string why = "dir/d.json: domains[0].vif[0].backend: the policy lets no description use the host's network (allow_host_network); "
                          "a switch is its own";
  CHECK(parsed(R"({"backend": "user"})", false) == why);
  CHECK(parsed(R"({"backend": "tap:tap0"})", false) == why);
  CHECK(parsed(R"({"backend": "user"})", true).empty());
  CHECK(parsed(R"({"backend": "switch:lan"})", false).empty());
  CHECK(parsed(R"({"backend": "switch:lan", "capture": "../c"})", false).ends_with(" is not below the image root /srv/images of the policy"));
  CHECK(parse_policy("p", R"({"version": 1, "image_root": "/srv", "allow_host_network": true})").allow_host_network);
  CHECK_FALSE(parse_policy("p", R"({"version": 1, "image_root": "/srv"})").allow_host_network);
}

TEST_CASE("with a policy names of files count from its image root and cannot leave it") {
  const RunPlan plan = parse(R"("kernel": "k.elf", "disk": [{"target": "/srv/images/x/d.img"}], "console": "file:logs/a")");
  CHECK(plan.domains[0].kernel == "k.elf");
  CHECK(plan.domains[0].disks[0].path == "x/d.img");
  CHECK(plan.domains[0].console.file == "logs/a");
  const auto refused = [](const std::string& rest) { return refusal([&] { (void)parse(rest); }); };
  const std::string why = " is not below the image root /srv/images of the policy";
  CHECK(refused(R"("kernel": "../k")") == "dir/d.json: domains[0].kernel: '../k'" + why);
  CHECK(refused(R"("kernel": "a/../../k")") == "dir/d.json: domains[0].kernel: 'a/../../k'" + why);
  CHECK(refused(R"("kernel": "/etc/passwd")") == "dir/d.json: domains[0].kernel: '/etc/passwd'" + why);
  CHECK(refused(R"("kernel": "/srv/images2/k")") == "dir/d.json: domains[0].kernel: '/srv/images2/k'" + why);
  CHECK(refused(R"("kernel": "k", "ramdisk": "/dev/mem")") == "dir/d.json: domains[0].ramdisk: '/dev/mem'" + why);
  CHECK(refused(R"("kernel": "k", "disk": [{"target": "/proc/self/mem"}])") ==
        "dir/d.json: domains[0].disk[0].target: '/proc/self/mem'" + why);
  CHECK(refused(R"("kernel": "k", "console": "file:/tmp/x")") == "dir/d.json: domains[0].console: '/tmp/x'" + why);
}

TEST_CASE("an engine that contains nothing asks for trust, a policy that gives it, and a user who is not root") {
  RunPlan plan;
  plan.domains.resize(1);
  plan.domains[0].engine = "other";
  CHECK(trust_refusal(plan, {"/srv", false}, true).empty());
  plan.domains[0].engine = "fiber";
  const std::string nothing = "d.json: domains[0]: the fiber engine contains nothing that a guest does: ";
  CHECK(trust_refusal(plan, {"/srv", true}, false) == nothing + "write \"trusted\": true if you trust its kernel as you trust a program you start");
  plan.domains[0].trusted = true;
  CHECK(trust_refusal(plan, {"/srv", false}, false) == nothing + "the policy lets no description trust its own domains (allow_trusted)");
  CHECK(trust_refusal(plan, {"/srv", true}, true) == nothing + "with a policy it is not started as root");
  CHECK(trust_refusal(plan, {"/srv", true}, false).empty());
}

TEST_CASE("below a limited root a file is opened, and no link, no other root and no device is") {
  const Folder folder;
  const FileRoot root((folder.top / "root").string());
  CHECK(root.open("deep/file", O_RDONLY | O_CLOEXEC).is_open());
  CHECK(read_host_file("deep/file", "kernel", 1024, root).size() == 512);
  for (const char* out : {"../outside", "link", "folder-link/file", "/etc/passwd", "deep/../../outside"}) {
    CAPTURE(out);
    const UniqueFd fd = root.open(out, O_RDONLY | O_CLOEXEC);
    const int error = errno;
    CHECK_FALSE(fd.is_open());
    CHECK_MESSAGE((error == EXDEV || error == ELOOP), error);
    CHECK(refusal([&] { (void)read_host_file(out, "kernel", 1024, root); }).find("leaves the image root") != std::string::npos);
    CHECK(refusal([&] { (void)DiskImage::open(out, DiskAccess::ReadOnly, root); }).find("leaves the image root") != std::string::npos);
    CHECK_THROWS_AS(FileSink(out, [](const std::string&) {}, 8, root), HostError);
  }
  CHECK(refusal([&] { (void)read_host_file("pipe", "kernel", 1024, root); }) == "kernel pipe: is a device; name a regular file");
  CHECK(refusal([&] { FileRoot("/nonexistent"); }) == "image root /nonexistent: No such file or directory");
}

TEST_CASE("a console file below a limited root is begun anew there when it is full") {
  const Folder folder;
  const FileRoot root((folder.top / "root").string());
  FileSink sink("deep/log", [](const std::string&) {}, 4, root);
  const std::string text = "12345";
  for (int i = 0; i < 2; ++i) CHECK(sink.write(std::as_bytes(std::span(text))) == text.size());
  CHECK(std::filesystem::file_size(folder.top / "root/deep/log") == 5);
  CHECK(std::filesystem::file_size(folder.top / "root/deep/log.1") == 5);
}
