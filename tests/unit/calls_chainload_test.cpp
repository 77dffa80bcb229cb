// SPDX-License-Identifier: MIT
// chainload: what of the guest's memory becomes the request, what is refused before anything is built, and the reason's buffer.
#include <doctest/doctest.h>

#include <pvabi/errno.h>
#include <pvabi/extensions.h>
#include <pvabi/hypercalls.h>
#include <pvabi/start_info.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

/// Keeps what it was to build, and answers with the image that is ready, if one is.
struct Builder final : MonitorHooks {
  std::optional<DomainImage> build_chainload(Domain&, const ChainloadRequest& request, std::string& reason) override {
    requests.push_back(request);
    reason = "not a kernel";
    return std::exchange(ready, std::nullopt);
  }
  std::string crash_report(Domain&, const Vcpu&, const std::string& reason) override { return reason; }
  void console_io_write(Domain&, std::string_view) override {}

  std::vector<ChainloadRequest> requests;
  std::optional<DomainImage> ready;
};

/// A domain whose frame f is full of the 16-bit number f, and which lists frames in its last pages.
struct World {
  static constexpr std::uint64_t kPages = 600;
  static constexpr std::uint64_t kLists = 590;

  World() : monitor(clock, builder), domain(monitor.create_domain("loader", engine)) {
    domain.install(make_fake_image(engine, kPages));
    for (std::uint64_t frame = 0; frame < kPages; ++frame) {
      const std::vector<std::uint16_t> content(kPageSize / 2, static_cast<std::uint16_t>(frame));
      REQUIRE(domain.memory().copy_out(GuestVirt{address(frame)}, std::as_bytes(std::span(content))));
    }
  }
  [[nodiscard]] std::uint64_t address(std::uint64_t frame, std::uint64_t offset = 0) const {
    return domain.memory().virt_base().value() + frame * kPageSize + offset;
  }
  /// Puts the list at the beginning of a frame and answers its address.
  std::uint64_t list(std::uint64_t at, const std::vector<std::uint64_t>& frames) {
    REQUIRE(domain.memory().copy_out(GuestVirt{address(at)}, std::as_bytes(std::span(frames))));
    return address(at);
  }
  std::int64_t chainload(const pv_chainload& request) {
    REQUIRE(domain.memory().write(GuestVirt{address(kPages - 5)}, request));
    const HypercallExit call{PV_HC_CHAINLOAD, {address(kPages - 5)}};
    const HypercallResult result = dispatch_hypercall(monitor, *domain.vcpu(VcpuId{0}), call);
    is_gone = result.kind == HypercallResult::Kind::Gone;
    return result.value;
  }
  [[nodiscard]] std::string text_at(std::uint64_t frame, std::size_t bytes) const {
    std::string text(bytes, '?');
    REQUIRE(domain.memory().copy_in(GuestVirt{address(frame)}, std::as_writable_bytes(std::span(text))));
    return text;
  }

  FakeClock clock;
  Builder builder;
  FakeEngine engine{FakeEngine::Form::Synchronous};
  Monitor monitor;
  Domain& domain;
  bool is_gone = false;
};

std::uint16_t number_at(const std::vector<std::byte>& bytes, std::size_t offset) {
  std::uint16_t number = 0;
  std::memcpy(&number, &bytes.at(offset), sizeof number);
  return number;
}

}  // namespace

TEST_CASE("chainload gathers each object from the frames listed, in their order, the last one in part") {
  World w;
  std::vector<std::uint64_t> frames;
  for (std::uint64_t frame = 0; frame < 520; ++frame) frames.push_back(540 - frame);  // more than are read at once
  pv_chainload request{};
  request.kernel_frames = w.list(World::kLists, frames);
  request.kernel_bytes = 519 * kPageSize + 6;
  request.initrd_frames = w.list(World::kLists + 2, {7, 7});  // a frame may serve twice
  request.initrd_bytes = kPageSize + 2;
  request.cmdline_frames = w.list(World::kLists + 3, {0x41});
  request.cmdline_bytes = 1;
  request.flags = PV_CHAINLOAD_MULTIBOOT_MOD;
  CHECK(w.chainload(request) == -PV_ENOEXEC);

  REQUIRE(w.builder.requests.size() == 1);
  const ChainloadRequest& got = w.builder.requests.front();
  REQUIRE(got.kernel.size() == 519 * kPageSize + 6);
  for (std::size_t page = 0; page < 520; ++page) CHECK(number_at(got.kernel, page * kPageSize) == 540 - page);
  REQUIRE(got.initrd.size() == kPageSize + 2);
  std::vector<std::byte> initrd(got.initrd.size());
  got.initrd.copy_to(initrd);
  CHECK(number_at(initrd, kPageSize) == 7);
  CHECK(got.cmdline == "A");
  CHECK(got.multiboot_modules);
}

