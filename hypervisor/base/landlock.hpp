// SPDX-License-Identifier: MIT
// Landlock: a process gives up opening files, but those below what it names. Of any thread that the caller starts afterwards, too; of
// others not. By raw system calls, for the C library knows none of them.
#pragma once

#include <span>

namespace pvisor {

struct LandlockRule {
  enum class Use : unsigned char {
    ReadFile,   ///< open the file, or files below the folder, to read
    KeepFiles,  ///< make, write, rename and remove regular files below the folder
  };
  int fd;  ///< of a file or folder; O_PATH will do
  Use use;
};

/// The version of the interface that this host has; 0: none.
[[nodiscard]] int landlock_version();
/// Needs no_new_privs. TCP sockets can be bound and connected afterwards only if `may_use_tcp`. False, with errno: the host has no
/// Landlock, or allows no more of it.
bool landlock_restrict(std::span<const LandlockRule> rules, bool may_use_tcp);

}  // namespace pvisor
