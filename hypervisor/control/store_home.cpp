// SPDX-License-Identifier: MIT
#include "control/store_home.hpp"

#include <fmt/format.h>

#include <string>

#include "core/domain.hpp"

namespace pvisor {

void StoreHome::attach(Domain& domain) {
  const DomainId id = domain.id();
  const std::string home = StorePath::home(id).text();
  const NodePermissions readable{{kMonitorDomain, kRightNone}, {id, kRightRead}};
  const NodePermissions own{{id, kRightNone}};
  const NodePermissions public_name{{kMonitorDomain, kRightRead}};
  const auto put = [&](const std::string& name, const std::string& value, const NodePermissions& permissions) {
    const std::string path = fmt::format("{}/{}", home, name);
    (void)store_.write(path, value);
    (void)store_.set_permissions(path, permissions);
  };

  (void)store_.mkdir("/local/domain");
  (void)store_.set_permissions("/local/domain", public_name);
  (void)store_.mkdir(home);
  (void)store_.set_permissions(home, readable);
  for (const char* old : {"data", "control"}) (void)store_.remove(fmt::format("{}/{}", home, old));

  put("name", domain.name(), public_name);
  put("domid", std::to_string(id.value()), readable);
  put("vm", fmt::format("/vm/{:08x}-0000-0000-0000-000000000000", id.value()), readable);
  put("memory", "", readable);
  put("memory/target", std::to_string(memory_mib_ * 1024), readable);
  put("memory/static-max", std::to_string(memory_mib_ * 1024), readable);
  put("console", "", readable);
  put("console/ring-ref", std::to_string(domain.image().console.value()), readable);
  put("console/port", std::to_string(kConsolePort.value()), readable);
  put("console/limit", "1048576", readable);
  put("console/type", "xenconsoled", readable);
  put("console/interactive", is_interactive_ ? "1" : "0", readable);  // ours: lets the loader know whether to wait for keys
  put("store", "", readable);
  put("store/ring-ref", std::to_string(domain.image().xenstore.value()), readable);
  put("store/port", std::to_string(kXenstorePort.value()), readable);
  put("cpu", "", readable);
  for (std::size_t vcpu = 0; vcpu < domain.vcpu_count(); ++vcpu) {
    put(fmt::format("cpu/{}", vcpu), "", readable);
    put(fmt::format("cpu/{}/availability", vcpu), "online", readable);
  }
  put("device", "", readable);
  put("control", "", readable);
  put("control/shutdown", "", own);
  put("data", "", own);
}

}  // namespace pvisor
