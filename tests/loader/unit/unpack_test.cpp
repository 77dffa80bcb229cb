// SPDX-License-Identifier: MIT
// The decoders of xz, lz4 and zstd against the output of the real tools, whole, cut, damaged, joined and padded.
#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "disk_image_support.hpp"
#include "parse/kernel_image.hpp"
#include "parse/lz4.hpp"
#include "parse/xxhash.hpp"
#include "parse/xz.hpp"
#include "parse/zstd.hpp"
#include "support/pieces.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

using Bytes = std::vector<std::byte>;

bool no_packers() {
    if (have_tools({"xz", "lz4", "zstd"})) return false;
    MESSAGE("skipped: no xz, no lz4 or no zstd");
    return true;
}

// The standard output of a command that reads the file $IN.
Bytes packed(const std::string& command, const Bytes& data) {
    TempDir folder;
    write_host_file(folder / "in", data);
    const std::string in = (folder / "in").string();
    const std::string out = (folder / "out").string();
    if (run_tool("IN=" + in + "; { " + command + "; } > " + out) != 0) throw std::runtime_error("failed: " + command);
    return read_host_file(out);
}

struct Unpacked {
    UnpackStatus status;
    Bytes data;
};

// The output memory is exactly as large as asked for, so that a sanitizer sees a byte too many.
Unpacked unpack(const Bytes& in, std::size_t room, Trailing trailing = Trailing::Nothing, std::size_t piece = SIZE_MAX) {
    static const auto model = std::make_unique<LzmaModel>();
    static const auto scratch = std::make_unique<ZstdScratch>();
    Bytes out(room);
    Pieces pieces{in, piece};
    const PieceSource source{&Pieces::pull, &pieces};
    UnpackResult result{UnpackStatus::BadHeader, 0};
    switch (identify(in)) {
        case ImageKind::Xz: result = unpack_xz(source, out, *model, trailing); break;
        case ImageKind::Lz4: result = unpack_lz4(source, out, trailing); break;
        case ImageKind::Zstd: result = unpack_zstd(source, out, *scratch, trailing); break;
        default: break;
    }
    REQUIRE(result.produced <= room);
    out.resize(result.produced);
    return {result.status, std::move(out)};
}

constexpr const char* kCommands[] = {
    "xz -c -0 $IN",
    "xz -c -9 $IN",
    "xz -c --check=crc32 --x86 --lzma2=preset=6 $IN",
    "xz -c --check=none --lzma2=lc=0,lp=4,pb=0 $IN",
    "xz -c --block-size=100000 $IN",
    "lz4 -c -l $IN",
    "lz4 -c -9 $IN",
    "lz4 -c -BD -B4 --content-size $IN",
    "lz4 -c -BX --no-frame-crc $IN",
    "zstd -c -1 $IN",
    "zstd -c --ultra -22 $IN",
    "zstd -c --fast=5 --no-check $IN",
    "zstd -c -19 --content-size $IN",
};

