// SPDX-License-Identifier: MIT
#include "control/confinement.hpp"

#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/host_error.hpp"
#include "base/landlock.hpp"
#include "control/allowed_calls.hpp"
#include "control/exit_status.hpp"
#include "control/terminal.hpp"

namespace pvisor {

namespace {

using State = Finding::State;

/// Sanitizers and coverage open files and trace threads whenever they like, so they keep files and calls.
#ifdef PVISOR_INSTRUMENTED
constexpr bool kIsInstrumented = true;
#else
constexpr bool kIsInstrumented = false;
#endif

void write_all(std::initializer_list<std::string_view> texts) {
  std::array<char, 256> line;
  std::size_t used = 0;
  for (const std::string_view text : texts) used += text.copy(line.data() + used, line.size() - used);
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), used);
}

/// Asking for the name allocates, which may be done here: the signal stands where the call stands, and the allocator makes no call
/// that is denied.
void on_denied_call(int, siginfo_t* info, void*) {
  restore_terminal();
  std::array<char, 16> digits;
  const auto end = fmt::format_to_n(digits.data(), digits.size(), "{}", info->si_syscall).out;
  const char* const name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);
  write_all({"pvisor: internal error: the monitor made the system call ", name != nullptr ? name : "without a name", " (",
             {digits.data(), static_cast<std::size_t>(end - digits.data())},
             "), which its own filter denies; please report it; --debug-unconfined goes without\n"});
  ::_exit(kExitHostFailure);
}

void drop_capabilities(std::uint64_t kept) {
  // Where we may not, we have none that could come back either: no_new_privs sees to that.
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept >> capability & 1) == 0) (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) throw HostError::from_errno("cannot see the monitor's capabilities", errno);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    sets[i].permitted &= static_cast<std::uint32_t>(kept >> (32 * i));
    sets[i].effective &= sets[i].permitted;
    sets[i].inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) throw HostError::from_errno("cannot give up the monitor's capabilities", errno);
}

/// Whether a call that may be made `when` belongs into the filter of a plan that needs this.
bool applies(AllowedCall::When when, const ConfinementNeeds& needs) {
  switch (when) {
    case AllowedCall::When::Always: return true;
    case AllowedCall::When::OpensFiles: return !needs.log_folders.empty() || !needs.readable_files.empty();
    case AllowedCall::When::OpensSockets: return needs.opens_sockets;
    case AllowedCall::When::RunsGuests: return needs.runs_guests;
    case AllowedCall::When::RunsNoGuests: return !needs.runs_guests;
  }
  return false;
}

class CallFilter {
 public:
  CallFilter() : context_(seccomp_init(SCMP_ACT_TRAP), seccomp_release) {
    if (context_ == nullptr) throw HostError("cannot make the filter of the monitor's system calls");
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_SSB, 1);       // the host need not slow us down for it
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, not a list
  }
  void add(const ConfinementNeeds& needs) {
    for (const AllowedCall& call : allowed_calls()) {
      if (applies(call.when, needs)) allow(call);
    }
    const scmp_arg_cmp ourselves{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()), 0};
    for (const int number : {SYS_kill, SYS_tgkill}) check(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, number, 1, &ourselves));
    for (const RefusedCall& call : refused_calls()) {
      if (!allows(call.number, needs)) check(seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(call.error)), call.number, 0));
    }
    // Of a guest in this process a call may come here, where the host cannot tell it from ours: it is a trap.
    if (needs.runs_guests) return;
    for (const int number : hostile_calls()) check(seccomp_rule_add(context_.get(), SCMP_ACT_KILL_PROCESS, number, 0));
  }
  /// False: the host has no filters.
  [[nodiscard]] bool load() { return seccomp_load(context_.get()) == 0; }

 private:
  static bool allows(int number, const ConfinementNeeds& needs) {
    return std::ranges::any_of(allowed_calls(), [&](const AllowedCall& call) { return call.number == number && applies(call.when, needs); });
  }
  void allow(const AllowedCall& call) {
    if (call.any_of.empty()) return check(seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, call.number, 0));
    for (const AllowedCall::Condition& condition : call.any_of) {
      const scmp_arg_cmp compare{condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value};
      check(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call.number, 1, &compare));
    }
  }
  void set(scmp_filter_attr attribute, std::uint32_t value) { (void)seccomp_attr_set(context_.get(), attribute, value); }
  static void check(int result) {
    if (result != 0) throw HostError::from_errno("cannot make the filter of the monitor's system calls", -result);
  }

  std::unique_ptr<void, decltype(&seccomp_release)> context_;
};

bool has_filters() {
  const std::uint32_t action = SCMP_ACT_TRAP;
  return ::syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0U, &action) == 0;
}

}  // namespace

void name_denied_calls() {
  struct sigaction action {};
  action.sa_sigaction = on_denied_call;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSYS, &action, nullptr);
}

void give_up_rights(const ConfinementNeeds& needs) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw HostError::from_errno("cannot renounce new privileges", errno);
  drop_capabilities(needs.binds_low_ports ? std::uint64_t{1} << CAP_NET_BIND_SERVICE : 0);
  if (kIsInstrumented) return;
  std::vector<LandlockRule> rules;
  for (const UniqueFd& folder : needs.log_folders) rules.push_back({folder.get(), LandlockRule::Use::KeepFiles});
  for (const UniqueFd& file : needs.readable_files) rules.push_back({file.get(), LandlockRule::Use::ReadFile});
  (void)landlock_restrict(rules, needs.opens_sockets);
}

void filter_calls(const ConfinementNeeds& needs) {
  if (kIsInstrumented) return;
  CallFilter filter;
  filter.add(needs);
  (void)filter.load();
}

std::vector<Finding> probe_confinement() {
  const int landlock = landlock_version();
  const bool is_root = ::geteuid() == 0;
  const auto finding = [](bool is_there, const char* what, std::string with, std::string without) {
    if (is_there) return Finding{State::There, what, std::move(with), true};
    return Finding{State::Weaker, what, std::move(without), true};
  };
  const auto without = [](const char* why) {
    return kIsInstrumented ? "this build is instrumented (sanitizers or coverage), whose runtime needs more than the monitor" : why;
  };
  return {
      finding(true, "no capabilities, no new privileges", "given up before the first guest runs", {}),
      finding(has_filters() && !kIsInstrumented, "a filter of its system calls", "it can start no program and make none but its usual calls",
              without("the host's kernel has no seccomp filters: who got the better of it could make any call")),
      finding(landlock > 0 && !kIsInstrumented, "Landlock", fmt::format("version {}: it opens no file by name but logs that it rotates", landlock),
              without("the host's kernel has none (Linux 5.13, and landlock in its list of security modules): the filter alone confines it")),
      finding(!is_root, "a user without root's rights", "whoever gets out has no more rights than you", "files of root's are open to whoever gets out"),
  };
}

}  // namespace pvisor
