// SPDX-License-Identifier: MIT
#include "devices/net/frame_capture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"

namespace pvisor {
namespace {

constexpr std::uint32_t kMagic = 0xa1b2'3c4d;  // times in nanoseconds; in the order of the host's bytes, as all that follows
constexpr std::uint32_t kSnapLength = 1U << 18;
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::size_t kBuffered = 64 * 1024;

}  // namespace

FrameCapture::FrameCapture(std::string path, World world, std::uint64_t max_bytes)
    : path_(std::move(path)), world_(std::move(world)), left_(max_bytes) {
  fd_ = world_.root.open(path_, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
  struct stat status {};
  if (!fd_.is_open() || ::fstat(fd_.get(), &status) != 0) throw world_.root.refusal("capture file " + escaped(path_), errno);
  if (!S_ISREG(status.st_mode)) throw HostError("capture file " + escaped(path_) + ": is no regular file");
  append(kMagic);
  append(std::uint16_t{2});  // version 2.4
  append(std::uint16_t{4});
  append(std::uint64_t{0});  // time zone, accuracy
  append(kSnapLength);
  append(kEthernet);
  flush();
}

void FrameCapture::add(const NetFrame& frame) {
  if (!fd_.is_open()) return;
  const std::uint64_t now = world_.now_ns();
  const auto size = static_cast<std::uint32_t>(frame.bytes.size());
  if (buffer_.size() + 16 + size > left_) return stop("it has reached its largest size; no more frames are captured");
  append(static_cast<std::uint32_t>(now / kSecondNs));
  append(static_cast<std::uint32_t>(now % kSecondNs));
  append(size);  // captured, and in all
  append(size);
  buffer_.insert(buffer_.end(), frame.bytes.begin(), frame.bytes.end());
  if (buffer_.size() >= kBuffered) flush();
}

void FrameCapture::flush() {
  std::size_t done = 0;
  while (done < buffer_.size() && fd_.is_open()) {
    const ssize_t got = ::write(fd_.get(), buffer_.data() + done, buffer_.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const std::string why = std::generic_category().message(errno);
      fd_.reset();
      world_.log("capture file " + escaped(path_) + ": " + why + "; no more frames are captured");
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  left_ -= done;
  buffer_.clear();
}

void FrameCapture::stop(const std::string& why) {
  flush();
  fd_.reset();
  world_.log("capture file " + escaped(path_) + ": " + why);
}

template <class T>
void FrameCapture::append(T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

}  // namespace pvisor
