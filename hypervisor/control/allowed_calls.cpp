// SPDX-License-Identifier: MIT
#include "control/allowed_calls.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include <array>
#include <cerrno>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace pvisor {

namespace {

using When = AllowedCall::When;
using Condition = AllowedCall::Condition;

constexpr std::uint64_t kWord = 0xffff'ffff;  // what the host looks at of an int
constexpr Condition is(unsigned argument, std::uint64_t value) { return {argument, kWord, value}; }

constexpr Condition kThread[]{{0, CLONE_THREAD, CLONE_THREAD}};
constexpr Condition kNotExecuted[]{{2, PROT_EXEC, 0}};
constexpr Condition kNoNewLimit[]{{2, ~std::uint64_t{0}, 0}};
constexpr std::uint64_t kDispatch = 59;  // PR_SET_SYSCALL_USER_DISPATCH
constexpr Condition kThreadSettings[]{is(0, PR_SET_NAME), is(0, PR_SET_VMA)};
constexpr Condition kGuestSettings[]{is(0, PR_SET_TSC), is(0, kDispatch)};
constexpr Condition kTerminalAndQuestions[]{
    is(1, TCGETS),     is(1, TCSETS),     is(1, TCSETSW),    is(1, TCSETSF),
    is(1, TIOCGPGRP),  is(1, TIOCGWINSZ), is(1, FIONREAD),   is(1, SECCOMP_IOCTL_NOTIF_RECV),
    is(1, SECCOMP_IOCTL_NOTIF_SEND),      is(1, SECCOMP_IOCTL_NOTIF_ADDFD),
};
constexpr Condition kSocketMode[]{is(1, FIONBIO)};

constexpr AllowedCall kAllowed[]{
    // Open files
    {SYS_read}, {SYS_write}, {SYS_readv}, {SYS_writev}, {SYS_pread64}, {SYS_pwrite64}, {SYS_preadv}, {SYS_pwritev}, {SYS_preadv2},
    {SYS_pwritev2}, {SYS_lseek}, {SYS_fsync}, {SYS_fdatasync}, {SYS_ftruncate}, {SYS_fallocate}, {SYS_fstat}, {SYS_newfstatat},
    {SYS_getdents64}, {SYS_fcntl}, {SYS_dup}, {SYS_close}, {SYS_ioctl, When::Always, kTerminalAndQuestions},
    {SYS_sendmsg}, {SYS_recvmsg}, {SYS_sendto}, {SYS_recvfrom},
    // Waiting
    {SYS_epoll_wait}, {SYS_epoll_pwait}, {SYS_epoll_pwait2}, {SYS_epoll_ctl}, {SYS_epoll_create1}, {SYS_eventfd2}, {SYS_poll},
    {SYS_ppoll}, {SYS_futex}, {SYS_nanosleep}, {SYS_clock_nanosleep}, {SYS_timerfd_create}, {SYS_timerfd_settime}, {SYS_restart_syscall},
    {SYS_io_uring_enter}, {SYS_sched_yield},
    // Time and self
    {SYS_clock_gettime}, {SYS_clock_getres}, {SYS_gettimeofday}, {SYS_time}, {SYS_getpid}, {SYS_getppid}, {SYS_gettid}, {SYS_getpgrp}, {SYS_getpgid}, {SYS_getuid},
    {SYS_geteuid}, {SYS_getgid}, {SYS_getegid}, {SYS_uname}, {SYS_sysinfo}, {SYS_getcpu}, {SYS_getrandom}, {SYS_getrusage},
    {SYS_sched_getaffinity}, {SYS_prlimit64, When::Always, kNoNewLimit},
    // Memory
    {SYS_brk}, {SYS_munmap}, {SYS_mremap}, {SYS_madvise}, {SYS_memfd_create},
    {SYS_mmap, When::RunsNoGuests, kNotExecuted}, {SYS_mprotect, When::RunsNoGuests, kNotExecuted},
    {SYS_mmap, When::RunsGuests}, {SYS_mprotect, When::RunsGuests},
    // Threads and signals
    {SYS_clone, When::Always, kThread}, {SYS_set_robust_list}, {SYS_rseq}, {SYS_prctl, When::Always, kThreadSettings}, {SYS_exit},
    {SYS_exit_group}, {SYS_rt_sigaction}, {SYS_rt_sigprocmask}, {SYS_rt_sigreturn}, {SYS_rt_sigpending}, {SYS_sigaltstack},
    // Guests in processes
    {SYS_pidfd_send_signal}, {SYS_waitid},
    // Guests in this one
    {SYS_timer_create, When::RunsGuests}, {SYS_timer_settime, When::RunsGuests}, {SYS_timer_delete, When::RunsGuests},
    {SYS_arch_prctl, When::RunsGuests}, {SYS_prctl, When::RunsGuests, kGuestSettings},
    // Console files, when they are rotated
    {SYS_open, When::OpensFiles}, {SYS_openat, When::OpensFiles}, {SYS_openat2, When::OpensFiles}, {SYS_rename, When::OpensFiles},
    {SYS_renameat, When::OpensFiles}, {SYS_renameat2, When::OpensFiles},
    // libslirp
    {SYS_socket, When::OpensSockets}, {SYS_connect, When::OpensSockets}, {SYS_bind, When::OpensSockets}, {SYS_listen, When::OpensSockets},
    {SYS_accept, When::OpensSockets}, {SYS_accept4, When::OpensSockets}, {SYS_shutdown, When::OpensSockets},
    {SYS_getsockname, When::OpensSockets}, {SYS_getpeername, When::OpensSockets}, {SYS_getsockopt, When::OpensSockets},
    {SYS_setsockopt, When::OpensSockets}, {SYS_ioctl, When::OpensSockets, kSocketMode}, {SYS_stat, When::OpensSockets},
};

constexpr RefusedCall kRefused[]{
    {SYS_clone3, ENOSYS},  // its flags are in memory; the C library then uses clone
    {SYS_open, EACCES},    {SYS_openat, EACCES},     {SYS_stat, EACCES},   {SYS_lstat, EACCES},  {SYS_statx, EACCES},
    {SYS_access, EACCES},  {SYS_faccessat, EACCES},  {SYS_faccessat2, EACCES},
    {SYS_readlink, EACCES}, {SYS_readlinkat, EACCES}, {SYS_getcwd, EACCES},
};

constexpr int kHostile[]{
    SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd,
    SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_bpf, SYS_perf_event_open,
    SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_register, SYS_seccomp, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
    SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsmount, SYS_open_by_handle_at, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid,
    SYS_capset, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_personality, SYS_reboot, SYS_swapon, SYS_swapoff,
};

}  // namespace

std::span<const AllowedCall> allowed_calls() { return kAllowed; }
std::span<const RefusedCall> refused_calls() { return kRefused; }
std::span<const int> hostile_calls() { return kHostile; }

}  // namespace pvisor
