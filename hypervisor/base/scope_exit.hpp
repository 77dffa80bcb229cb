// SPDX-License-Identifier: MIT
// ScopeExit: undo by scope. Runs its function at the end of the scope unless released.
#pragma once

#include <utility>

namespace pvisor {

template <class F>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(F function) : function_(std::move(function)) {}
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  ~ScopeExit() {
    if (armed_) function_();
  }
  void release() { armed_ = false; }

 private:
  F function_;
  bool armed_ = true;
};

}  // namespace pvisor
