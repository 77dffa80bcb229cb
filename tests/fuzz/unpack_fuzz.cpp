// SPDX-License-Identifier: MIT
// Compressed kernels: whatever the bytes are, a decoder writes no further than it says, and says the same when its input comes
// in pieces.
#include <array>
#include <cstdlib>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "parse/inflate.hpp"
#include "parse/kernel_image.hpp"
#include "parse/lz4.hpp"
#include "parse/xz.hpp"
#include "parse/zstd.hpp"
#include "support/pieces.hpp"

using namespace pvloader;
using test::Pieces;

namespace {

constexpr std::size_t kRoom = 64 * 1024;

struct Outcome {
  int status = 0;
  std::size_t produced = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome unpack(std::span<const std::byte> in, std::span<std::byte> out, std::size_t piece) {
  static InflateTables tables;
  static LzmaModel model;
  static ZstdScratch scratch;
  Pieces pieces{in, piece};
  const PieceSource source{&Pieces::pull, &pieces};
  UnpackResult result{UnpackStatus::BadHeader, 0};
  switch (identify(in)) {
    case ImageKind::Gzip: {
      const InflateResult inflated = inflate_gzip(source, out, tables, Trailing::Zeros);
      return {static_cast<int>(inflated.status), inflated.produced};
    }
    case ImageKind::Xz: result = unpack_xz(source, out, model, Trailing::Zeros); break;
    case ImageKind::Lz4: result = unpack_lz4(source, out, Trailing::RawSize); break;
    case ImageKind::Zstd: result = unpack_zstd(source, out, scratch, Trailing::Zeros); break;
    default: break;
  }
  return {static_cast<int>(result.status), result.produced};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::byte, kRoom> out;
  const auto in = std::as_bytes(std::span(data, size));
  const Outcome whole = unpack(in, out, SIZE_MAX);
  FUZZ_REQUIRE(whole.produced <= kRoom);
  FUZZ_REQUIRE(unpack(in, out, 7) == whole);
  (void)find_bzimage_payload(in);
  (void)zstd_size_hint(in);
  (void)lz4_size_hint(in);
  return 0;
}
