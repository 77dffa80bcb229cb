// SPDX-License-Identifier: MIT
// xenstore messages as bytes: decoding at every split, limits of the length, strings.
#include <doctest/doctest.h>

#include <random>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

std::vector<XenstoreMessage> decode_in_pieces(std::string_view bytes, std::size_t piece) {
  RequestDecoder decoder;
  std::vector<XenstoreMessage> messages;
  while (!bytes.empty()) {
    auto rest = bytes_of(bytes.substr(0, piece));
    bytes.remove_prefix(rest.size());
    while (!rest.empty()) {
      rest = rest.subspan(decoder.feed(rest));
      if (decoder.is_complete()) messages.push_back(decoder.take());
    }
  }
  return messages;
}

}  // namespace

TEST_CASE("requests decode alike wherever the stream is cut") {
  const std::string stream = request_bytes(PV_XS_READ, z("/a"), 3, 11) + request_bytes(PV_XS_TRANSACTION_START, "", 0, 12) +
                             request_bytes(PV_XS_WRITE, z("b") + std::string("\0\xff\0", 3), 4, 13);
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const auto messages = decode_in_pieces(stream, piece);
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].header.req_id == 11);
    CHECK(messages[0].header.tx_id == 3);
    CHECK(messages[0].payload == z("/a"));
    CHECK(messages[1].header.type == PV_XS_TRANSACTION_START);
    CHECK(messages[1].payload.empty());
    CHECK(messages[2].payload == z("b") + std::string("\0\xff\0", 3));
  }
}

TEST_CASE("a two-piece split at every byte gives the same message") {
  const std::string bytes = request_bytes(PV_XS_WRITE, z("/path") + "value", 1, 2);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestDecoder decoder;
    CHECK(decoder.feed(bytes_of(std::string_view(bytes).substr(0, cut))) == cut);
    CHECK(decoder.is_complete() == (cut == bytes.size()));
    CHECK(decoder.feed(bytes_of(std::string_view(bytes).substr(cut))) == bytes.size() - cut);
    REQUIRE(decoder.is_complete());
    CHECK(decoder.take().payload == z("/path") + "value");
  }
}

TEST_CASE("a decoder takes no byte beyond the message that waits") {
  const std::string bytes = request_bytes(PV_XS_READ, z("/a"));
  RequestDecoder decoder;
  CHECK(decoder.feed(bytes_of(bytes + bytes)) == bytes.size());
  CHECK(decoder.feed(bytes_of(bytes)) == 0);
}

TEST_CASE("a payload of 4096 bytes is decoded and a longer one breaks the stream") {
  CHECK(decode_in_pieces(request_bytes(PV_XS_WRITE, std::string(4096, 'x')), 100).at(0).payload.size() == 4096);
  for (const std::uint32_t length : {4097u, 0x7fffffffu, 0xffffffffu}) {
    const pv_xsd_sockmsg header{PV_XS_READ, 1, 0, length};
    RequestDecoder decoder;
    CHECK(decoder.feed(std::as_bytes(std::span(&header, 1))) == sizeof(header));
    CHECK(decoder.is_broken());
    CHECK(decoder.feed(bytes_of("more")) == 0);
    decoder.reset();
    CHECK_FALSE(decoder.is_broken());
  }
}

TEST_CASE("every status but Ok has an error name of Xen's") {
  CHECK(wire_error(StoreStatus::Ok).empty());
  CHECK(wire_error(StoreStatus::Invalid) == "EINVAL");
  CHECK(wire_error(StoreStatus::Denied) == "EACCES");
  CHECK(wire_error(StoreStatus::Exists) == "EEXIST");
  CHECK(wire_error(StoreStatus::Missing) == "ENOENT");
  CHECK(wire_error(StoreStatus::NoSpace) == "ENOSPC");
  CHECK(wire_error(StoreStatus::NoMemory) == "ENOMEM");
  CHECK(wire_error(StoreStatus::TooBig) == "E2BIG");
  CHECK(wire_error(StoreStatus::Again) == "EAGAIN");
  CHECK(wire_error(StoreStatus::Busy) == "EBUSY");
  CHECK(wire_error(StoreStatus::Unsupported) == "ENOSYS");
}

TEST_CASE("a single string is exactly one, with its NUL") {
  CHECK(single_string(z("abc")) == "abc");
  CHECK(single_string(z("")) == "");
  CHECK_FALSE(single_string("").has_value());
  CHECK_FALSE(single_string("abc").has_value());
  CHECK_FALSE(single_string(z("a") + "b").has_value());
  CHECK_FALSE(single_string(z("a") + z("b")).has_value());
}

TEST_CASE("strings split at their NULs") {
  CHECK(split_strings(z("a") + z("") + z("b") + "rest") == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split_strings("").empty());
}

TEST_CASE("numbers are decimal and nothing else") {
  CHECK(parse_number("0") == 0u);
  CHECK(parse_number("4294967295") == 4294967295u);
  for (const char* text : {"", "4294967296", "-1", "+1", " 1", "1 ", "0x1", "a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).has_value());
  }
}

TEST_CASE("random bytes never upset a connection") {
  std::mt19937 random(20240711);
  for (int round = 0; round < 300; ++round) {
    StoreWithGuests world;
    XenstoreClient guest(world.store, 1);
    std::string stream;
    for (int message = 0; message < 8; ++message) {
      std::string payload(random() % 40, '\0');
      for (char& byte : payload) byte = "/a\0@b1T|"[random() % 8];
      stream += request_bytes(static_cast<std::uint32_t>(random() % 26), payload, static_cast<std::uint32_t>(random() % 3),
                              static_cast<std::uint32_t>(random()));
    }
    stream[random() % stream.size()] = static_cast<char>(random());
    guest.connection.receive(bytes_of(stream), 100);
    guest.collect();
    CHECK(world.store.tree().is_consistent());
  }
}
