// SPDX-License-Identifier: MIT
// Grants of two domains to each other, to themselves and to the monitor: entries written at any time, also while in use, and
// map, unmap, copy and uses by back ends in any order, beside a model. After each step every entry is what the model says, bit for
// bit, every answer is the model's, and in the end nothing is in use.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include <pvabi/domid.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>

#include "fuzz/fuzz_input.hpp"
#include "support/changing_memory.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint32_t kRefs = 12;         ///< entries that are played with
constexpr std::uint64_t kRamPages = 12;     ///< frame 1 holds arguments, the last ones belong to the builder
constexpr std::uint64_t kFrames = 8;        ///< frames that are played with: 0 and 2 to 8

/// One domain's table as it must stand.
struct TableModel {
  struct Active {
    std::uint32_t frame, by, readers = 0, writers = 0;
  };
  std::array<pv_grant_entry_v1, kRefs> entries{};
  std::map<std::uint32_t, Active> active;
  std::vector<std::uint64_t> foreign;  ///< frames that show another domain's content

  [[nodiscard]] bool is_held(std::uint64_t frame) const {
    return std::ranges::any_of(active, [&](const auto& one) { return one.second.frame == frame; });
  }
  [[nodiscard]] bool shows_foreign(std::uint64_t frame) const { return std::ranges::count(foreign, frame) > 0; }
  [[nodiscard]] bool allows(std::uint32_t ref, std::uint32_t by, bool writing) const {
    if (ref >= kRefs) return false;  // the table is larger, but its other entries are never written
    const auto& entry = entries[ref];
    if ((entry.flags & PV_GTF_TYPE_MASK) != PV_GTF_PERMIT_ACCESS || entry.domid != by) return false;
    if (writing && (entry.flags & PV_GTF_READONLY) != 0) return false;
    if (entry.frame >= kRamPages || shows_foreign(entry.frame)) return false;
    const auto found = active.find(ref);
    return found == active.end() || (found->second.frame == entry.frame && found->second.by == by);
  }
  void take(std::uint32_t ref, std::uint32_t by, bool writing) {
    auto& entry = entries[ref];
    entry.flags |= static_cast<std::uint16_t>(writing ? PV_GTF_READING | PV_GTF_WRITING : PV_GTF_READING);
    auto& one = active.try_emplace(ref, Active{entry.frame, by}).first->second;
    ++(writing ? one.writers : one.readers);
  }
  void release(std::uint32_t ref, bool writing) {
    auto& one = active.at(ref);
    --(writing ? one.writers : one.readers);
    auto& flags = entries[ref].flags;
    if (one.writers == 0) flags &= static_cast<std::uint16_t>(~PV_GTF_WRITING);
    if (one.writers != 0 || one.readers != 0) return;
    flags &= static_cast<std::uint16_t>(~PV_GTF_READING);
    active.erase(ref);
  }
};

struct Mapping {
  std::size_t mapper, owner;
  std::uint32_t ref, handle;
  std::uint64_t frame;
  bool writing;
};

struct Held {
  GrantUse use;
  std::size_t owner;
  std::uint32_t ref;
  bool writing;
};

struct Run {
  Run() {
    for (Domain*& domain : domains) domain = &world.add_domain(kRamPages);
    memory.emplace();
    for (std::size_t i = 0; i < domains.size(); ++i) {
      memory->spare(special(i));
      for (std::uint32_t ref = 0; ref < kRefs; ++ref) models[i].entries[ref] = entry(i, ref);
    }
  }
  [[nodiscard]] std::span<std::byte> special(std::size_t i) const { return FakeWorld::space(*domains[i]).ram()->bytes().subspan(kRamPages * kPageSize); }
  [[nodiscard]] std::byte* place(std::size_t i, std::uint32_t ref) const { return &special(i)[kPageSize + ref * sizeof(pv_grant_entry_v1)]; }
  [[nodiscard]] pv_grant_entry_v1 entry(std::size_t i, std::uint32_t ref) const {
    pv_grant_entry_v1 value;
    std::memcpy(&value, place(i, ref), sizeof value);
    return value;
  }
  [[nodiscard]] static std::uint64_t any_frame(FuzzInput& input) {
    const std::uint64_t frame = input.below(kFrames + 2);
    return frame == FakeWorld::kArguments.value() ? 0 : frame > kFrames ? kRamPages + frame : frame;  // or a special one
  }
  [[nodiscard]] std::uint32_t any_domain(FuzzInput& input) const {
    const std::size_t which = input.below(4);
    return which < 2 ? domains[which]->id().value() : which == 2 ? 0 : 77;
  }
  [[nodiscard]] std::optional<std::size_t> index_of(std::uint32_t domid) const {
    for (std::size_t i = 0; i < domains.size(); ++i) {
      if (domains[i]->id().value() == domid) return i;
    }
    return std::nullopt;
  }
  template <class Op>
  Op ask(std::size_t caller, std::uint64_t command, const Op& op) {
    const std::uint64_t at = world.put(*domains[caller], op);
    memory->begin_request();
    FUZZ_REQUIRE(world.call(*domains[caller], PV_HC_GRANT_TABLE_OP, {command, at, 1}) == 0);
    FUZZ_REQUIRE(memory->second_fetches() == 0);
    Op answer;
    std::memcpy(&answer, &FakeWorld::space(*domains[caller]).ram()->bytes()[FakeWorld::kArguments.value() * kPageSize], sizeof answer);
    FUZZ_REQUIRE(answer.status <= 0);
    return answer;
  }

