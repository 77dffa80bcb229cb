// SPDX-License-Identifier: MIT
// ConsoleRing: the monitor's side of the console page (pvabi/io/console.h). Its own indices are private; the guest's are
// read once and checked. A guest that breaks the rules gets a dead console, nothing more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <pvabi/io/console.h>

#include "core/shared_page.hpp"
#include "devices/console/console.hpp"

namespace pvisor {

class ConsoleRing {
 public:
  /// Begins where the indices of a new page stand: the guest has not run yet.
  explicit ConsoleRing(SharedPage page);

  struct Moved {
    bool anything = false;  ///< the guest is to be told
    bool broken = false;    ///< the indices make no sense
  };
  /// What happens to output that the sink does not take now.
  enum class Rest : std::uint8_t { StaysInRing, IsKept };
  /// Moves output to the console as far as it takes it, and input to the ring as far as it fits. At most one ring full each.
  [[nodiscard]] Moved run(Console& console, Rest rest);
  /// The last words: output that is left becomes backlog, input that was not read goes back.
  void finish(Console& console);
  /// True if the guest has put more output there since.
  [[nodiscard]] bool has_output() const;

 private:
  /// Copies up to `out.size()` bytes of the output ring; nothing is consumed. False if the ring is broken.
  [[nodiscard]] bool peek_output(std::span<std::byte, PV_XENCONS_OUT_SIZE> out, std::size_t& count) const;
  [[nodiscard]] bool put_input(Console& console, bool& moved);

  SharedPage page_;
  std::uint32_t out_cons_;
  std::uint32_t in_prod_;
  std::array<std::byte, PV_XENCONS_IN_SIZE> in_copy_{};  ///< what the input ring holds; the guest can write the ring itself
};

}  // namespace pvisor
