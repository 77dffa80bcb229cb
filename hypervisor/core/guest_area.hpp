// SPDX-License-Identifier: MIT
// GuestArea: a struct in a guest's RAM that the monitor goes on writing to while the guest runs, such as a registered
// run-state area. Its frames are pinned, so that none of them is given away or comes to show another domain's page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/guest_memory.hpp"
#include "core/ids.hpp"
#include "core/shared_page.hpp"

namespace pvisor {

class Domain;

class GuestArea {
 public:
  static constexpr std::uint64_t kAlignment = 8;

  /// Nothing if any byte of it is not the domain's RAM, or not where it belongs.
  /// Precondition: `at` is a multiple of kAlignment, so that no word of a struct lies across two pages.
  [[nodiscard]] static std::optional<GuestArea> create(Domain& domain, GuestVirt at, std::uint32_t bytes);

  [[nodiscard]] GuestVirt at() const { return at_; }
  /// The page it begins in.
  [[nodiscard]] const SharedPage& page() const { return pieces_.front().page; }
  /// One access each, as SharedPage does it; `offset` is within the area.
  template <class T>
  [[nodiscard]] T load(std::size_t offset) const {
    return page_of(offset).template load<T>(in_page(offset));
  }
  template <class T>
  void store(std::size_t offset, T value) const {
    page_of(offset).store(in_page(offset), value);
  }

 private:
  struct Piece {
    SharedPage page;
    IoSpan pin;
  };
  GuestArea(GuestVirt at, std::vector<Piece> pieces) : at_(at), pieces_(std::move(pieces)) {}
  [[nodiscard]] const SharedPage& page_of(std::size_t offset) const {
    return pieces_[(at_.value() % kPageSize + offset) / kPageSize].page;
  }
  [[nodiscard]] std::size_t in_page(std::size_t offset) const { return (at_.value() + offset) % kPageSize; }

  GuestVirt at_;
  std::vector<Piece> pieces_;  ///< one for each page that it touches
};

}  // namespace pvisor
