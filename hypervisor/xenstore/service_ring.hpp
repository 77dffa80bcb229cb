// SPDX-License-Identifier: MIT
// XenstoreRing: moves bytes between a domain's xenstore page (pvabi/io/xs_wire.h) and its connection. It keeps its own
// copies of the indices it owns, so scribbling over them gains a guest nothing; an index of the guest's that makes no sense
// breaks the connection off and leaves the domain alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/shared_page.hpp"
#include "xenstore/connection.hpp"

namespace pvisor {

class XenstoreRing {
 public:
  struct Turn {
    bool moved = false;  ///< the guest must be notified: there is something to read, or new room to write
    bool more = false;   ///< another turn could serve more at once
  };

  /// Starts an empty ring. Precondition: the connection outlives the ring and is as new.
  XenstoreRing(SharedPage page, XenstoreConnection& connection);

  /// Moves what can be moved now and serves up to `budget` requests. Never waits for the guest.
  Turn run(std::size_t budget);

 private:
  /// True if bytes were moved.
  bool push_output();
  bool pull_input(std::size_t budget);
  void give_up(std::uint32_t error);

  SharedPage page_;
  XenstoreConnection& connection_;
  std::uint32_t request_consumer_ = 0;
  std::uint32_t reply_producer_ = 0;
  bool has_input_ = false;  ///< bytes were left in the ring by the last pull
};

}  // namespace pvisor
