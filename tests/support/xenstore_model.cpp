// SPDX-License-Identifier: MIT
#include "support/xenstore_model.hpp"

#include <pvabi/io/xs_wire.h>

#include <algorithm>
#include <cstring>

#include "support/xenstore_client.hpp"

namespace pvisor::test {
namespace {

constexpr const char* kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@";

std::string home(int who) { return "/local/domain/" + std::to_string(who); }

/// Empty if it is no path.
std::string absolute(int who, const std::string& text) {
  const bool is_relative = text.empty() || text[0] != '/';
  const bool is_good = !text.empty() && text[0] != '@' && text.size() <= (is_relative ? 2048u : 3072u) &&
                       std::strspn(text.c_str(), kLetters) == text.size() && text.find("//") == std::string::npos &&
                       (text == "/" || text.back() != '/');
  if (!is_good) return "";
  return is_relative ? home(who) + "/" + text : text;
}

std::string_view up(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool inside(std::string_view path, std::string_view top) {
  return path == top || top == "/" || (path.starts_with(top) && path[top.size()] == '/');
}

template <class Node>
bool may(int who, const Node& node, char need) {
  if (who == 0 || who == node.permissions[0].second) return true;
  char has = node.permissions[0].first;
  for (std::size_t i = node.permissions.size(); i-- > 1;) {
    if (node.permissions[i].second == who) has = node.permissions[i].first;
  }
  return need != 'o' && (has == 'b' || has == need);
}

}  // namespace

XenstoreModel::XenstoreModel(StoreQuotas quotas) : quotas_(quotas) {
  nodes_["/"] = {"", {{'n', 0}}, ++births_};
  (void)apply(0, {PV_XS_MKDIR, "/s", ""});
  (void)apply(0, {PV_XS_SET_PERMS, "/s", z("b0")});
  for (int who : {1, 2}) make_home(who);
}

void XenstoreModel::make_home(int who) {
  make_for(home(who), {{'n', 0}, {'r', who}});
  make_for(home(who) + "/data", {{'n', who}});
}

/// As domain 0 would by mkdir and set_permissions, whose events are merged.
void XenstoreModel::make_for(const std::string& path, std::vector<std::pair<char, int>> permissions) {
  (void)mkdir(0, path);
  Node& node = nodes_.at(path);
  const Node before = std::exchange(node, {"", std::move(permissions), node.born});
  tell(path, &before, false);
}

std::size_t XenstoreModel::owned_by(int who) const {
  return static_cast<std::size_t>(
      std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node.second.permissions[0].second == who; }));
}

std::string XenstoreModel::apply(int who, const StoreRequest& request) {
  if (request.type == PV_XS_WATCH) return watch(who, request);
  if (request.type == PV_XS_UNWATCH) return unwatch(who, request);
  if (request.type == PV_XS_RESET_WATCHES) {
    std::erase_if(watches_, [&](const Watch& watch) { return watch.who == who; });
    return kOk;
  }
  const std::string path = absolute(who, request.path);
  return path.empty() ? "!EINVAL" : answer(who, request, path);
}

std::string XenstoreModel::answer(int who, const StoreRequest& request, const std::string& path) {
  const std::string unreadable = error_of(who, path, "r");
  switch (request.type) {
    case PV_XS_READ: return unreadable.empty() ? nodes_[path].value : unreadable;
    case PV_XS_DIRECTORY: return unreadable.empty() ? listing(path) : unreadable;
    case PV_XS_GET_PERMS: return unreadable.empty() ? words(path) : unreadable;
    case PV_XS_DIRECTORY_PART: {
      if (!unreadable.empty()) return unreadable;
      const std::string all = listing(path);
      return z(all.substr(std::min(all.size(), std::stoul(request.rest))));
    }
    case PV_XS_WRITE: return write(who, path, request.rest);
    case PV_XS_MKDIR: return mkdir(who, path);
    case PV_XS_RM: return rm(who, path);
    default: return set_permissions(who, path, request.rest);
  }
}

std::string XenstoreModel::error_of(int who, std::string_view path, std::string_view needs) const {
  std::string_view at = path;
  while (!nodes_.contains(at)) at = up(at);
  const Node& node = nodes_.find(at)->second;
  if (!std::all_of(needs.begin(), needs.end(), [&](char need) { return may(who, node, need); })) return "!EACCES";
  return at != path ? "!ENOENT" : "";
}

/// In the order of their making.
std::vector<std::string_view> XenstoreModel::children(std::string_view path) const {
  std::map<int, std::string_view> by_birth;
  for (const auto& [name, node] : nodes_) {
    if (name != path && up(name) == path) by_birth[node.born] = name;
  }
  std::vector<std::string_view> names;
  for (const auto& [born, name] : by_birth) names.push_back(name);
  return names;
}

std::string XenstoreModel::listing(const std::string& path) const {
  std::string all;
  for (const std::string_view child : children(path)) all += z(child.substr(child.rfind('/') + 1));
  return all;
}

std::string XenstoreModel::words(const std::string& path) const {
  std::string all;
  for (const auto& [letter, who] : nodes_.at(path).permissions) all += z(letter + std::to_string(who));
  return all;
}

std::vector<std::string> XenstoreModel::take_events(int who) {
  std::vector<std::string> texts;
  for (auto& [watch, text] : std::exchange(events_[who], {})) texts.push_back(std::move(text));
  return texts;
}

void XenstoreModel::fire(const Watch& watch, const std::string& path) {
  auto& waiting = events_[watch.who];
  std::pair<int, std::string> event{watch.id, path + " " + watch.token};
  if (std::find(waiting.begin(), waiting.end(), event) == waiting.end()) waiting.push_back(std::move(event));
}

