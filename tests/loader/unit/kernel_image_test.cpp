// SPDX-License-Identifier: MIT
// The magic numbers of kernel files, and the fields of a bzImage.
#include "parse/kernel_image.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pvloader;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("A kernel's kind is known by its magic and a cut magic by nothing") {
    using namespace std::string_literals;
    const auto kind = [](const std::string& head) { return identify(bytes_of(head)); };
    CHECK(kind("\x7F" "ELF\x02") == ImageKind::Elf);
    CHECK(kind("\x1F\x8B\x08") == ImageKind::Gzip);
    CHECK(kind("\xFD" "7zXZ\0"s) == ImageKind::Xz);
    CHECK(kind("\x02\x21\x4C\x18") == ImageKind::Lz4);
    CHECK(kind("\x04\x22\x4D\x18") == ImageKind::Lz4);
    CHECK(kind("\x28\xB5\x2F\xFD") == ImageKind::Zstd);
    CHECK(kind("") == ImageKind::Unknown);
    CHECK(kind("\x7F" "EL") == ImageKind::Unknown);
    CHECK(kind("MZ" + std::string(1000, '\0')) == ImageKind::Unknown);
    CHECK(to_text(ImageKind::BzImage) == "bzImage");
}

TEST_CASE("A bzImage tells where its payload lies and a cut or old one does not") {
    std::string head = "MZ" + std::string(kImageHeadBytes - 2, '\0');
    head[0x1F1] = 3;
    head.replace(0x1FE, 2, "\x55\xAA");
    head.replace(0x202, 4, "HdrS");
    head.replace(0x206, 2, "\x0F\x02");
    head.replace(0x248, 8, std::string("\0\1\0\0\0\x50\0\0", 8));
    CHECK(identify(bytes_of(head)) == ImageKind::BzImage);
    const auto payload = find_bzimage_payload(bytes_of(head));
    REQUIRE(payload.has_value());
    CHECK(payload->offset == 4 * 512 + 0x100);
    CHECK(payload->length == 0x5000);
    for (std::size_t size = 0; size < head.size(); ++size)
        CHECK_FALSE(find_bzimage_payload(bytes_of(head).first(size)).has_value());

    std::string greedy = head;
    greedy[0x1F1] = '\xFF';
    greedy.replace(0x248, 8, 8, '\xFF');
    CHECK(find_bzimage_payload(bytes_of(greedy))->offset == 256ULL * 512 + 0xFFFFFFFF);
    greedy[0x1F1] = 0;
    CHECK(find_bzimage_payload(bytes_of(greedy))->offset == 5ULL * 512 + 0xFFFFFFFF);
    std::string old = head;
    old.replace(0x206, 2, "\x07\x02");
    CHECK_FALSE(find_bzimage_payload(bytes_of(old)).has_value());
}