// Code, text and noise, and sizes at which formats change their mind.
std::vector<Bytes> samples() {
    Bytes code = read_host_file("/proc/self/exe");
    code.resize(std::min<std::size_t>(code.size(), 400'000));
    Bytes mixed = make_pattern(30'000, 3);
    for (int i = 0; i < 4000; ++i) {
        const std::string line = "line " + std::to_string(i * i % 9973) + " of text\n";
        const auto bytes = std::as_bytes(std::span(line));
        mixed.insert(mixed.end(), bytes.begin(), bytes.end());
    }
    return {code, mixed, Bytes(300'000), make_pattern(1, 1), {}};
}

Bytes joined(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace

TEST_CASE("What xz, lz4 and zstd pack comes back, with room for exactly the data") {
    if (no_packers()) return;
    for (const Bytes& data : samples()) {
        for (const char* command : kCommands) {
            CAPTURE(command);
            CAPTURE(data.size());
            const Bytes stream = packed(command, data);
            const Unpacked whole = unpack(stream, data.size());
            CHECK(whole.status == UnpackStatus::Ok);
            CHECK(whole.data == data);
            CHECK(unpack(stream, data.size(), Trailing::Nothing, 977).data == data);
            if (!data.empty()) CHECK(unpack(stream, data.size() - 1).status == UnpackStatus::TooLarge);
        }
    }
}

TEST_CASE("Every cut of a stream is noticed") {
    if (no_packers()) return;
    const Bytes data = samples()[1];
    for (const char* command : kCommands) {
        if (std::string_view(command).find(" -l ") != std::string_view::npos) continue;  // that format has no end mark
        CAPTURE(command);
        Bytes stream = packed(command, Bytes(data.begin() + 29'000, data.begin() + 32'000));
        while (!stream.empty()) {
            stream.pop_back();
            CHECK(unpack(stream, 4000).status != UnpackStatus::Ok);
        }
    }
}

TEST_CASE("Damage ends in a status, and with a checksum never in other data") {
    if (no_packers()) return;
    const Bytes all = samples()[1];
    const Bytes data(all.begin() + 20'000, all.begin() + 50'000);
    std::mt19937 random(5);
    for (const char* command : kCommands) {
        CAPTURE(command);
        const std::string_view text = command;
        const bool is_checked = text.find("-l ") == text.npos && text.find("no-") == text.npos && text.find("=none") == text.npos;
        const Bytes stream = packed(command, data);
        for (int round = 0; round < 150; ++round) {
            Bytes damaged = stream;
            for (int i = 0; i < 1 + round % 3; ++i) damaged[6 + random() % (damaged.size() - 6)] ^= static_cast<std::byte>(1 + random() % 255);
            const Unpacked result = unpack(damaged, data.size());
            if (is_checked && result.status == UnpackStatus::Ok) CHECK(result.data == data);
        }
    }
}

TEST_CASE("A bomb stops at the end of the memory it was given") {
    if (no_packers()) return;
    for (const char* command : {"head -c 50000000 /dev/zero | xz -c -1", "head -c 50000000 /dev/zero | lz4 -c", "head -c 50000000 /dev/zero | zstd -c"}) {
        CAPTURE(command);
        const Unpacked result = unpack(packed(command, {}), 1'000'000);
        CHECK(result.status == UnpackStatus::TooLarge);
    }
}

TEST_CASE("Streams in a row, and empty or skippable frames between them, are one file") {
    if (no_packers()) return;
    const Bytes data = make_pattern(5000, 9);
    const Bytes skippable = {std::byte{0x53}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18}, std::byte{2},
                             std::byte{0},    std::byte{0},    std::byte{0},    std::byte{7},    std::byte{7}};
    for (const char* command : {"xz -c $IN", "lz4 -c $IN", "lz4 -c -l $IN", "zstd -c $IN"}) {
        CAPTURE(command);
        const Bytes one = packed(command, data);
        CHECK(unpack(joined(one, one), 10'000).data == joined(data, data));
        if (identify(one) != ImageKind::Xz) CHECK(unpack(joined(joined(one, skippable), one), 10'000).data == joined(data, data));
    }
}

TEST_CASE("What may follow the last stream is told by the caller") {
    if (no_packers()) return;
    const Bytes data = make_pattern(5000, 9);
    Bytes size(4);
    store_le(size, 0, 5000, 4);
    const Bytes zeros(512);
    for (const char* command : {"xz -c --check=crc32 $IN", "lz4 -c $IN", "lz4 -c -l $IN", "zstd -c $IN"}) {
        CAPTURE(command);
        const Bytes one = packed(command, data);
        CHECK(unpack(joined(one, zeros), 5000, Trailing::Zeros).status == UnpackStatus::Ok);
        CHECK(unpack(joined(one, zeros), 5000).status == UnpackStatus::TrailingData);
        CHECK(unpack(joined(one, size), 5000, Trailing::RawSize).data == data);
        CHECK(unpack(joined(one, size), 5000, Trailing::RawSize).status == UnpackStatus::Ok);
        CHECK(unpack(joined(joined(one, size), zeros), 5000, Trailing::RawSize).status == UnpackStatus::Ok);
        CHECK(unpack(one, 5000, Trailing::RawSize).status == UnpackStatus::Truncated);
        size[0] ^= std::byte{1};
        CHECK(unpack(joined(one, size), 5000, Trailing::RawSize).status != UnpackStatus::Ok);
        size[0] ^= std::byte{1};
        CHECK(unpack(joined(one, size), 5000, Trailing::Zeros).status != UnpackStatus::Ok);
    }
}

TEST_CASE("Filters and checks that are not here are refused as such") {
    if (no_packers()) return;
    const Bytes data = samples()[1];
    CHECK(unpack(packed("xz -c --delta=dist=2 --lzma2=preset=1 $IN", data), data.size()).status == UnpackStatus::Unsupported);
    CHECK(unpack(packed("xz -c --check=sha256 $IN", data), data.size()).status == UnpackStatus::Unsupported);
}

TEST_CASE("Headers of lz4 and zstd tell the size when they know it") {
    if (no_packers()) return;
    const Bytes data = make_pattern(70'000, 1);
    CHECK(zstd_size_hint(packed("zstd -c $IN", data)) == 70'000);
    CHECK(zstd_size_hint(packed("zstd -c < $IN", data)) == 0);
    CHECK(lz4_size_hint(packed("lz4 -c --content-size $IN", data)) == 70'000);
    CHECK(lz4_size_hint(packed("lz4 -c $IN", data)) == 0);
    CHECK(zstd_size_hint({}) == 0);
}

TEST_CASE("xxHash gives the values of its authors") {
    const std::string text = "Nobody inspects the spammish repetition";
    CHECK(xxh32({}) == 0x02CC5D05);
    CHECK(xxh64({}) == 0xEF46DB3751D8E999);
    CHECK(xxh32(std::as_bytes(std::span(text))) == 0xE2293B2F);
    CHECK(xxh64(std::as_bytes(std::span(text))) == 0xFBCEA83C8A378BF1);
}
