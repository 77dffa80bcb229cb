// SPDX-License-Identifier: MIT
#include "support/xenstore_rig.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace pvisor::test {
namespace {

std::string without_generation(std::uint32_t type, const std::string& reply) {
  if (type != PV_XS_DIRECTORY_PART || reply.starts_with('!')) return reply;
  return reply.substr(reply.find('\0') + 1);
}

bool changes_the_tree(std::uint32_t type) {
  return type == PV_XS_WRITE || type == PV_XS_MKDIR || type == PV_XS_RM || type == PV_XS_SET_PERMS;
}

}  // namespace

XenstoreRig::XenstoreRig(StoreQuotas quotas) : quotas_(quotas), store_(quotas), model_(quotas), first_model_(model_) {
  store_.mkdir("/s");
  store_.set_permissions("/s", {{kMonitorDomain, kRightBoth}});
  for (std::uint16_t n = 0; n < kDomains; ++n) {
    if (n != 0) add_home(store_, n);
    clients_.push_back(std::make_unique<XenstoreClient>(store_, n));
  }
  first_tree_ = store_.tree();
}

void XenstoreRig::start_over() {
  for (auto& client : clients_) client->start_over();  // before the tree, which must have no transaction open
  store_.restore(first_tree_);
  model_ = first_model_;
  for (auto& open : open_) open.clear();
  changes_ = 0;
}

std::string XenstoreRig::ask(int who, const StoreRequest& request, std::uint32_t transaction) {
  const std::string payload =
      request.type == PV_XS_RESET_WATCHES ? z("") : z(request.path) + request.rest;
  return without_generation(request.type, clients_[static_cast<std::size_t>(who)]->ask(request.type, payload, transaction));
}

bool XenstoreRig::events_agree() {
  bool agree = true;
  for (int who = 0; who < kDomains; ++who) {
    agree = clients_[static_cast<std::size_t>(who)]->take_events() == model_.take_events(who) && agree;
  }
  return agree;
}

bool XenstoreRig::request(int who, const StoreRequest& request) {
  const std::string reply = ask(who, request);
  const bool same = reply == model_.apply(who, request);
  if (reply == kOk && changes_the_tree(request.type)) ++changes_;
  if (request.type == PV_XS_RESET_WATCHES) open_[who].clear();  // it ends them, too
  return events_agree() && same;
}

std::uint32_t XenstoreRig::begin(int who) {
  const std::uint32_t transaction = clients_[static_cast<std::size_t>(who)]->begin();
  if (transaction != 0) open_[who][transaction] = {{}, changes_, true};
  return transaction;
}

std::string XenstoreRig::request_inside(int who, std::uint32_t transaction, const StoreRequest& request) {
  std::string reply = ask(who, request, transaction);
  open_[who].at(transaction).steps.emplace_back(request, reply);
  return reply;
}

/// The steps again, at once. One that was refused for want of room had no effect; room is not asked for again.
bool XenstoreRig::replay(int who, const Open& done) {
  bool agree = true;
  model_.set_node_quota(std::numeric_limits<std::size_t>::max());
  for (const auto& [request, reply] : done.steps) {
    if (reply == "!ENOSPC") continue;
    agree = (model_.apply(who, request) == reply || !done.domains_unchanged) && agree;
  }
  model_.set_node_quota(quotas_.nodes);
  return agree;
}

bool XenstoreRig::commit(int who, std::uint32_t transaction, std::string* outcome) {
  const Open done = open_[who].extract(transaction).mapped();
  const std::string reply = clients_[static_cast<std::size_t>(who)]->commit(transaction);
  if (outcome != nullptr) *outcome = reply;
  if (reply != kOk) {
    const bool has_cause = reply == "!EAGAIN" ? changes_ != done.began : reply == "!ENOSPC";
    return events_agree() && has_cause;
  }
  ++changes_;
  bool agree = replay(who, done);
  // One event for each node, though it may have changed several times, and none for what was there only in between.
  for (int watcher = 0; watcher < kDomains; ++watcher) {
    const auto possible = model_.take_events(watcher);
    for (const std::string& event : clients_[static_cast<std::size_t>(watcher)]->take_events()) {
      agree = std::find(possible.begin(), possible.end(), event) != possible.end() && agree;
    }
  }
  return agree;
}

bool XenstoreRig::abort(int who, std::uint32_t transaction) {
  open_[who].erase(transaction);
  const bool is_ok = clients_[static_cast<std::size_t>(who)]->abort(transaction) == kOk;
  return events_agree() && is_ok;
}

std::uint32_t XenstoreRig::open_transaction(int who, std::size_t which) const {
  return std::next(open_[who].begin(), static_cast<std::ptrdiff_t>(which))->first;
}

bool XenstoreRig::replace_domain(int who) {
  const auto domain = static_cast<std::uint16_t>(who);
  XenstoreConnection& connection = clients_[domain]->connection;
  connection.break_off();
  store_.release_domain(DomainId{domain});
  const bool is_empty = store_.nodes_of(DomainId{domain}) == 0;
  add_home(store_, domain);
  connection.reset();
  model_.replace_domain(who);
  ++changes_;
  open_[who].clear();
  for (auto& open : open_) {
    for (auto& [number, transaction] : open) transaction.domains_unchanged = false;
  }
  return events_agree() && is_empty;
}

bool XenstoreRig::counts_agree() const {
  bool agree = store_.tree().is_consistent() && store_.tree().size() == model_.size();
  for (std::uint16_t who = 0; who < kDomains; ++who) {
    agree = agree && store_.nodes_of(DomainId{who}) == static_cast<std::int64_t>(model_.owned_by(who));
  }
  return agree;
}

bool XenstoreRig::contents_agree(const std::vector<std::string>& paths) {
  bool agree = true;
  for (const std::string& path : paths) {
    for (const std::uint32_t type : {PV_XS_READ + 0U, PV_XS_DIRECTORY + 0U, PV_XS_GET_PERMS + 0U}) agree = request(0, {type, path, ""}) && agree;
  }
  return agree;
}

}  // namespace pvisor::test
