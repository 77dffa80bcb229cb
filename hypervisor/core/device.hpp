// SPDX-License-Identifier: MIT
// DomainDevice: whatever the monitor attaches to a domain (console, xenstore connection, block and net backends). A domain's
// memory may be replaced under it by chain-load: detach() ends every use of the old memory, attach() begins with the new.
#pragma once

namespace pvisor {

class Domain;

class DomainDevice {
 public:
  virtual ~DomainDevice() = default;
  /// The memory is in place and the boot ports exist; the guest has not run yet.
  virtual void attach(Domain& domain) = 0;
  /// The guest will not run again in this memory: take what is left in the rings, end grants, channels and requests.
  /// Also called before the domain is destroyed.
  virtual void detach() = 0;
};

}  // namespace pvisor
