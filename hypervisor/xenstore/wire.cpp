// SPDX-License-Identifier: MIT
// xenstore messages: decoding at any split, encoding, strings.
#include "xenstore/wire.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/assert.hpp"

namespace pvisor {

std::size_t RequestDecoder::feed(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  if (state_ == State::Header) taken = feed_header(bytes);
  if (state_ == State::Payload) taken += feed_payload(bytes.subspan(taken));
  return taken;
}

std::size_t RequestDecoder::feed_header(std::span<const std::byte> bytes) {
  const std::size_t taken = std::min(bytes.size(), header_bytes_.size() - header_filled_);
  std::copy_n(bytes.begin(), taken, header_bytes_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
  header_filled_ += taken;
  if (header_filled_ < header_bytes_.size()) return taken;
  std::memcpy(&message_.header, header_bytes_.data(), header_bytes_.size());
  if (message_.header.len > PV_XENSTORE_PAYLOAD_MAX) {
    state_ = State::Broken;
    return taken;
  }
  message_.payload.reserve(message_.header.len);
  state_ = message_.header.len == 0 ? State::Complete : State::Payload;
  return taken;
}

std::size_t RequestDecoder::feed_payload(std::span<const std::byte> bytes) {
  const std::size_t taken = std::min<std::size_t>(bytes.size(), message_.header.len - message_.payload.size());
  message_.payload.append(reinterpret_cast<const char*>(bytes.data()), taken);
  if (message_.payload.size() == message_.header.len) state_ = State::Complete;
  return taken;
}

XenstoreMessage RequestDecoder::take() {
  PV_CHECK(is_complete());
  XenstoreMessage message = std::exchange(message_, {});
  reset();
  return message;
}

void RequestDecoder::reset() {
  state_ = State::Header;
  header_filled_ = 0;
  message_ = {};
}

std::string encode_message(pv_xsd_sockmsg header, std::string_view payload) {
  PV_CHECK(payload.size() <= PV_XENSTORE_PAYLOAD_MAX);
  header.len = static_cast<std::uint32_t>(payload.size());
  std::string bytes;
  bytes.reserve(sizeof(header) + payload.size());
  bytes.append(reinterpret_cast<const char*>(&header), sizeof(header)).append(payload);
  return bytes;
}

std::string_view wire_error(StoreStatus status) {
  switch (status) {
    case StoreStatus::Ok: return {};
    case StoreStatus::Invalid: return "EINVAL";
    case StoreStatus::Denied: return "EACCES";
    case StoreStatus::Exists: return "EEXIST";
    case StoreStatus::Missing: return "ENOENT";
    case StoreStatus::NoSpace: return "ENOSPC";
    case StoreStatus::NoMemory: return "ENOMEM";
    case StoreStatus::TooBig: return "E2BIG";
    case StoreStatus::Again: return "EAGAIN";
    case StoreStatus::Busy: return "EBUSY";
    case StoreStatus::Unsupported: return "ENOSYS";
  }
  return "EINVAL";
}

std::optional<std::string_view> single_string(std::string_view payload) {
  if (payload.empty() || payload.find('\0') != payload.size() - 1) return std::nullopt;
  return payload.substr(0, payload.size() - 1);
}

std::vector<std::string_view> split_strings(std::string_view payload) {
  std::vector<std::string_view> strings;
  for (std::size_t end = payload.find('\0'); end != std::string_view::npos; end = payload.find('\0')) {
    strings.push_back(payload.substr(0, end));
    payload.remove_prefix(end + 1);
  }
  return strings;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

}  // namespace pvisor
