// SPDX-License-Identifier: MIT
// GrantTable: version 1 grants of one domain (pvabi/grant_table.h). The entries lie in the domain's own special frames and
// may change under our eyes: an entry is taken by compare-and-exchange on its flags word together with a snapshot of domid and
// frame, and what was pinned then is what is used. Results are PV_GNTST_* values (0 or negative).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/guest_memory.hpp"
#include "core/ids.hpp"
#include "core/io_span.hpp"
#include "core/shared_page.hpp"
#include "engine/engine.hpp"

namespace pvisor {

class GrantTable;

/// One use of a grant by the monitor's backends: keeps the "in use" flags set while it lives. Movable.
class GrantUse {
 public:
  GrantUse(GrantUse&& other) noexcept;
  GrantUse& operator=(GrantUse&& other) noexcept;
  GrantUse(const GrantUse&) = delete;
  GrantUse& operator=(const GrantUse&) = delete;
  ~GrantUse();

  [[nodiscard]] GuestFrame frame() const { return frame_; }
  /// The granted page for ring use.
  [[nodiscard]] SharedPage page() const;
  /// Pins part of the page for bulk I/O; nothing if the range leaves the page.
  [[nodiscard]] std::optional<IoSpan> pin(std::uint32_t offset, std::uint32_t length) const;
  [[nodiscard]] bool copy_in(std::uint32_t offset, std::span<std::byte> out) const;
  [[nodiscard]] bool copy_out(std::uint32_t offset, std::span<const std::byte> in) const;

 private:
  friend class GrantTable;
  GrantUse(std::shared_ptr<struct GrantTableState> state, GrantRef ref, GuestFrame frame, FrameAccess access);
  void release();
  std::shared_ptr<struct GrantTableState> state_;  ///< shared with the table: a use may outlive the domain
  GrantRef ref_;
  GuestFrame frame_;
  FrameAccess access_;
};

class GrantTable {
 public:
  static constexpr std::uint32_t kMaxFrames = 32;                     ///< special frames reserved for the table
  static constexpr std::uint32_t kEntriesPerFrame = 512;              ///< 4096 / sizeof(pv_grant_entry_v1)

  /// `first_frame` is the first of kMaxFrames special frames of `memory` that hold the table; the table starts with one.
  GrantTable(DomainId self, const GuestMemory& memory, GuestFrame first_frame);
  ~GrantTable();

  /// setup_table: grows to `frames` frames (never shrinks) and returns 0, or -PV_GNTST style error. frame(i) names them.
  [[nodiscard]] std::int16_t setup(std::uint32_t frames);
  [[nodiscard]] std::uint32_t frames() const;
  [[nodiscard]] GuestFrame frame(std::uint32_t index) const;

  /// A use of grant `ref` by domain `by`. On failure `status` says why (PV_GNTST_BAD_GNTREF, _PERMISSION_DENIED...).
  [[nodiscard]] std::optional<GrantUse> use(GrantRef ref, DomainId by, FrameAccess access, std::int16_t& status);
  /// Number of uses held now; 0 after everything is given back (tests, and the chain-load check).
  [[nodiscard]] std::uint32_t uses() const;
  /// True while some use holds this frame: nothing else may be put in its place.
  [[nodiscard]] bool is_in_use(GuestFrame frame) const;

 private:
  std::shared_ptr<struct GrantTableState> state_;  ///< the table and every use of it own it together
};

/// What a domain has mapped of others by grant map: handle -> use, so that unmap is exact and death returns all.
class GrantMappings {
 public:
  static constexpr std::uint32_t kMaxMappings = 1024;
  struct Mapping {
    GrantUse use;
    GuestFrame at;            ///< frame of the mapper that shows it
    std::uint64_t host_addr;  ///< as the mapper gave it
  };
  /// Nothing if there are kMaxMappings already.
  [[nodiscard]] std::optional<GrantHandle> add(Mapping mapping);
  [[nodiscard]] bool is_full() const { return mappings_.size() >= kMaxMappings; }
  [[nodiscard]] const Mapping* find(GrantHandle handle) const;
  void remove(GrantHandle handle);
  [[nodiscard]] std::size_t size() const { return mappings_.size(); }
  /// Visits all, for death and chain-load.
  template <class F>
  void for_each(F visit) const {
    for (const auto& [handle, mapping] : mappings_) visit(mapping);
  }
  void clear() { mappings_.clear(); }

 private:
  std::unordered_map<GrantHandle, Mapping> mappings_;
  std::uint32_t next_ = 0;
};

}  // namespace pvisor
