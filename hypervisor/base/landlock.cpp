// SPDX-License-Identifier: MIT
#include "base/landlock.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/unique_fd.hpp"

namespace pvisor {

namespace {

// Numbers of linux/landlock.h, which distributions have in versions too old for what the host may know. Beside each: since which version.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr std::uint32_t kAskVersion = 1;
constexpr int kPathBeneath = 1;
constexpr std::uint64_t kWriteFile = 1U << 1, kReadFile = 1U << 2, kRemoveFile = 1U << 5, kMakeRegular = 1U << 8;
constexpr std::uint64_t kFirstFileRights = (1U << 13) - 1;
constexpr std::uint64_t kRefer = 1U << 13;     // 2
constexpr std::uint64_t kTruncate = 1U << 14;  // 3
constexpr std::uint64_t kBindAndConnectTcp = 3;  // 4
constexpr std::uint64_t kIoctlDevice = 1U << 15;  // 5
constexpr std::uint64_t kAbstractSockets = 1;     // 6

struct RulesetAttributes {
  std::uint64_t handled_files;
  std::uint64_t handled_network;  // 4
  std::uint64_t scoped;           // 6
};

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed;
  std::int32_t parent;
};

std::uint64_t file_rights(int version) {
  std::uint64_t rights = kFirstFileRights;
  if (version >= 2) rights |= kRefer;
  if (version >= 3) rights |= kTruncate;
  if (version >= 5) rights |= kIoctlDevice;
  return rights;
}

std::size_t bytes_of_attributes(int version) {
  if (version < 4) return offsetof(RulesetAttributes, handled_network);
  return version < 6 ? offsetof(RulesetAttributes, scoped) : sizeof(RulesetAttributes);
}

std::uint64_t rights_of(LandlockRule::Use use) {
  return use == LandlockRule::Use::ReadFile ? kReadFile : kWriteFile | kRemoveFile | kMakeRegular | kTruncate;
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

bool landlock_restrict(std::span<const LandlockRule> rules, bool may_use_tcp) {
  const int version = landlock_version();
  if (version == 0) return false;
  const RulesetAttributes attributes{file_rights(version), may_use_tcp ? 0 : kBindAndConnectTcp, kAbstractSockets};
  const UniqueFd ruleset(static_cast<int>(::syscall(kCreateRuleset, &attributes, bytes_of_attributes(version), 0)));
  if (!ruleset.is_open()) return false;
  for (const LandlockRule& rule : rules) {
    const PathBeneath beneath{rights_of(rule.use) & attributes.handled_files, rule.fd};
    if (::syscall(kAddRule, ruleset.get(), kPathBeneath, &beneath, 0) != 0) return false;
  }
  return ::syscall(kRestrictSelf, ruleset.get(), 0) == 0;
}

}  // namespace pvisor
