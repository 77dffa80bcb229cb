// SPDX-License-Identifier: MIT
// Sequences of xenstore requests by domain 0 and two guests, inside and outside of transactions, with guests that end and begin
// again: replies, events, counts and contents must be those of the reference model.
#include <pvabi/io/xs_wire.h>

#include <cstdlib>

#include "fuzz/fuzz_input.hpp"
#include "support/xenstore_rig.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

constexpr std::size_t kMaxSteps = 12;
constexpr std::size_t kMaxReplacements = 2;  // one costs as much as several requests, and a third shows nothing new

StoreQuotas tight() {
  StoreQuotas quotas;
  quotas.nodes = 12;
  quotas.watches = 3;
  quotas.transactions = 2;
  quotas.value_bytes = 8;
  quotas.permissions = 3;
  return quotas;
}

/// A byte: two bits for where to start, two for each of three components. Or any text.
std::string take_path(FuzzInput& input) {
  constexpr std::string_view kTops[] = {"/s", "data", "/local/domain/1/data"};
  const std::uint8_t shape = input.take<std::uint8_t>();
  if (shape == 0xff) {
    const std::string_view text = input.take_text(input.below(16));
    return std::string(text.substr(0, text.find('\0')));
  }
  std::string path(kTops[(shape & 3U) % 3]);
  for (unsigned rest = shape >> 2U; (rest & 3U) != 0; rest >>= 2U) path.append("/").push_back("-abc"[rest & 3U]);
  return path;
}

StoreRequest take_request(FuzzInput& input) {
  constexpr std::uint32_t kTypes[] = {PV_XS_READ,      PV_XS_DIRECTORY, PV_XS_DIRECTORY_PART, PV_XS_GET_PERMS, PV_XS_WRITE,
                                      PV_XS_WRITE,     PV_XS_MKDIR,     PV_XS_RM,             PV_XS_SET_PERMS, PV_XS_WATCH,
                                      PV_XS_UNWATCH, PV_XS_RESET_WATCHES};
  StoreRequest request{input.one_of(kTypes), take_path(input), ""};
  switch (request.type) {
    case PV_XS_WRITE: request.rest = std::string(input.below(10), 'v'); break;
    case PV_XS_WATCH:
    case PV_XS_UNWATCH: request.rest = z(input.below(2) == 0 ? "t" : "u"); break;
    case PV_XS_DIRECTORY_PART: request.rest = z(std::to_string(input.below(6))); break;
    case PV_XS_SET_PERMS:
      for (std::size_t words = 1 + input.below(4); words > 0; --words) {
        const std::size_t word = input.below(16);
        request.rest += z(std::string(1, "nrwb"[word & 3U]) + "0123"[word >> 2U]);
      }
      break;
    default: break;
  }
  return request;
}

bool is_for_transactions(std::uint32_t type) {
  return type != PV_XS_WATCH && type != PV_XS_UNWATCH && type != PV_XS_RESET_WATCHES;
}

void take_step(FuzzInput& input, XenstoreRig& rig, std::size_t& replacements) {
  const std::size_t choice = input.below(64);
  const int who = static_cast<int>(choice % XenstoreRig::kDomains);
  const int guest = 1 + static_cast<int>(choice % 2);
  const std::size_t open = rig.open_transactions(guest);
  switch (choice / 8) {
    case 0: (void)rig.begin(guest); break;
    case 1:
      if (open != 0) FUZZ_REQUIRE(rig.commit(guest, rig.open_transaction(guest, input.below(open))));
      break;
    case 2:
      if (choice == 16 && replacements < kMaxReplacements) {
        ++replacements;
        FUZZ_REQUIRE(rig.replace_domain(guest));
      } else if (choice == 17 && open != 0) {
        FUZZ_REQUIRE(rig.abort(guest, rig.open_transaction(guest, 0)));
      }
      break;
    case 3:
    case 4: {
      const StoreRequest request = take_request(input);
      if (open == 0 || !is_for_transactions(request.type)) break;
      (void)rig.request_inside(guest, rig.open_transaction(guest, input.below(open)), request);
      break;
    }
    default: FUZZ_REQUIRE(rig.request(who, take_request(input)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  static XenstoreRig rigs[] = {XenstoreRig(tight()), XenstoreRig(StoreQuotas{})};  // making one takes longer than the steps
  XenstoreRig& rig = rigs[input.below(2)];
  std::size_t replacements = 0;
  for (std::size_t step = 0; step < kMaxSteps && !input.is_used_up(); ++step) take_step(input, rig, replacements);
  FUZZ_REQUIRE(rig.counts_agree());
  rig.start_over();  // now, not before the next input: what an input leaves behind makes libFuzzer run it again to look for a leak
  return 0;
}
