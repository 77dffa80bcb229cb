// SPDX-License-Identifier: MIT
// The gzip decoder against the real gzip and zlib's special modes, and against damaged, cut and lying streams; the
// checksum.
#include "parse/inflate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "parse/crc32.hpp"
#include "support/pieces.hpp"

using namespace pvloader;
using test::Pieces;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// Runs `command` with the name of a file that holds `data` in place of the %, and returns its output.
std::string filtered(std::string command, const std::string& data) {
    char name[] = "/tmp/inflate-test-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    std::FILE* const file = fdopen(fd, "wb");
    REQUIRE(std::fwrite(data.data(), 1, data.size(), file) == data.size());
    REQUIRE(std::fclose(file) == 0);
    command.replace(command.find('%'), 1, name);
    std::FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string output;
    std::vector<char> piece(65536);
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) output.append(piece.data(), got);
    REQUIRE(pclose(pipe) == 0);
    unlink(name);
    return output;
}

std::string gzip(const std::string& data, int level) { return filtered("gzip -nc -" + std::to_string(level) + " %", data); }

// zlib with a level and one of its strategies (2 only Huffman, 3 only runs, 4 the fixed code), for many texts in one process: starting
// it takes longer than all of its work.
std::vector<std::string> zlib(const std::vector<std::string>& texts, int level, int strategy) {
    std::string joined;
    std::string lengths;
    for (const std::string& text : texts) {
        joined += text;
        lengths += std::to_string(text.size()) + ",";
    }
    const std::string output =
        filtered("python3 -c 'import sys,zlib,struct;f=open(\"%\",\"rb\")\nfor n in [" + lengths + "]:\n c=zlib.compressobj(" +
                     std::to_string(level) + ",8,31,9," + std::to_string(strategy) +
                     ");d=c.compress(f.read(n))+c.flush();sys.stdout.buffer.write(struct.pack(\"<Q\",len(d))+d)'",
                 joined);
    std::vector<std::string> results;
    for (std::size_t at = 0; at < output.size();) {
        std::uint64_t length = 0;
        std::memcpy(&length, output.data() + at, sizeof length);
        results.push_back(output.substr(at + sizeof length, length));
        at += sizeof length + length;
    }
    REQUIRE(results.size() == texts.size());
    return results;
}

std::string zlib(const std::string& data, int level, int strategy) { return zlib(std::vector<std::string>{data}, level, strategy)[0]; }

struct Inflated {
    InflateResult result;
    std::string data;
};

// The output memory is exactly as large as asked for, so that a sanitizer sees a byte too many.
Inflated inflate(const std::string& in, std::size_t room, Trailing trailing = Trailing::Nothing) {
    const std::vector<std::byte> input(bytes_of(in).begin(), bytes_of(in).end());
    std::vector<std::byte> out(room);
    Inflated inflated;
    inflated.result = inflate_gzip(input, out, trailing);
    REQUIRE(inflated.result.produced <= room);
    REQUIRE(inflated.result.consumed <= in.size());
    inflated.data.resize(inflated.result.produced);
    if (!inflated.data.empty()) std::memcpy(inflated.data.data(), out.data(), inflated.data.size());
    return inflated;
}

void check_same(const std::string& compressed, const std::string& data) {
    const Inflated inflated = inflate(compressed, data.size());
    CHECK(to_text(inflated.result.status) == "no error");
    CHECK((inflated.data == data));
    CHECK(inflated.result.consumed == compressed.size());
    CHECK(gzip_size_hint(bytes_of(compressed)) == data.size());
    if (!data.empty()) CHECK(inflate(compressed, data.size() - 1).result.status == InflateStatus::TooLarge);
}

std::string words(std::size_t size) {
    const char* const kWords[] = {"event", "grant", "ring", "frame", " ", "\n", "domain", "channel", "0x7f", "port"};
    std::mt19937 random(1);
    std::string text;
    while (text.size() < size) text += kWords[random() % 10];
    text.resize(size);
    return text;
}

