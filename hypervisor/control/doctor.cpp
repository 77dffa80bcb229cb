// SPDX-License-Identifier: MIT
#include "control/doctor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <system_error>

#include "base/escape.hpp"
#include "base/file_root.hpp"
#include "base/host_facts.hpp"
#include "base/reactor.hpp"
#include "control/host_file.hpp"
#include "devices/console/pty.hpp"
#include "devices/io/block_io.hpp"
#include "devices/io/io_uring.hpp"

namespace pvisor {

namespace {

using State = Finding::State;

Finding probe_block_io() {
  Reactor reactor;
  const bool has_ring = IoUring::create(reactor) != nullptr;
  const int reason = errno;
  if (make_block_io(reactor)->name() == "io_uring") return {State::There, "block I/O by io_uring", "many requests under way at once"};
  if (has_ring) return {State::Weaker, "block I/O by io_uring", "PVISOR_IO=threads asks for threads instead"};
  return {State::Weaker, "block I/O by io_uring",
          std::generic_category().message(reason) + ": threads do it instead, with more work for the host for each request"};
}

/// Tries `use`, which throws HostError if the host cannot.
template <class Use>
Finding probe(const char* what, const char* with, const char* without, Use use) {
  try {
    use();
    return {State::There, what, with};
  } catch (const HostError& error) {
    return {State::Weaker, what, fmt::format("{}: {}", error.what(), without)};
  }
}

Finding probe_spare_cpu() {
  const bool is_there = allowed_cpus() > 1;
  return {is_there ? State::There : State::Weaker, "a second CPU",
          is_there ? "the monitor polls for a moment before it sleeps" : "the monitor sleeps at once, and each request costs a wake-up"};
}

std::string_view mark(State state) {
  switch (state) {
    case State::There: return "yes";
    case State::Weaker: return "no";
    case State::Missing: return "MISSING";
  }
  return "";
}

void add(std::string& out, std::span<const Finding> findings) {
  for (const Finding& finding : findings) {
    fmt::format_to(std::back_inserter(out), "  {:<8} {}: {}\n", mark(finding.state), finding.what, escaped(finding.meaning, 400));
  }
}

std::string_view containment(const EngineProbe& engine) {
  return engine.isolates ? "contains what a guest does" : "contains nothing that a guest does";
}

/// Nobody is given an engine that contains less than the one he did not have to name.
std::string default_line(std::span<const EngineProbe> engines) {
  const EngineProbe& first = engines.front();
  if (first.works()) return fmt::format("default engine: {}: it works here, and {}\n", first.name, containment(first));
  std::string others;
  for (const EngineProbe& engine : engines.subspan(1)) {
    if (engine.works()) fmt::format_to(std::back_inserter(others), ", or use --engine {}, which {}", engine.name, containment(engine));
  }
  return fmt::format("default engine: {}: pvisor run, boot and up refuse to start guests here: see to what is MISSING above{}\n", first.name, others);
}

}  // namespace

std::vector<Finding> probe_host() {
  std::vector<Finding> findings;
  findings.push_back(probe_block_io());
  findings.push_back(probe("own loader", "pvisor boot needs no --loader", "pvisor boot needs it", [] { (void)find_own_loader(); }));
  findings.push_back(probe("pseudo-terminals", "a console can be a pty", "a console is stdio or a file", [] { const Pty pty; }));
  findings.push_back(probe("openat2", "--policy keeps files below its image root", "--policy refuses all files; use Linux 5.6 or newer", [] {
    const FileRoot root("/");
    if (!root.open(".", O_PATH | O_CLOEXEC).is_open()) throw HostError(std::generic_category().message(errno));
  }));
  findings.push_back(probe_spare_cpu());
  return findings;
}

Diagnosis diagnose(std::span<const EngineProbe> engines, std::span<const Finding> host, std::span<const Finding> own) {
  Diagnosis diagnosis;
  for (const EngineProbe& engine : engines) {
    diagnosis.can_run = diagnosis.can_run || engine.works();
    fmt::format_to(std::back_inserter(diagnosis.text), "engine {}: {}\n", engine.name, engine.works() ? "works" : "cannot work here");
    add(diagnosis.text, engine.findings);
  }
  if (!engines.empty()) diagnosis.text += default_line(engines);
  diagnosis.text += "pvisor itself, while guests run\n";
  add(diagnosis.text, own);
  diagnosis.text += "this host\n";
  add(diagnosis.text, host);
  return diagnosis;
}

void check_strict(std::span<const EngineProbe> used, std::span<const Finding> own) {
  const auto check = [](std::span<const Finding> findings) {
    for (const Finding& finding : findings) {
      if (!finding.confines || finding.state == State::There) continue;
      throw HostError(fmt::format("--strict: not there: {}: {}", finding.what, escaped(finding.meaning, 400)));
    }
  };
  for (const EngineProbe& engine : used) {
    if (!engine.isolates) throw HostError::usage(fmt::format("--strict: the {} engine contains nothing that a guest does", engine.name));
    check(engine.findings);
  }
  check(own);
}

}  // namespace pvisor
