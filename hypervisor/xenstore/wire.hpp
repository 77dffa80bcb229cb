// SPDX-License-Identifier: MIT
// xenstore messages as bytes (pvabi/io/xs_wire.h): a decoder that takes requests out of a stream cut anywhere, and an
// encoder. Pure: no store, no ring.
#pragma once

#include <pvabi/io/xs_wire.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xenstore/store_status.hpp"

namespace pvisor {

struct XenstoreMessage {
  pv_xsd_sockmsg header{};
  std::string payload;  ///< any bytes; header.len of them
};

class RequestDecoder {
 public:
  /// Takes bytes up to the end of one message at most and returns how many. Takes none while a message waits or once broken.
  [[nodiscard]] std::size_t feed(std::span<const std::byte> bytes);
  [[nodiscard]] bool is_complete() const { return state_ == State::Complete; }
  /// A header announced a payload longer than allowed: where the next message begins cannot be known.
  [[nodiscard]] bool is_broken() const { return state_ == State::Broken; }
  /// Precondition: is_complete(). The decoder is ready for the next message.
  [[nodiscard]] XenstoreMessage take();
  /// Forgets everything, also that it is broken.
  void reset();

 private:
  enum class State : std::uint8_t { Header, Payload, Complete, Broken };
  [[nodiscard]] std::size_t feed_header(std::span<const std::byte> bytes);
  [[nodiscard]] std::size_t feed_payload(std::span<const std::byte> bytes);

  State state_ = State::Header;
  std::array<std::byte, sizeof(pv_xsd_sockmsg)> header_bytes_{};
  std::size_t header_filled_ = 0;
  XenstoreMessage message_;
};

/// The header's len is set from the payload. Precondition: the payload is no longer than PV_XENSTORE_PAYLOAD_MAX.
[[nodiscard]] std::string encode_message(pv_xsd_sockmsg header, std::string_view payload);

/// The error name that travels for a status; empty for Ok.
[[nodiscard]] std::string_view wire_error(StoreStatus status);

/// The payload if it is exactly one string and its NUL.
[[nodiscard]] std::optional<std::string_view> single_string(std::string_view payload);
/// All NUL-terminated strings; what follows the last NUL is left out.
[[nodiscard]] std::vector<std::string_view> split_strings(std::string_view payload);
/// A decimal number and nothing else.
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view text);

}  // namespace pvisor