std::string noise(std::size_t size) {
    std::mt19937 random(2);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

std::string zeros(std::size_t size) { return std::string(size, '\0'); }

// Some of everything: short periods, far copies, incompressible parts.
std::string mixture(std::size_t size) {
    std::mt19937 random(3);
    std::string text = "seed";
    while (text.size() < size) {
        const std::size_t kind = random() % 3;
        if (kind == 0) text += noise(random() % 400);
        const std::size_t back = 1 + random() % std::min<std::size_t>(text.size(), kind == 1 ? 9 : 32768);
        for (std::size_t i = 0, n = random() % 700; i < n; ++i) text += text[text.size() - back];
    }
    text.resize(size);
    return text;
}

std::string le(std::uint32_t value) {
    std::string text(4, '\0');
    std::memcpy(text.data(), &value, 4);
    return text;
}

const std::string kHeader("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);

// A member whose deflate data is given.
std::string member(const std::string& deflated, const std::string& data, const std::string& header = kHeader) {
    return header + deflated + le(crc32_of(bytes_of(data))) + le(static_cast<std::uint32_t>(data.size()));
}

std::string stored(const std::string& data) {
    const auto size = static_cast<std::uint32_t>(data.size());
    return std::string("\x01", 1) + le(size).substr(0, 2) + le(~size).substr(0, 2) + data;
}

}  // namespace

TEST_CASE("What gzip compresses at any level comes back") {
    const std::string samples[] = {"", "x", words(300), words(2 << 20), noise(1 << 18), zeros(1 << 20), mixture(1 << 20)};
    for (const std::string& data : samples) {
        for (const int level : {1, 6, 9}) {
            CAPTURE(data.size());
            CAPTURE(level);
            check_same(gzip(data, level), data);
        }
    }
}

TEST_CASE("Stored blocks, the fixed code, Huffman alone and runs come back") {
    const std::vector<std::string> samples = {"", "x", words(200000), noise(200000), zeros(200000), mixture(200000)};
    for (const int strategy : {0, 2, 3, 4}) {
        const std::vector<std::string> compressed = zlib(samples, strategy == 0 ? 0 : 6, strategy);
        for (std::size_t i = 0; i < samples.size(); ++i) check_same(compressed[i], samples[i]);
    }
}

TEST_CASE("All short sizes come back, with room for exactly the data") {
    std::vector<std::string> samples;
    for (std::size_t size = 0; size < 300; ++size) samples.push_back(mixture(4000 + size * 7).substr(0, size < 200 ? size : size * 17));
    const std::vector<std::string> compressed = zlib(samples, 9, 4);
    for (std::size_t i = 0; i < samples.size(); ++i) check_same(compressed[i], samples[i]);
}

TEST_CASE("A source that hands out pieces of any size gives the same") {
    const std::string data = mixture(300000) + noise(70000);
    const std::string compressed = gzip(data, 6) + zlib(data, 0, 0);
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{25}, std::size_t{512}, std::size_t{4096}}) {
        CAPTURE(size);
        Pieces pieces{bytes_of(compressed), size};
        std::vector<std::byte> out(data.size() * 2);
        InflateTables tables;
        const InflateResult result = inflate_gzip(PieceSource{&Pieces::pull, &pieces}, out, tables);
        CHECK(to_text(result.status) == "no error");
        CHECK(result.consumed == compressed.size());
        REQUIRE(result.produced == out.size());
        CHECK(std::memcmp(out.data(), data.data(), data.size()) == 0);
        CHECK(std::memcmp(out.data() + data.size(), data.data(), data.size()) == 0);
    }
}

TEST_CASE("Optional header fields are passed over and the header's checksum is checked") {
    const std::string data = "hello";
    std::string header("\x1F\x8B\x08\x1E\0\0\0\0\0\x03\x05\0extraname\0comment\0", 10 + 2 + 5 + 5 + 8);
    header += le(crc32_of(bytes_of(header))).substr(0, 2);
    const std::string whole = member(stored(data), data, header);
    CHECK(inflate(whole, 5).data == data);
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(inflate(whole.substr(0, size), 5).result.status == InflateStatus::Truncated);
    std::string damaged = whole;
    damaged[14] = '!';
    CHECK(inflate(damaged, 5).result.status == InflateStatus::HeaderChecksum);
}

