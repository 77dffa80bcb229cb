// SPDX-License-Identifier: MIT
// The fiber engine's guest memory: anonymous memory in the monitor's own address space, readable, writable and executable.
// A frame that another domain maps is moved into a memory file of one page and shown at both places; when the last mapping
// ends it moves back, so that nothing the owner writes later can be seen.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "engine/engine.hpp"

namespace pvisor::fiber {

inline constexpr std::size_t kPage = 4096;
inline constexpr int kGuestProtection = PROT_READ | PROT_WRITE | PROT_EXEC;

/// Replaces one page of a guest by fresh anonymous memory with the given content. False, with nothing changed: the host allows no
/// more mappings.
[[nodiscard]] bool put_private(std::byte* at, const std::byte* content);

class FiberRam final : public Ram {
 public:
  FiberRam(Mapping mapping, Mapping below, Mapping above)
      : mapping_(std::move(mapping)), below_(std::move(below)), above_(std::move(above)) {}
  [[nodiscard]] std::span<std::byte> bytes() const override { return mapping_.bytes(); }

  /// Before a page is replaced by a mapping that will have to end: true if restore() can be relied on, also when the process has
  /// as many mappings as the host allows, which guests can bring about.
  [[nodiscard]] bool prepare_restore();
  /// Private memory again where a page shows a mapping of its own. Precondition: prepare_restore() was true.
  void restore(std::byte* at, const std::byte* content);

 private:
  Mapping mapping_;
  Mapping spare_;           ///< a mapping to give up for one that is needed
  Mapping below_, above_;  ///< guard pages, none for a kernel that was linked to a fixed address
};

class FiberAddressSpace final : public AddressSpace {
 public:
  /// `place`: where a kernel goes that may lie anywhere; absent: where the host likes.
  explicit FiberAddressSpace(const AddressSpaceSpec& spec, std::optional<std::uint64_t> place = std::nullopt);

  [[nodiscard]] std::shared_ptr<Ram> ram() const override { return ram_; }
  [[nodiscard]] std::uint64_t virt_base() const override { return reinterpret_cast<std::uint64_t>(ram_->bytes().data()); }
  void fill_hypercall_page(std::span<std::byte, 4096> page) const override;
  [[nodiscard]] bool map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame, FrameAccess access) override;
  void unmap_foreign(std::uint64_t frame) override;
  [[nodiscard]] bool show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) override;
  [[nodiscard]] bool show_nothing(std::uint64_t frame) override;
  [[nodiscard]] bool show_own(std::uint64_t frame) override;
  [[nodiscard]] bool release(std::uint64_t first, std::uint64_t count) override;
  [[nodiscard]] bool populate(std::uint64_t first, std::uint64_t count) override;

 private:
  struct SharedFrame;
  [[nodiscard]] std::byte* host(std::uint64_t frame) const { return ram_->bytes().data() + frame * 4096; }
  [[nodiscard]] std::shared_ptr<SharedFrame> share(std::uint64_t frame);

  /// What a frame showed before another one took its place; `frame` is null when that is a special frame.
  struct Shown {
    std::shared_ptr<SharedFrame> frame;
    std::unique_ptr<std::byte[]> covered;
  };

  std::shared_ptr<FiberRam> ram_;
  std::map<std::uint64_t, std::weak_ptr<SharedFrame>> shared_;  ///< own frames that others map
  std::map<std::uint64_t, Shown> shown_;                        ///< frames of others and special ones, by own frame
};

}  // namespace pvisor::fiber
