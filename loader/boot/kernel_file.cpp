// SPDX-License-Identifier: MIT
// Which kind of file it is, and what is inside.
#include "boot/kernel_file.hpp"

#include "boot/unpack_file.hpp"
#include "parse/kernel_image.hpp"

namespace pvloader {

namespace {

using Head = std::array<std::byte, kImageHeadBytes>;

// As many of the bytes from `offset` on as there are, up to a head's.
bool read_head(const OpenFile& opened, std::uint64_t offset, std::uint64_t bytes, Head& memory, std::span<const std::byte>& head,
               Message& why) {
    const auto wanted = std::span(memory).first(bytes < memory.size() ? static_cast<std::size_t>(bytes) : memory.size());
    head = wanted;
    return read_file(opened, offset, wanted, why);
}

bool accept_inside(ImageKind outer, std::span<const std::byte> inner, Message& why) {
    if (identify(inner) == ImageKind::Elf) return true;
    why.clear().add("inside the ").add(to_text(outer)).add(" file: not an ELF kernel, but ").add(to_text(identify(inner)));
    return false;
}

// The kernel proper is an ELF file inside, compressed as the kernel's builder chose.
bool load_bzimage(Platform& platform, const OpenFile& opened, std::span<const std::byte> head, Buffer& kernel, Message& why) {
    const std::optional<ImagePayload> payload = find_bzimage_payload(head);
    if (!payload.has_value()) {
        why.clear().add("a bzImage that does not say where its kernel lies: of before Linux 2.6.24, or damaged");
        return false;
    }
    const std::uint64_t bytes = opened.file.size();
    if (payload->offset > bytes || payload->length > bytes - payload->offset) {
        why.clear().add("a bzImage whose kernel lies past the file's end: cut short, or damaged");
        return false;
    }
    Head memory{};
    std::span<const std::byte> inner;
    if (!read_head(opened, payload->offset, payload->length, memory, inner, why)) return false;
    const ImageKind kind = identify(inner);
    if (!is_compressed(kind)) {
        why.clear().add("a bzImage whose kernel is in none of gzip, xz, lz4 and zstd, but ").add(to_text(kind));
        return false;
    }
    const PackedFile packed{opened, payload->offset, payload->length, kind, Trailing::RawSize};
    return unpack_file(platform, packed, kernel, why) && accept_inside(ImageKind::BzImage, kernel.bytes(), why);
}

}  // namespace

bool load_kernel(Platform& platform, const OpenFile& opened, Buffer& kernel, Message& why) {
    const std::uint64_t bytes = opened.file.size();
    if (bytes == 0) {
        why.clear().add("the file is empty");
        return false;
    }
    Head memory{};
    std::span<const std::byte> head;
    if (!read_head(opened, 0, bytes, memory, head, why)) return false;
    const ImageKind kind = identify(head);
    if (kind == ImageKind::Elf) return load_file(opened, kernel, why);
    if (kind == ImageKind::BzImage) return load_bzimage(platform, opened, head, kernel, why);
    if (is_compressed(kind))
        return unpack_file(platform, {opened, 0, bytes, kind, Trailing::Zeros}, kernel, why) && accept_inside(kind, kernel.bytes(), why);
    why.clear().add("not a kernel: neither an ELF file, nor one in gzip, xz, lz4 or zstd, nor a bzImage");
    return false;
}

}  // namespace pvloader
