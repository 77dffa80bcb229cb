// SPDX-License-Identifier: MIT
// pvisor: from the command line to the exit status. The one place where errors of the host and of usage are caught.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/host_error.hpp"
#include "control/cli.hpp"
#include "control/config.hpp"
#include "control/confinement.hpp"
#include "control/doctor.hpp"
#include "control/exit_status.hpp"
#include "control/policy.hpp"
#include "control/terminal.hpp"
#include "control/toolstack.hpp"
#include "engine/registry.hpp"

namespace {

using namespace pvisor;

void choose_engines(RunPlan& plan) {
  for (DomainSpec& spec : plan.domains) {
    if (spec.engine.empty()) spec.engine = default_engine(plan.seed.has_value());
  }
}

RunPlan make_plan(CommandLine line) {
  if (line.config_file.empty()) {
    choose_engines(line.plan);
    return std::move(line.plan);
  }
  std::optional<Policy> policy;
  if (!line.policy_file.empty()) policy = load_policy(line.policy_file);
  RunPlan plan = load_config(line.config_file, engine_names(), policy ? &*policy : nullptr);
  if (line.plan.seed) plan.seed = line.plan.seed;
  plan.statistics = plan.statistics || line.plan.statistics;
  plan.is_strict = line.plan.is_strict;
  plan.is_unconfined = line.plan.is_unconfined;
  if (line.plan.timeout_ns) plan.timeout_ns = line.plan.timeout_ns;
  for (DomainSpec& spec : plan.domains) {
    if (line.engine_override) spec.engine = *line.engine_override;
    if (line.no_reboot) spec.on_reboot = EndAction::Destroy;
  }
  choose_engines(plan);
  if (policy) {
    check_trust(*policy, plan, line.config_file, engine_isolates, ::geteuid() == 0);
    plan.image_root = policy->image_root;
  }
  return plan;
}

/// A descriptor that our starter closed would become some file of ours, and guests would talk to that.
void fill_standard_descriptors() {
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
  }
}

/// Every guest costs descriptors; the default limit is for programs that are not hosts.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) throw HostError::from_errno("standard output", errno);
}

int doctor() {
  const Diagnosis diagnosis = diagnose(probe_engines(), probe_host(), probe_confinement());
  print(diagnosis.text);
  return diagnosis.can_run ? kExitSuccess : kExitHostFailure;
}

/// Before anything is opened.
void refuse_what_is_not_strict(const RunPlan& plan) {
  std::vector<EngineProbe> used = probe_engines();
  std::erase_if(used, [&](const EngineProbe& engine) {
    return std::ranges::none_of(plan.domains, [&](const DomainSpec& spec) { return spec.engine == engine.name; });
  });
  check_strict(used, probe_confinement());
}

int run(const std::vector<std::string>& words) {
  CommandLine line = parse_command_line(words, engine_names());
  if (!line.text.empty()) {
    print(line.text);
    return kExitSuccess;
  }
  if (line.doctor) return doctor();
  raise_descriptor_limit();
  name_denied_calls();
  restore_terminal_on_fatal_signals();
  RunPlan plan = make_plan(std::move(line));
  if (plan.is_strict) refuse_what_is_not_strict(plan);
  Toolstack toolstack(std::move(plan));
  return toolstack.run();
}

int fail(const char* why, int status) {
  std::fprintf(stderr, "pvisor: %s\n", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  try {
    return run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const HostError& error) {
    return fail(error.what(), error.kind() == HostError::Kind::Usage ? kExitUsage : kExitHostFailure);
  } catch (const std::bad_alloc&) {
    return fail("the host has no memory left; give --memory a smaller size", kExitHostFailure);
  } catch (const std::exception& error) {
    return fail(error.what(), kExitHostFailure);
  }
}
