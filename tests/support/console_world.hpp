// SPDX-License-Identifier: MIT
// ConsoleWorld: a domain with a console, and the guest's side of its ring, honest or hostile: every index can be set.
#pragma once

#include <pvabi/io/console.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "devices/console/console_device.hpp"
#include "support/console_test_sink.hpp"
#include "support/fake_engine_world.hpp"

namespace pvisor {

/// A domain with a console and the guest's side of its ring.
class ConsoleWorld {
 public:
  ConsoleWorld()
      : console(sink, [this](const std::string& line) { log.push_back(line); }), domain(world.add_domain()) {
    auto made = std::make_unique<ConsoleDevice>(console, world.monitor.work());
    device = made.get();
    domain.add_device(std::move(made));
  }
  ~ConsoleWorld() { world.monitor.destroy_domain(domain.id()); }

  [[nodiscard]] SharedPage page() const { return domain.memory().share(domain.image().console).value(); }
  void set(std::size_t offset, std::uint32_t value) const { page().store<std::uint32_t>(offset, value); }
  [[nodiscard]] std::uint32_t get(std::size_t offset) const { return page().load<std::uint32_t>(offset); }

  /// The guest prints what fits; answers how much that was.
  std::size_t print(std::string_view text) const {
    const std::uint32_t cons = get(kOutCons);
    std::uint32_t prod = get(kOutProd);
    std::size_t count = 0;
    for (; count < text.size() && prod - cons < PV_XENCONS_OUT_SIZE; ++count, ++prod) {
      page().copy_out(kOut + (prod & (PV_XENCONS_OUT_SIZE - 1)), bytes_of(text.substr(count, 1)));
    }
    set(kOutProd, prod);
    return count;
  }
  /// The guest reads all there is.
  [[nodiscard]] std::string read() const {
    std::string text;
    std::uint32_t cons = get(kInCons);
    for (; cons != get(kInProd); ++cons) {
      text += static_cast<char>(page().load<std::uint8_t>(kIn + (cons & (PV_XENCONS_IN_SIZE - 1))));
    }
    set(kInCons, cons);
    return text;
  }
  void ring_doorbell() { PV_CHECK(domain.events().send(kConsolePort) == 0); }
  void turns(int count = 8) {
    for (int i = 0; i < count; ++i) world.monitor.work().run_turn();
  }
  void chainload() { domain.install(make_fake_image(world.engine, FakeWorld::kRamPages)); }

  /// An image whose console's indices do not begin at 0.
  [[nodiscard]] DomainImage image_with_indices(std::uint32_t index) {
    DomainImage image = make_fake_image(world.engine, FakeWorld::kRamPages);
    const auto page_bytes = image.space->ram()->bytes().subspan(image.console.value() * kPageSize, kPageSize);
    for (const std::size_t offset : {kOutCons, kOutProd}) std::memcpy(&page_bytes[offset], &index, sizeof index);
    return image;
  }

  static constexpr std::size_t kIn = offsetof(pv_xencons_interface, in);
  static constexpr std::size_t kOut = offsetof(pv_xencons_interface, out);
  static constexpr std::size_t kInCons = offsetof(pv_xencons_interface, in_cons);
  static constexpr std::size_t kInProd = offsetof(pv_xencons_interface, in_prod);
  static constexpr std::size_t kOutCons = offsetof(pv_xencons_interface, out_cons);
  static constexpr std::size_t kOutProd = offsetof(pv_xencons_interface, out_prod);

  FakeWorld world;
  FakeSink sink;
  std::vector<std::string> log;
  Console console;
  Domain& domain;
  ConsoleDevice* device = nullptr;
};

}  // namespace pvisor