  void write_entry(std::size_t i, FuzzInput& input) {
    static constexpr std::uint16_t kFlags[] = {PV_GTF_PERMIT_ACCESS, PV_GTF_PERMIT_ACCESS, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY, PV_GTF_INVALID,
                                               PV_GTF_ACCEPT_TRANSFER, PV_GTF_TYPE_MASK, PV_GTF_PERMIT_ACCESS | PV_GTF_READING | PV_GTF_WRITING};
    const auto ref = static_cast<std::uint32_t>(input.below(kRefs));
    const std::uint16_t flags = input.one_of(kFlags);
    const pv_grant_entry_v1 value{flags, static_cast<std::uint16_t>(any_domain(input)), static_cast<std::uint32_t>(any_frame(input))};
    std::memcpy(place(i, ref), &value, sizeof value);
    models[i].entries[ref] = value;
  }
  void map(std::size_t caller, FuzzInput& input) {
    const std::uint32_t domid = any_domain(input);
    const auto ref = static_cast<std::uint32_t>(input.below(kRefs + 2));
    const bool writing = input.below(2) == 0;
    const std::uint64_t frame = any_frame(input);
    const std::uint32_t flags = PV_GNTMAP_HOST_MAP | (writing ? 0U : PV_GNTMAP_READONLY);
    const auto answer = ask(caller, PV_GNTTABOP_MAP_GRANT_REF,
                            pv_gnttab_map_grant_ref{FakeWorld::address(*domains[caller], GuestFrame{frame}), flags, ref, static_cast<pv_domid_t>(domid), 1, 0, 0});
    const auto owner = index_of(domid);
    const bool allowed = owner && models[*owner].allows(ref, domains[caller]->id().value(), writing);
    bool good = allowed && frame < kRamPages && !models[caller].is_held(frame) && !models[caller].shows_foreign(frame);
    const DomainImage& image = domains[caller]->image();
    for (const GuestFrame needed : {image.start_info, image.xenstore, image.console}) good = good && frame != needed.value();
    if (good && *owner == caller && models[caller].entries[ref].frame == frame) good = false;  // a page cannot stand in for itself
    if (allowed && !good) {
      // The place is looked at once the grant is in use, and the use ends with its bits cleared.
      models[*owner].take(ref, domains[caller]->id().value(), writing);
      models[*owner].release(ref, writing);
    }
    FUZZ_REQUIRE((answer.status == PV_GNTST_OKAY) == good);
    if (!good) return;
    models[*owner].take(ref, domains[caller]->id().value(), writing);
    models[caller].foreign.push_back(frame);
    mappings.push_back({caller, *owner, ref, answer.handle, frame, writing});
  }
  void unmap(std::size_t caller, FuzzInput& input) {
    const std::size_t which = input.below(32);
    const bool known = which < mappings.size();
    const std::uint64_t frame = input.below(8) == 0 ? any_frame(input) : known ? mappings[which].frame : 0;
    const std::uint32_t handle = known ? mappings[which].handle : input.take<std::uint32_t>();
    // Handles are each domain's own: this one may be good for the caller though it was made for the other.
    const auto found = std::ranges::find_if(mappings, [&](const Mapping& one) { return one.mapper == caller && one.handle == handle; });
    const bool good = found != mappings.end() && found->frame == frame;
    const auto answer = ask(caller, PV_GNTTABOP_UNMAP_GRANT_REF,
                            pv_gnttab_unmap_grant_ref{FakeWorld::address(*domains[caller], GuestFrame{frame}), 0, handle, 1});
    FUZZ_REQUIRE((answer.status == PV_GNTST_OKAY) == good);
    if (!good) return;
    models[found->owner].release(found->ref, found->writing);
    std::erase(models[caller].foreign, frame);
    mappings.erase(found);
  }
  /// One end of a copy, and whether it is a good one.
  bool choose_end(std::size_t caller, bool by_ref, bool writing, pv_gnttab_copy_ptr& end, FuzzInput& input) {
    const std::uint32_t domid = any_domain(input);
    end.domid = static_cast<pv_domid_t>(domid);
    end.offset = input.take<std::uint16_t>() % 5000;
    if (by_ref) {
      end.u.ref = static_cast<std::uint32_t>(input.below(kRefs + 2));
      const auto owner = index_of(domid);
      return owner && models[*owner].allows(end.u.ref, domains[caller]->id().value(), writing);
    }
    if (input.below(4) != 0) end.domid = PV_DOMID_SELF;
    end.u.gmfn = any_frame(input);
    return end.domid == PV_DOMID_SELF && end.u.gmfn < kRamPages && !models[caller].shows_foreign(end.u.gmfn);
  }
  /// Domain 0 is there, but has no grant table.
  [[nodiscard]] bool is_known(const pv_gnttab_copy_ptr& end, bool by_ref) const {
    return index_of(end.domid) || (!by_ref && (end.domid == PV_DOMID_SELF || end.domid == 0));
  }
  void copy(std::size_t caller, FuzzInput& input) {
    pv_gnttab_copy op{};
    op.flags = static_cast<std::uint16_t>(input.below(4));
    op.len = input.take<std::uint16_t>() % 5000;
    const bool from_ref = (op.flags & PV_GNTCOPY_SOURCE_GREF) != 0;
    const bool to_ref = (op.flags & PV_GNTCOPY_DEST_GREF) != 0;
    const bool source = choose_end(caller, from_ref, false, op.source, input);
    const bool dest = choose_end(caller, to_ref, true, op.dest, input);
    const bool fits = op.source.offset + op.len <= kPageSize && op.dest.offset + op.len <= kPageSize;
    const bool good = fits && source && dest;
    // One grant as both ends: the second use needs what the first left, which it does.
    op.status = 1;
    const auto answer = ask(caller, PV_GNTTABOP_COPY, op);
    FUZZ_REQUIRE((answer.status == PV_GNTST_OKAY) == good);
    // Both domains are looked up before either end is used, and a use, however short, ends with its bits cleared.
    if (!is_known(op.source, from_ref) || !is_known(op.dest, to_ref)) return;
    if (source) touch(caller, op.source, from_ref, false);
    if (source && dest) touch(caller, op.dest, to_ref, true);
  }
  void touch(std::size_t caller, const pv_gnttab_copy_ptr& end, bool by_ref, bool writing) {
    if (!by_ref) return;
    TableModel& model = models[*index_of(end.domid)];
    model.take(end.u.ref, domains[caller]->id().value(), writing);
    model.release(end.u.ref, writing);
  }
  void hold(std::size_t owner, FuzzInput& input) {
    const auto ref = static_cast<std::uint32_t>(input.below(kRefs));
    const bool writing = input.below(2) == 0;
    std::int16_t status = 1;
    auto use = domains[owner]->grants().use(GrantRef{ref}, kMonitorDomain, writing ? FrameAccess::ReadWrite : FrameAccess::ReadOnly, status);
    FUZZ_REQUIRE(use.has_value() == models[owner].allows(ref, 0, writing));
    if (!use) return;
    models[owner].take(ref, 0, writing);
    held.push_back({std::move(*use), owner, ref, writing});
  }
  void let_go(std::size_t which) {
    if (which >= held.size()) return;
    const auto at = held.begin() + static_cast<std::ptrdiff_t>(which);
    models[at->owner].release(at->ref, at->writing);
    held.erase(at);
  }
  void step(FuzzInput& input) {
    const std::size_t who = input.below(2);
    switch (input.below(8)) {
      case 0: case 1: return write_entry(who, input);
      case 2: case 3: return map(who, input);
      case 4: return unmap(who, input);
      case 5: return copy(who, input);
      case 6: return hold(who, input);
      default: return let_go(input.below(16));
    }
  }
  void check() const {
    for (std::size_t i = 0; i < domains.size(); ++i) {
      for (std::uint32_t ref = 0; ref < kRefs; ++ref) {
        const auto value = entry(i, ref);
        FUZZ_REQUIRE(std::memcmp(&value, &models[i].entries[ref], sizeof value) == 0);
      }
      std::uint32_t uses = 0;
      for (const auto& [ref, one] : models[i].active) uses += one.readers + one.writers;
      FUZZ_REQUIRE(domains[i]->grants().uses() == uses);
    }
  }
  /// One domain dies with all that it has mapped; the other then finds its grants unused, but for the back ends'.
  void end() {
    world.monitor.destroy_domain(domains[0]->id());
    const auto mapped_by_other = std::ranges::count_if(mappings, [](const Mapping& one) { return one.mapper == 1 && one.owner == 1; });
    const auto held_of_other = std::ranges::count_if(held, [](const Held& one) { return one.owner == 1; });
    FUZZ_REQUIRE(domains[1]->grants().uses() == static_cast<std::uint32_t>(mapped_by_other + held_of_other));
  }

  FakeWorld world;
  std::optional<ChangingMemory> memory;
  std::array<Domain*, 2> domains{};
  std::array<TableModel, 2> models;
  std::vector<Mapping> mappings;
  std::vector<Held> held;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FakeRam::is_kept = true;
  FuzzInput input(data, size);
  Run run;
  while (!input.is_used_up()) {
    run.step(input);
    run.check();
  }
  run.end();
  return 0;
}
