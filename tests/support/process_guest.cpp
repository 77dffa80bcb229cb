// SPDX-License-Identifier: MIT
#include "support/process_guest.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include <pvabi/hypercalls.h>

#include "engine/process/stub_image.hpp"

using namespace pvisor::process;

// The guest: rbx has its orders, of which it does one after the other. Each ends with a call that the monitor sees.
asm(R"(
        .pushsection .rodata
ordered_guest:
        movq    (%rbx), %rax
        movq    8(%rbx), %rdi
        movq    16(%rbx), %rsi
        movq    24(%rbx), %rdx
        movq    32(%rbx), %r10
        movq    40(%rbx), %r8
        movq    48(%rbx), %r9
        call    *56(%rbx)
        movq    %rax, 64(%rbx)
        call    *72(%rbx)
        jmp     ordered_guest
ordered_peek:
        movq    (%rdi), %rax
ordered_nothing:
        ret
ordered_poke:
        movq    %rsi, (%rdi)
        ret
ordered_spin:
        jmp     ordered_spin
ordered_gate_on_stack:                          # rdi: the stack, rsi: the gate
        movq    %rdi, %rsp
        jmp     *%rsi
ordered_guest_end:
        .popsection
)");
extern "C" const std::byte ordered_guest[], ordered_peek[], ordered_poke[], ordered_spin[], ordered_nothing[], ordered_gate_on_stack[],
    ordered_guest_end[];

namespace pvisor {

namespace {

constexpr std::chrono::seconds kPatience(20);
constexpr int kLongestSleepMs = 1000;
constexpr std::uint64_t kSyscallBytes = 2;

/// The areas of vCPUs that this process has mapped.
std::set<VcpuArea*> areas() {
  std::set<VcpuArea*> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("pvisor-vcpu-area") != std::string::npos) found.insert(reinterpret_cast<VcpuArea*>(std::stoull(line, nullptr, 16)));
  }
  return found;
}

class NoHandler final : public ExitHandler {
  Answer on_exit(const Exit&) override { return {nullptr, 0}; }
};

}  // namespace

struct ProcessGuest::Orders {
  std::uint64_t number, args[6];
  std::uint64_t target;
  std::int64_t result;
  std::uint64_t done;
};

ProcessGuest::ProcessGuest(VcpuProcesses& all)
    : processes(all), space(std::make_unique<ProcessAddressSpace>(AddressSpaceSpec{kPages, 1, std::nullopt})) {
  space->fill_hypercall_page(std::span<std::byte, kPage>(memory(kCalls), kPage));
  std::memcpy(memory(kCode), ordered_guest, static_cast<std::size_t>(ordered_guest_end - ordered_guest));
  orders().done = address(kCalls) + PV_HC_NOP * PV_HYPERCALL_STUB_SIZE;
  VcpuStart start;
  start.context.user_regs.rip = address(kCode);
  start.context.user_regs.rsp = address(kStack + 1);
  start.context.user_regs.rbx = address(kOrders);
  start.vcpu_info = address(kInfo);
  start.hypercall_page = address(kCalls);
  const auto before = areas();
  vcpu = std::make_unique<ProcessVcpu>(processes, *space, start);
  for (VcpuArea* area : areas()) {
    if (!before.contains(area)) area_ = area;
  }
}

ProcessGuest::Orders& ProcessGuest::orders() const { return *reinterpret_cast<Orders*>(memory(kOrders)); }
std::int64_t ProcessGuest::result() const { return orders().result; }

std::uint64_t ProcessGuest::code(Does what) const {
  const std::uint64_t gate = stub_image().gate_return - kSyscallBytes;
  const auto place = [this](const std::byte* label) { return address(kCode) + static_cast<std::uint64_t>(label - ordered_guest); };
  switch (what) {
    case Does::Gate: return gate;
    case Does::Peek: return place(ordered_peek);
    case Does::Poke: return place(ordered_poke);
    case Does::Spin: return place(ordered_spin);
    case Does::GateOnStack: return place(ordered_gate_on_stack);
    default: return place(ordered_nothing);
  }
}

void ProcessGuest::run(std::optional<std::int64_t> answer) {
  NoHandler handler;
  vcpu->run(answer, {}, handler);
}

void ProcessGuest::begin(Does what, std::initializer_list<std::uint64_t> registers) {
  Orders& now = orders();
  now.target = code(what);
  std::uint64_t values[7] = {};
  std::copy(registers.begin(), registers.end(), values);
  now.number = values[0];
  std::copy(values + 1, values + 7, now.args);
  run(0);
}

const Exit& ProcessGuest::order(Does what, std::initializer_list<std::uint64_t> registers) {
  begin(what, registers);
  return next_exit();
}

const Exit& ProcessGuest::next_exit() {
  const auto fds = processes.wait_fds();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    processes.set_sleeping(true);
    const Exit* exit = vcpu->take_exit();
    if (exit != nullptr) return last_ = *exit;
    pollfd heard[] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    ::poll(heard, 2, processes.has_exits() ? 0 : kLongestSleepMs);  // another vCPU's exit stays until somebody takes it
    for (const pollfd& each : heard) {
      if (each.revents != 0) processes.serve(each.fd);
    }
  }
  throw std::runtime_error("the vCPU does not come out");
}

std::int64_t ProcessGuest::gate(std::uint64_t number, std::initializer_list<std::uint64_t> args) {
  std::uint64_t values[6] = {};
  std::copy(args.begin(), args.end(), values);
  if (!std::holds_alternative<HypercallExit>(order(Does::Gate, {number, values[0], values[1], values[2], values[3], values[4], values[5]}))) {
    throw std::runtime_error("the gate did not lead back");
  }
  return result();
}

std::uint64_t ProcessGuest::peek(std::uint64_t at) {
  if (!std::holds_alternative<HypercallExit>(order(Does::Peek, {0, at}))) throw std::runtime_error("it cannot read there");
  return static_cast<std::uint64_t>(result());
}

void ProcessGuest::poke(std::uint64_t at, std::uint64_t value) {
  if (!std::holds_alternative<HypercallExit>(order(Does::Poke, {0, at, value}))) throw std::runtime_error("it cannot write there");
}

int ProcessGuest::pid() const {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(vcpu->pidfd()));
  for (std::string word; info >> word;) {
    if (int pid = 0; word == "Pid:" && info >> pid) return pid;
  }
  throw std::runtime_error("a pidfd without its pid");
}

void ProcessGuest::signal(int number) const { ::syscall(SYS_pidfd_send_signal, vcpu->pidfd(), number, nullptr, 0U); }

void ProcessGuest::hold() const {
  signal(SIGSTOP);
  siginfo_t info{};
  ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(vcpu->pidfd()), &info, WSTOPPED | WNOWAIT);
}

}  // namespace pvisor
