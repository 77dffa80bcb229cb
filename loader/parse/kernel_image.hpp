// SPDX-License-Identifier: MIT
// Which kind of file a kernel is, by its magic numbers, and where a bzImage keeps its payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pvloader {

enum class ImageKind : std::uint8_t { Elf, Gzip, Xz, Lz4, Zstd, BzImage, Unknown };
std::string_view to_text(ImageKind kind);

// As many bytes as identify() and find_bzimage_payload() ever look at; fewer are accepted.
inline constexpr std::size_t kImageHeadBytes = 0x250;

ImageKind identify(std::span<const std::byte> head);

// Where the compressed kernel lies in a bzImage, as offsets in the file. The caller still checks them against the
// file's size; the sum cannot wrap.
struct ImagePayload {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
// None when the head is cut short or older than boot protocol 2.08, the first that tells.
std::optional<ImagePayload> find_bzimage_payload(std::span<const std::byte> head);

}  // namespace pvloader
