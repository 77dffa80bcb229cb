// SPDX-License-Identifier: MIT
// Floors of handing over a turn between two processes, as a remote call of the process engine does twice.
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <new>

#include "base/mapping.hpp"
#include "floors.hpp"

namespace pvisor::bench {

namespace {

constexpr std::uint32_t kOurs = 0;
constexpr std::uint32_t kTheirs = 1;
constexpr std::uint32_t kEnd = 2;

using Word = std::atomic<std::uint32_t>;

void spin_until(const Word& word, std::uint32_t other_than) {
  while (word.load(std::memory_order_acquire) == other_than) __builtin_ia32_pause();
}
void sleep_until(Word& word, std::uint32_t other_than) {
  while (word.load(std::memory_order_acquire) == other_than) ::syscall(SYS_futex, &word, FUTEX_WAIT, other_than, nullptr, nullptr, 0);
}
void wake(Word& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0); }

/// `pass` hands the word to the other and `wait` waits until it is no more what was passed.
template <class Pass, class Wait>
double round_trip_ns(int rounds, Pass pass, Wait wait) {
  using Time = std::chrono::steady_clock;
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  const Mapping page(memory, 4096);
  Word& word = *new (page.data()) Word(kOurs);
  const pid_t other = ::fork();
  if (other < 0) return 0;
  if (other == 0) {
    for (;;) {
      wait(word, kOurs);
      if (word.load() == kEnd) ::_exit(0);
      pass(word, kOurs);
    }
  }
  const auto go = [&](int count) {
    for (int i = 0; i < count; ++i) {
      pass(word, kTheirs);
      wait(word, kTheirs);
    }
  };
  go(rounds / 10);
  const auto begin = Time::now();
  go(rounds);
  const double ns = std::chrono::duration<double, std::nano>(Time::now() - begin).count() / rounds;
  pass(word, kEnd);
  ::waitpid(other, nullptr, 0);
  return ns;
}

}  // namespace

double spin_hand_off_ns() {
  return round_trip_ns(300'000, [](Word& word, std::uint32_t to) { word.store(to, std::memory_order_release); }, spin_until);
}

double futex_hand_off_ns() {
  const OneCpu pinned;
  return round_trip_ns(
      30'000,
      [](Word& word, std::uint32_t to) {
        word.store(to, std::memory_order_release);
        wake(word);
      },
      sleep_until);
}

OneCpu::OneCpu() {
  ::sched_getaffinity(0, sizeof before_, &before_);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

OneCpu::~OneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace pvisor::bench