void XenstoreModel::tell(const std::string& path, const Node* before, bool exact) {
  const auto now = nodes_.find(path);
  for (const Watch& watch : watches_) {
    const bool concerned = exact ? path == watch.path : inside(path, watch.path);
    const bool was_readable = before != nullptr && may(watch.who, *before, 'r');
    const bool readable = was_readable || (now != nodes_.end() && may(watch.who, now->second, 'r'));
    if (concerned && readable) fire(watch, path.substr(watch.hidden));
  }
}

void XenstoreModel::tell_special(const std::string& name) {
  for (const Watch& watch : watches_) {
    if (watch.path == name) fire(watch, name);
  }
}

std::string XenstoreModel::create(int who, const std::string& path, const std::string& value) {
  std::vector<std::string> missing;
  std::string_view at = path;
  for (; !nodes_.contains(at); at = up(at)) missing.emplace_back(at);
  auto permissions = nodes_.find(at)->second.permissions;
  if (who != 0) permissions[0].second = who;
  if (who != 0 && owned_by(who) + missing.size() > quotas_.nodes) return "!ENOSPC";
  for (std::size_t i = missing.size(); i-- > 0;) nodes_[missing[i]] = {i == 0 ? value : "", permissions, ++births_};
  tell(path, nullptr, false);
  return kOk;
}

std::string XenstoreModel::write(int who, const std::string& path, const std::string& value) {
  const std::string error = error_of(who, path, "w");
  if (!error.empty() && error != "!ENOENT") return error;
  if (who != 0 && value.size() > quotas_.value_bytes) return "!ENOSPC";
  if (!error.empty()) return create(who, path, value);
  nodes_[path].value = value;
  tell(path, nullptr, false);
  return kOk;
}

std::string XenstoreModel::mkdir(int who, const std::string& path) {
  const std::string error = error_of(who, path, "w");
  if (error.empty()) return kOk;
  return error == "!ENOENT" ? create(who, path, "") : error;
}

std::string XenstoreModel::rm(int who, const std::string& path) {
  const std::string error = error_of(who, path, "w");
  if (!error.empty()) return error == "!ENOENT" && nodes_.contains(up(path)) ? kOk : error;
  if (path == "/") return "!EINVAL";
  std::vector<std::string> order{path};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const std::string_view child : children(order[i])) order.emplace_back(child);
  }
  Nodes gone;
  for (const std::string& each : order) gone.insert(nodes_.extract(each));
  for (const std::string& each : order) tell(each, &gone[each], each != path);
  return kOk;
}

std::string XenstoreModel::set_permissions(int who, const std::string& path, const std::string& rest) {
  std::vector<std::pair<char, int>> permissions;
  for (const auto word : split_strings(rest)) permissions.emplace_back(word[0], std::stoi(std::string(word.substr(1))));
  const std::string error = error_of(who, path, "wo");
  if (!error.empty()) return error;
  if (who != 0 && permissions[0].second != nodes_[path].permissions[0].second) return "!EACCES";
  if (who != 0 && permissions.size() > quotas_.permissions) return "!ENOSPC";
  const auto is_unknown = [](const auto& entry) { return entry.second > 2; };
  if (who != 0) permissions.erase(std::remove_if(permissions.begin() + 1, permissions.end(), is_unknown), permissions.end());
  const Node before = nodes_[path];
  nodes_[path].permissions = permissions;
  tell(path, &before, false);
  return kOk;
}

std::string XenstoreModel::watch(int who, const StoreRequest& request) {
  const bool is_special = request.path == "@introduceDomain" || request.path == "@releaseDomain";
  const std::string path = is_special ? request.path : absolute(who, request.path);
  const std::string token = request.rest.substr(0, request.rest.find('\0'));
  if (path.empty()) return "!EINVAL";
  if (is_special && who != 0) return "!EACCES";
  std::size_t mine = 0;
  for (const Watch& watch : watches_) {
    if (watch.who != who) continue;
    if (watch.path == path && watch.token == token) return "!EEXIST";
    ++mine;
  }
  if (who != 0 && mine >= quotas_.watches) return "!E2BIG";
  watches_.push_back({++last_watch_, who, path, token, path.size() - request.path.size()});
  fire(watches_.back(), request.path);
  return kOk;
}

std::string XenstoreModel::unwatch(int who, const StoreRequest& request) {
  const bool is_special = request.path == "@introduceDomain" || request.path == "@releaseDomain";
  const std::string path = is_special ? request.path : absolute(who, request.path);
  const std::string token = request.rest.substr(0, request.rest.find('\0'));
  const auto is_same = [&](const Watch& watch) { return watch.who == who && watch.path == path && watch.token == token; };
  return std::erase_if(watches_, is_same) != 0 ? kOk : "!ENOENT";
}

void XenstoreModel::replace_domain(int who) {
  std::erase_if(watches_, [&](const Watch& watch) { return watch.who == who; });
  events_[who].clear();
  (void)rm(0, home(who));
  std::vector<std::string> owned;
  for (const auto& [path, node] : nodes_) {
    if (node.permissions[0].second == who) owned.push_back(path);
  }
  for (const std::string& path : owned) (void)rm(0, path);
  for (auto& [path, node] : nodes_) {
    auto& permissions = node.permissions;
    const auto is_gone = [&](const auto& entry) { return entry.second == who; };
    permissions.erase(std::remove_if(permissions.begin() + 1, permissions.end(), is_gone), permissions.end());
  }
  tell_special("@releaseDomain");
  tell_special("@introduceDomain");
  make_home(who);
}

}  // namespace pvisor::test
