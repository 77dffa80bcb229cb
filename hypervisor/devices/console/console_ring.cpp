// SPDX-License-Identifier: MIT
#include "devices/console/console_ring.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace pvisor {

namespace {

constexpr std::size_t kIn = offsetof(pv_xencons_interface, in);
constexpr std::size_t kOut = offsetof(pv_xencons_interface, out);
constexpr std::size_t kInCons = offsetof(pv_xencons_interface, in_cons);
constexpr std::size_t kInProd = offsetof(pv_xencons_interface, in_prod);
constexpr std::size_t kOutCons = offsetof(pv_xencons_interface, out_cons);
constexpr std::size_t kOutProd = offsetof(pv_xencons_interface, out_prod);

}  // namespace

ConsoleRing::ConsoleRing(SharedPage page)
    : page_(std::move(page)), out_cons_(page_.load<std::uint32_t>(kOutCons)), in_prod_(page_.load<std::uint32_t>(kInProd)) {}

bool ConsoleRing::has_output() const { return page_.load<std::uint32_t>(kOutProd) != out_cons_; }

bool ConsoleRing::peek_output(std::span<std::byte, PV_XENCONS_OUT_SIZE> out, std::size_t& count) const {
  const std::uint32_t used = page_.load<std::uint32_t>(kOutProd) - out_cons_;
  if (used > PV_XENCONS_OUT_SIZE) return false;
  const std::uint32_t at = out_cons_ & (PV_XENCONS_OUT_SIZE - 1);
  const std::uint32_t first = std::min<std::uint32_t>(used, PV_XENCONS_OUT_SIZE - at);
  page_.copy_in(kOut + at, out.first(first));
  page_.copy_in(kOut, out.subspan(first, used - first));
  count = used;
  return true;
}

bool ConsoleRing::put_input(Console& console, bool& moved) {
  if (!console.has_input()) return true;
  const std::uint32_t used = in_prod_ - page_.load<std::uint32_t>(kInCons);
  if (used > PV_XENCONS_IN_SIZE) return false;
  std::array<std::byte, PV_XENCONS_IN_SIZE> bytes;
  const std::size_t count = console.take_input(std::span(bytes).first(PV_XENCONS_IN_SIZE - used));
  for (std::size_t i = 0; i < count; ++i) in_copy_[(in_prod_ + i) & (PV_XENCONS_IN_SIZE - 1)] = bytes[i];
  const std::uint32_t at = in_prod_ & (PV_XENCONS_IN_SIZE - 1);
  const std::size_t first = std::min<std::size_t>(count, PV_XENCONS_IN_SIZE - at);
  page_.copy_out(kIn + at, std::span(bytes).first(first));
  page_.copy_out(kIn, std::span(bytes).subspan(first, count - first));
  in_prod_ += static_cast<std::uint32_t>(count);
  page_.store<std::uint32_t>(kInProd, in_prod_);
  moved |= count > 0;
  return true;
}

ConsoleRing::Moved ConsoleRing::run(Console& console, Rest rest) {
  Moved moved;
  std::array<std::byte, PV_XENCONS_OUT_SIZE> bytes;
  std::size_t count = 0;
  if (!peek_output(bytes, count)) return {false, true};
  if (count > 0) {
    const auto output = std::span(bytes).first(count);
    const std::size_t taken = rest == Rest::IsKept ? console.write_or_keep(output) : console.write(output);
    out_cons_ += static_cast<std::uint32_t>(taken);
    page_.store<std::uint32_t>(kOutCons, out_cons_);
    moved.anything = taken > 0;
  }
  moved.broken = !put_input(console, moved.anything);
  return moved;
}

void ConsoleRing::finish(Console& console) {
  std::array<std::byte, PV_XENCONS_OUT_SIZE> bytes;
  std::size_t count = 0;
  if (peek_output(bytes, count) && count > 0) {
    console.write_all(std::span(bytes).first(count));
    out_cons_ += static_cast<std::uint32_t>(count);
  }
  const std::uint32_t in_cons = page_.load<std::uint32_t>(kInCons);
  const std::uint32_t unread = in_prod_ - in_cons;
  if (unread > PV_XENCONS_IN_SIZE) return;
  for (std::uint32_t i = 0; i < unread; ++i) bytes[i] = in_copy_[(in_cons + i) & (PV_XENCONS_IN_SIZE - 1)];
  console.return_input(std::span(bytes).first(unread));
}

}  // namespace pvisor