TEST_CASE("Wrong magic, method and reserved flags are told apart") {
    CHECK(inflate("", 1).result.status == InflateStatus::Truncated);
    CHECK(inflate("\x1F", 1).result.status == InflateStatus::Truncated);
    CHECK(inflate("PK\x03\x04 something", 1).result.status == InflateStatus::NotGzip);
    CHECK(inflate(std::string("\x1F\x8B\x07\0\0\0\0\0\0\x03", 10), 1).result.status == InflateStatus::BadHeader);
    CHECK(inflate(std::string("\x1F\x8B\x08\x20\0\0\0\0\0\x03", 10), 1).result.status == InflateStatus::BadHeader);
}

TEST_CASE("Every cut of a stream is noticed") {
    for (const std::string& whole : {gzip(words(700), 9), zlib(words(300), 6, 4), zlib(noise(200), 0, 0), gzip(mixture(3000), 6)}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            CHECK(inflate(whole.substr(0, size), 4000).result.status == InflateStatus::Truncated);
        }
    }
}

TEST_CASE("Every changed bit of a stream is noticed or does not change the data") {
    for (const std::string& data : {words(700), mixture(1500)}) {
        const std::string whole = gzip(data, 9);
        std::size_t unnoticed = 0;
        for (std::size_t at = 0; at < whole.size() * 8; ++at) {
            std::string damaged = whole;
            damaged[at / 8] = static_cast<char>(damaged[at / 8] ^ (1 << at % 8));
            const Inflated inflated = inflate(damaged, data.size());
            if (inflated.result.status != InflateStatus::Ok) continue;
            ++unnoticed;
            CAPTURE(at);
            CHECK((inflated.data == data));
        }
        // Time, system and a flag of the header are 49 bits; few others are padding or name a copy of the same bytes.
        CHECK(unnoticed >= 49);
        CHECK(unnoticed < 49 + 25);
    }
}

TEST_CASE("Every byte of a stream replaced by others never leads outside memory") {
    const std::string whole = gzip(mixture(1500), 9);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int value : {0x00, 0xFF, 0x7F, 0x80, whole[at] + 1, whole[at] - 1}) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(value);
            (void)inflate(damaged, 1500);
            (void)inflate(damaged, 100);
        }
    }
}

TEST_CASE("Random data behind a good header never leads outside memory") {
    std::mt19937 random(5);
    std::vector<int> seen(16);
    for (int round = 0; round < 30000; ++round) {
        std::string text = kHeader;
        // Begin with a block of a chosen type, so that stored ones do not end nearly every round.
        text += static_cast<char>((random() & ~6U) | (round % 2 == 0 ? 2 : 4));
        for (std::size_t i = 0, n = random() % 300; i < n; ++i) text += static_cast<char>(random());
        ++seen[static_cast<std::size_t>(inflate(text, 1 + random() % 3000).result.status)];
    }
    CHECK(seen[static_cast<std::size_t>(InflateStatus::BadCode)] > 0);
    CHECK(seen[static_cast<std::size_t>(InflateStatus::BadDistance)] > 0);
    CHECK(seen[static_cast<std::size_t>(InflateStatus::Ok)] == 0);
}

TEST_CASE("A bomb stops at the end of the memory it was given") {
    const std::string bomb = gzip(zeros(64 << 20), 9);
    CHECK(bomb.size() < 100000);
    const Inflated inflated = inflate(bomb, 100000);
    CHECK(inflated.result.status == InflateStatus::TooLarge);
    CHECK(inflated.result.produced <= 100000);
    CHECK(inflate(bomb, 0).result.status == InflateStatus::TooLarge);
    CHECK(inflate(member(stored("abc"), "abc"), 2).result.status == InflateStatus::TooLarge);
}

TEST_CASE("A trailer that lies is refused") {
    std::string whole = gzip(words(5000), 6);
    std::string wrong_size = whole;
    wrong_size[whole.size() - 1] = 1;
    CHECK(inflate(wrong_size, 5000).result.status == InflateStatus::SizeMismatch);
    CHECK(gzip_size_hint(bytes_of(wrong_size)) == 5000U + (1U << 24));
    std::string wrong_crc = whole;
    wrong_crc[whole.size() - 5] ^= 1;
    CHECK(inflate(wrong_crc, 5000).result.status == InflateStatus::Checksum);
    CHECK_FALSE(gzip_size_hint(bytes_of("short")).has_value());
}

