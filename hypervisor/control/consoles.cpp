// SPDX-License-Identifier: MIT
#include "control/consoles.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/host_error.hpp"

namespace pvisor {

struct Consoles::Entry {
  std::string name;
  ConsoleSpec::Kind kind;
  std::unique_ptr<Pty> pty;
  std::unique_ptr<ConsoleSink> own_sink;  ///< null when it writes to standard output as it is
  std::unique_ptr<ToldSink> told_sink;    ///< in a deterministic run
  std::unique_ptr<Console> console;
  std::unique_ptr<ConsoleInput> input;    ///< of a pty
  bool is_over = false;
};

Consoles::Consoles(World world, bool several)
    : world_(std::move(world)), several_(several), terminal_(STDIN_FILENO),
      stdout_sink_(world_.reactor, STDOUT_FILENO, [this](const std::string& line) { world_.log.line(line); }) {
  if (world_.tell) held_stdout_ = std::make_unique<HoldingSink>(stdout_sink_);
  if (several_) stdout_lines_ = std::make_unique<LineMux>(stdout_sink());
}

Consoles::~Consoles() = default;

ConsoleSink& Consoles::stdout_sink() {
  if (held_stdout_) return *held_stdout_;
  return stdout_sink_;
}

Console& Consoles::open(const DomainSpec& spec) {
  auto& entry = *entries_.emplace_back(std::make_unique<Entry>());
  entry.name = spec.name;
  entry.kind = spec.console.kind;
  const auto log = [this, name = spec.name](const std::string& line) { world_.log.line(fmt::format("domain {}: {}", name, line)); };
  switch (entry.kind) {
    case ConsoleSpec::Kind::File:
      entry.own_sink = std::make_unique<FileSink>(spec.console.file, log, FileSink::kMaxBytes, world_.root);
      break;
    case ConsoleSpec::Kind::Pty:
      if (world_.tell) throw HostError::usage(fmt::format("domain {}: console pty: nobody can type in a deterministic run", spec.name));
      entry.pty = std::make_unique<Pty>();
      entry.own_sink = std::make_unique<PtySink>(world_.reactor, *entry.pty);
      log("console on " + entry.pty->path());
      break;
    case ConsoleSpec::Kind::Stdio:
      if (several_) entry.own_sink = std::make_unique<PrefixSink>(*stdout_lines_, spec.name, world_.timers, world_.now);
      break;
  }
  ConsoleSink* sink = entry.own_sink ? entry.own_sink.get() : &stdout_sink();
  if (world_.tell) {
    entry.told_sink = std::make_unique<ToldSink>(*sink, [this, &entry](std::span<const std::byte> bytes) {
      world_.tell(*entry.console, bytes);
    });
    sink = entry.told_sink.get();
  }
  entry.console = std::make_unique<Console>(*sink, log);
  return *entry.console;
}

bool Consoles::is_interactive(const Console& console) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    if (entry->console.get() != &console) return false;
    return entry->kind == ConsoleSpec::Kind::Pty || (entry->kind == ConsoleSpec::Kind::Stdio && terminal_.is_terminal() && !world_.tell);
  });
}

void Consoles::listen() {
  for (const auto& entry : entries_) {
    if (entry->pty) entry->input = std::make_unique<ConsoleInput>(world_.reactor, world_.work, entry->pty->fd(), *entry->console);
  }
  keyboard_ = next_on_stdio(nullptr);
  if (keyboard_ == nullptr || !may_read_stdin()) return;
  const bool raw = terminal_.enter_raw();
  ConsoleKeys special;
  if (terminal_.is_terminal()) {
    special.keys = {kEscapeKey};
    if (next_on_stdio(keyboard_) != keyboard_) special.keys.push_back(kNextKey);
    special.pressed = [this](std::byte key) { return pressed(key); };
  }
  if (raw) {
    world_.log.line(special.keys.size() == 1
                        ? std::string("Ctrl-] leaves")
                        : fmt::format("keys go to domain {}; Ctrl-\\ types to the next one, Ctrl-] leaves", keyboard_->name));
  }
  stdin_ = std::make_unique<ConsoleInput>(world_.reactor, world_.work, STDIN_FILENO, *keyboard_->console, std::move(special));
  if (terminal_.is_terminal() && !raw) stdin_->pause();
}

/// A file is the same in each run; what somebody types or sends is not.
bool Consoles::may_read_stdin() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0) return false;  // closed by whoever started us
  const bool is_live = terminal_.is_terminal() || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
  if (!world_.tell || !is_live) return true;
  world_.log.line("deterministic: standard input is not read, because it would not repeat; a file would be");
  return false;
}

bool Consoles::pressed(std::byte key) {
  if (key == kEscapeKey) {
    world_.leave();
    return false;
  }
  give_keyboard_to(next_on_stdio(keyboard_));
  return true;
}

void Consoles::give_keyboard_to(Entry* entry) {
  if (entry == nullptr || entry == keyboard_) return;
  keyboard_ = entry;
  if (!stdin_) return;
  stdin_->connect(*entry->console);
  if (terminal_.is_terminal()) world_.log.line(fmt::format("keys go to domain {}", entry->name));
}

/// The next in turn that lives, the same one if there is no other; the first after nullptr.
Consoles::Entry* Consoles::next_on_stdio(const Entry* after) {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.get() == after; });
  const auto start = at == entries_.end() ? 0 : static_cast<std::size_t>(at - entries_.begin()) + 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[(start + i) % entries_.size()];
    if (entry.kind == ConsoleSpec::Kind::Stdio && !entry.is_over) return &entry;
  }
  return nullptr;
}

void Consoles::close(Console& console) {
  console.finish();
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry->console.get() == &console; });
  if (found == entries_.end()) return;
  (*found)->is_over = true;
  // Only a person chooses another guest: what a pipe has left was meant for the one that is gone.
  if (found->get() == keyboard_ && terminal_.is_terminal()) give_keyboard_to(next_on_stdio(keyboard_));
}

void Consoles::continued() {
  // Output may have been stopped and the terminal changed by the shell meanwhile.
  const bool raw = terminal_.enter_raw();
  if (!stdin_ || !terminal_.is_terminal()) return;
  raw ? stdin_->resume() : stdin_->pause();
}

void Consoles::finish() {
  for (const auto& entry : entries_) entry->console->finish();
}

bool Consoles::are_drained() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const auto& entry) { return entry->console->is_drained(); });
}

}  // namespace pvisor
