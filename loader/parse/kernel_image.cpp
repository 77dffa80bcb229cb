// SPDX-License-Identifier: MIT
// Magic numbers of kernel files. The bzImage fields are those of Linux's documented x86 boot protocol.
#include "parse/kernel_image.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kSetupSectors = 0x1F1;
constexpr std::size_t kBootFlag = 0x1FE;
constexpr std::size_t kHeaderMagic = 0x202;
constexpr std::size_t kProtocolVersion = 0x206;
constexpr std::size_t kPayloadOffset = 0x248;
constexpr std::size_t kPayloadLength = 0x24C;

bool has(std::span<const std::byte> head, std::size_t at, std::string_view magic) {
    if (at > head.size() || magic.size() > head.size() - at) return false;
    for (std::size_t i = 0; i < magic.size(); ++i)
        if (head[at + i] != static_cast<std::byte>(magic[i])) return false;
    return true;
}

// Precondition: the bytes are there.
std::uint32_t read_le(std::span<const std::byte> head, std::size_t at, std::size_t bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::to_integer<std::uint32_t>(head[at + i]) << (8 * i);
    return value;
}

}  // namespace

std::string_view to_text(ImageKind kind) {
    static constexpr char kTexts[][24] = {"ELF", "gzip", "xz", "lz4", "zstd", "bzImage", "an unknown format"};
    return row_text(kTexts, static_cast<std::size_t>(kind));
}

ImageKind identify(std::span<const std::byte> head) {
    using namespace std::string_view_literals;
    if (has(head, 0, "\x7F" "ELF"sv)) return ImageKind::Elf;
    if (has(head, 0, "\x1F\x8B"sv)) return ImageKind::Gzip;
    if (has(head, 0, "\xFD" "7zXZ\0"sv)) return ImageKind::Xz;
    // The frame format, and the older one that kernels use.
    if (has(head, 0, "\x04\x22\x4D\x18"sv) || has(head, 0, "\x02\x21\x4C\x18"sv)) return ImageKind::Lz4;
    if (has(head, 0, "\x28\xB5\x2F\xFD"sv)) return ImageKind::Zstd;
    if (has(head, kBootFlag, "\x55\xAA"sv) && has(head, kHeaderMagic, "HdrS"sv)) return ImageKind::BzImage;
    return ImageKind::Unknown;
}

std::optional<ImagePayload> find_bzimage_payload(std::span<const std::byte> head) {
    if (head.size() < kImageHeadBytes || identify(head) != ImageKind::BzImage) return std::nullopt;
    if (read_le(head, kProtocolVersion, 2) < 0x0208) return std::nullopt;
    std::uint64_t sectors = read_le(head, kSetupSectors, 1);
    if (sectors == 0) sectors = 4;  // as old boot loaders took it
    ImagePayload payload;
    payload.offset = (sectors + 1) * 512 + read_le(head, kPayloadOffset, 4);
    payload.length = read_le(head, kPayloadLength, 4);
    if (payload.length == 0) return std::nullopt;
    return payload;
}

}  // namespace pvloader