TEST_CASE("Members one after the other give their data one after the other") {
    const std::string whole = gzip(words(3000), 6) + gzip("", 9) + member(stored("abc"), "abc");
    CHECK((inflate(whole, 3003).data == words(3000) + "abc"));
    CHECK(inflate(whole, 3002).result.status == InflateStatus::TooLarge);
    CHECK(inflate(whole.substr(0, whole.size() - 1), 3003).result.status == InflateStatus::Truncated);
}

TEST_CASE("A copy does not reach into the member before") {
    // The fixed code: length 3, distance 1, as the first thing of the member.
    const std::string copy("\x03\x02\x00", 3);
    CHECK(inflate(member(stored("abc"), "abc") + member(copy, "ccc"), 100).result.status == InflateStatus::BadDistance);
}

TEST_CASE("What follows the data is refused or tolerated as asked") {
    const std::string whole = member(stored("abc"), "abc");
    const auto status = [&](const std::string& rest, Trailing trailing) { return inflate(whole + rest, 3, trailing).result.status; };
    for (const Trailing trailing : {Trailing::Nothing, Trailing::Zeros, Trailing::RawSize, Trailing::Anything})
        CHECK(status("", trailing) == InflateStatus::Ok);
    CHECK(status(zeros(1), Trailing::Nothing) == InflateStatus::TrailingData);
    CHECK(status("\x1F", Trailing::Nothing) == InflateStatus::TrailingData);
    CHECK(status(zeros(511), Trailing::Zeros) == InflateStatus::Ok);
    CHECK(status(zeros(511) + "x", Trailing::Zeros) == InflateStatus::TrailingData);
    CHECK(status(le(3), Trailing::Zeros) == InflateStatus::TrailingData);
    CHECK(status(le(3), Trailing::RawSize) == InflateStatus::Ok);
    CHECK(status(le(3) + zeros(9), Trailing::RawSize) == InflateStatus::Ok);
    CHECK(status(zeros(9), Trailing::RawSize) == InflateStatus::Ok);
    CHECK(status(le(4), Trailing::RawSize) == InflateStatus::TrailingData);
    CHECK(status("garbage", Trailing::Anything) == InflateStatus::Ok);
    CHECK(inflate(whole + "garbage", 3, Trailing::Anything).result.consumed == whole.size());
}

TEST_CASE("A raw size that looks like the gzip magic is still a size") {
    const std::string data = zeros(0x8B1F);
    CHECK(inflate(member(stored(data), data) + le(0x8B1F), data.size(), Trailing::RawSize).result.status == InflateStatus::Ok);
}

TEST_CASE("Impossible blocks are refused") {
    const auto status = [](const std::string& deflated) { return inflate(member(deflated, ""), 100).result.status; };
    CHECK(status("\x07") == InflateStatus::BadBlock);                               // reserved type
    CHECK(status(std::string("\x01\x01\x00\xFF\xFF", 5)) == InflateStatus::BadBlock);  // lengths disagree
    CHECK(status("\xFD\xFF\xFF\xFF\xFF\xFF") == InflateStatus::BadCode);            // 288 literal codes
    CHECK(status(std::string("\x05\xE0\x81\x08\0\0\0\0\x20\x52\xE4", 11)) != InflateStatus::Ok);
    CHECK(inflate(kHeader + zeros(30), 100).result.status == InflateStatus::BadBlock);
}

TEST_CASE("Many empty blocks and members end") {
    std::string deflated;
    for (int i = 0; i < 100000; ++i) deflated += std::string("\0\0\0\xFF\xFF", 5);
    CHECK(inflate(member(deflated + std::string("\x03\0", 2), ""), 1).result.status == InflateStatus::Ok);
    std::string many;
    for (int i = 0; i < 20000; ++i) many += member(std::string("\x03\0", 2), "");
    CHECK(inflate(many, 0).result.status == InflateStatus::Ok);
}

TEST_CASE("The checksum is the known one and can be continued at any place") {
    CHECK(crc32_of(bytes_of("123456789")) == 0xCBF43926U);
    CHECK(crc32_of({}) == 0);
    const std::string data = noise(100);
    for (std::size_t cut = 0; cut <= data.size(); ++cut)
        CHECK(crc32_update(crc32_of(bytes_of(data).first(cut)), bytes_of(data).subspan(cut)) == crc32_of(bytes_of(data)));
}