TEST_CASE("chainload refuses frames that do not exist, for each of the three objects, before anything is built") {
  World w;
  const std::uint64_t good = w.list(World::kLists, {1});
  const std::uint64_t bad_frame = w.list(World::kLists + 1, {World::kPages + 1000});
  const std::uint64_t no_list = w.address(World::kPages + w.domain.memory().total_pages());
  for (const std::uint64_t bad : {bad_frame, no_list}) {
    for (int object = 0; object < 3; ++object) {
      CAPTURE(object);
      pv_chainload request{};
      request.kernel_frames = object == 0 ? bad : good;
      request.initrd_frames = object == 1 ? bad : good;
      request.cmdline_frames = object == 2 ? bad : good;
      request.kernel_bytes = request.initrd_bytes = request.cmdline_bytes = 1;
      CHECK(w.chainload(request) == -PV_EFAULT);
    }
  }
  CHECK(w.builder.requests.empty());
}

TEST_CASE("chainload refuses frames whose address shows nothing, and takes what a special frame shows") {
  World w;
  pv_chainload request{};
  request.kernel_frames = w.list(World::kLists, {1});
  request.kernel_bytes = 1;
  request.initrd_frames = w.list(World::kLists + 1, {2, 3});
  request.initrd_bytes = 2 * kPageSize;
  for (const FrameView view : {FrameView::Nothing, FrameView::Released}) {
    w.domain.memory().views().set(GuestFrame(3), view);
    CHECK(w.chainload(request) == -PV_EFAULT);
    w.domain.memory().views().set(GuestFrame(3), FrameView::Own);
  }
  CHECK(w.builder.requests.empty());
  request.initrd_frames = w.list(World::kLists + 1, {2, World::kPages});
  CHECK(w.chainload(request) == -PV_ENOEXEC);
  REQUIRE(w.builder.requests.size() == 1);
  CHECK(w.builder.requests.front().initrd.size() == 2 * kPageSize);
}

TEST_CASE("chainload takes a command line of all but one byte of what fits, and not one more") {
  World w;
  pv_chainload request{};
  request.cmdline_frames = w.list(World::kLists, {1});
  request.cmdline_bytes = PV_MAX_GUEST_CMDLINE;
  CHECK(w.chainload(request) == -PV_EINVAL);
  CHECK(w.builder.requests.empty());
  request.cmdline_bytes = PV_MAX_GUEST_CMDLINE - 1;
  CHECK(w.chainload(request) == -PV_ENOEXEC);
  REQUIRE(w.builder.requests.size() == 1);
  CHECK(w.builder.requests.front().cmdline.size() == PV_MAX_GUEST_CMDLINE - 1);
}

TEST_CASE("chainload's reason is cut to its buffer with its NUL, and a buffer that is not there changes no answer") {
  World w;
  REQUIRE(w.domain.memory().copy_out(GuestVirt{w.address(5)}, std::as_bytes(std::span("################", 16))));
  pv_chainload request{};
  request.reason = w.address(5);
  request.reason_bytes = 4;
  CHECK(w.chainload(request) == -PV_ENOEXEC);
  CHECK(w.text_at(5, 6) == std::string("not\0##", 6));
  request.reason_bytes = 1;
  CHECK(w.chainload(request) == -PV_ENOEXEC);
  CHECK(w.text_at(5, 3) == std::string("\0ot", 3));
  request.reason = w.address(World::kPages + w.domain.memory().total_pages());
  request.reason_bytes = 64;
  CHECK(w.chainload(request) == -PV_ENOEXEC);
  CHECK_FALSE(w.is_gone);
}

TEST_CASE("chainload with an image leaves nobody to answer, and the domain has the new memory") {
  World w;
  w.builder.ready = make_fake_image(w.engine, 8);
  w.chainload(pv_chainload{});
  CHECK(w.is_gone);
  CHECK(w.domain.memory().ram_pages() == 8);
}
