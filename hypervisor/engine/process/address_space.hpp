// SPDX-License-Identifier: MIT
// The process engine's guest memory: a sealed memory file, mapped by the monitor and by the process of each vCPU. The monitor never
// reaches into a process: it keeps a list of what each address shows, and a process maps by itself what it has not seen yet, before its
// guest goes on. One that does not hurts nobody else.
//
// A frame that another domain maps is moved into a memory file of one page, which both map in its place; when the last mapping ends it
// moves back, and when one of several domains ends its own, the others move on to a new file. A mapper that keeps its mapping keeps a
// dead page, and no process ever holds another domain's memory, or may write to what it was given to read.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "engine/engine.hpp"
#include "engine/process/vcpu_area.hpp"

namespace pvisor::process {

inline constexpr std::size_t kPage = 4096;

class ProcessVcpu;

[[nodiscard]] inline int protection_of(FrameAccess access) {
  return access == FrameAccess::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
}

class ProcessRam final : public Ram {
 public:
  explicit ProcessRam(std::size_t bytes);
  [[nodiscard]] std::span<std::byte> bytes() const override { return mapping_.bytes(); }
  void expect_writes(std::span<std::byte> part) const override;
  [[nodiscard]] int file() const { return file_.get(); }
  /// The monitor's own mapping of one page: `offset` of `file`. False: no room.
  [[nodiscard]] bool map_page(std::uint64_t frame, int file, std::uint64_t offset, int protection);
  [[nodiscard]] bool map_own(std::uint64_t frame);
  /// The same where it must succeed, even when the process has as many mappings as the host allows, which guests can bring about.
  /// Precondition: prepare_exchange() was true.
  void exchange_page(std::uint64_t frame, int file, std::uint64_t offset);
  [[nodiscard]] bool prepare_exchange();

 private:
  UniqueFd file_;
  Mapping mapping_;
  Mapping spare_;  ///< to give up for one that is needed
};

/// A frame of one domain that others map, in its own memory file.
struct PageFile {
  UniqueFd file;
};

/// What an address shows that does not show its own frame.
struct FrameShown {
  enum class Kind : std::uint8_t { Special, Nothing, Page };
  Kind kind;
  int protection = 0;
  std::uint64_t special = 0;
  std::shared_ptr<PageFile> page;
};

/// As which descriptor a process gets the page.
[[nodiscard]] inline Descriptor page_fd(const FrameShown& shown) {
  return (shown.protection & PROT_WRITE) != 0 ? kPageFd : kReadOnlyPageFd;
}

class ProcessAddressSpace final : public AddressSpace {
 public:
  explicit ProcessAddressSpace(const AddressSpaceSpec& spec);
  ~ProcessAddressSpace() override;

  [[nodiscard]] std::shared_ptr<Ram> ram() const override { return ram_; }
  [[nodiscard]] std::uint64_t virt_base() const override { return virt_base_; }
  void fill_hypercall_page(std::span<std::byte, 4096> page) const override;
  [[nodiscard]] bool map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame, FrameAccess access) override;
  void unmap_foreign(std::uint64_t frame) override;
  [[nodiscard]] bool show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) override;
  [[nodiscard]] bool show_nothing(std::uint64_t frame) override;
  [[nodiscard]] bool show_own(std::uint64_t frame) override;
  [[nodiscard]] bool release(std::uint64_t first, std::uint64_t count) override;
  [[nodiscard]] bool populate(std::uint64_t first, std::uint64_t count) override;

  // For its vCPUs.
  void add(ProcessVcpu& vcpu);
  void remove(ProcessVcpu& vcpu);
  [[nodiscard]] int file() const { return ram_->file(); }
  [[nodiscard]] const FrameShown* shown(std::uint64_t frame) const;
  [[nodiscard]] const std::map<std::uint64_t, FrameShown>& all_shown() const { return shown_; }
  [[nodiscard]] std::uint64_t pages() const { return ram_->bytes().size() / kPage; }

 private:
  class Standstill;
  struct Share;
  [[nodiscard]] std::shared_ptr<Share> share(std::uint64_t frame);
  void take_back(std::uint64_t frame, const PageFile& page);
  /// What `frame` shows lies in another file from now on.
  void show_page(std::uint64_t frame, const std::shared_ptr<PageFile>& page);
  void changed(std::uint64_t first, std::uint64_t count = 1);

  std::shared_ptr<ProcessRam> ram_;
  std::uint64_t virt_base_;
  std::map<std::uint64_t, FrameShown> shown_;             ///< by frame; the others show themselves
  std::map<std::uint64_t, std::weak_ptr<Share>> shares_;  ///< own frames that others map
  std::map<std::uint64_t, std::shared_ptr<Share>> uses_;  ///< frames of others, by own frame
  std::vector<ProcessVcpu*> vcpus_;
  std::shared_ptr<ProcessAddressSpace*> self_;  ///< what shares that outlive the owner look at
};

}  // namespace pvisor::process
