// SPDX-License-Identifier: MIT
// DiskImage: a raw file or block device of the host that a guest sees as its disk. Open, checked and locked for as long as
// it lives; requests in flight share it with the device, so it may outlive the guest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file_root.hpp"
#include "base/unique_fd.hpp"
#include "core/work_queue.hpp"
#include "devices/block/disk_lock.hpp"
#include "devices/block/disk_statistics.hpp"
#include "devices/block/disk_tuning.hpp"

namespace pvisor {

/// The requests of a disk that are with the host, of all its connections: those of a front end that has gone are among them.
struct DiskLoad {
  std::uint32_t in_flight = 0;
  WorkItem* held_back = nullptr;  ///< posted when one of them ends
};

class DiskImage {
 public:
  /// Throws HostError with the remedy: no such file, not a disk, another format, in use, a size that is no whole sectors.
  /// Below a limited root only regular files are disks.
  [[nodiscard]] static std::shared_ptr<DiskImage> open(const std::string& path, DiskAccess access,
                                                       const FileRoot& root = FileRoot::whole(), DiskTuning tuning = {});

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_read_only() const { return access_ == DiskAccess::ReadOnly; }
  [[nodiscard]] std::uint64_t sectors() const { return sectors_; }  ///< of 512 bytes
  /// Transfers are whole sectors of this size, also in the guest's memory.
  [[nodiscard]] std::uint32_t sector_size() const { return tuning_.sector_size; }
  [[nodiscard]] std::uint32_t physical_sector_size() const { return physical_sector_size_; }
  /// What the host gives back at a time, if it does: whether it can is known only when it has been asked to.
  [[nodiscard]] std::uint32_t discard_granularity() const { return discard_granularity_; }
  [[nodiscard]] DiskCache cache() const { return tuning_.cache; }
  /// Something the user should know, one line; empty if there is nothing.
  [[nodiscard]] const std::string& note() const { return note_; }

  /// Once a flush has failed the host may have dropped what was written, and a later flush would succeed without it:
  /// every later one fails, until the image is opened anew.
  [[nodiscard]] bool flush_failed() const { return flush_failed_; }
  void set_flush_failed() { flush_failed_ = true; }

  [[nodiscard]] DiskStatistics& statistics() { return statistics_; }
  [[nodiscard]] DiskLoad& load() { return load_; }

 private:
  DiskImage(std::string path, DiskAccess access, DiskTuning tuning) : path_(std::move(path)), access_(access), tuning_(tuning) {}
  void open_file(const FileRoot& root);
  void measure();
  void go_direct();
  void add_note(const std::string& note);

  std::string path_;
  DiskAccess access_;
  DiskTuning tuning_;
  UniqueFd fd_;
  std::uint64_t sectors_ = 0;
  std::uint32_t physical_sector_size_ = 512;
  std::uint32_t discard_granularity_ = 512;
  std::string note_;
  bool flush_failed_ = false;
  DiskStatistics statistics_;
  DiskLoad load_;
};

}  // namespace pvisor
