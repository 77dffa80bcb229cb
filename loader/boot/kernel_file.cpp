// SPDX-License-Identifier: MIT
// Loading and decompressing kernels. A compressed file is read in pieces, so that only the kernel itself needs memory in
// one piece.
#include "boot/kernel_file.hpp"

#include <new>

#include "parse/inflate.hpp"
#include "parse/kernel_image.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

// Hands the decoder one piece of a file after the other.
struct FilePieces {
    const OpenFile& opened;
    std::span<std::byte> piece;
    Message& why;
    std::uint64_t offset = 0;
    bool has_failed = false;

    static std::span<const std::byte> pull(void* context) {
        auto& self = *static_cast<FilePieces*>(context);
        const std::uint64_t left = self.opened.file.size() - self.offset;
        const std::size_t count = left < self.piece.size() ? static_cast<std::size_t>(left) : self.piece.size();
        if (count == 0 || self.has_failed) return {};
        if (!read_file(self.opened, self.offset, self.piece.first(count), self.why)) {
            self.has_failed = true;
            return {};
        }
        self.offset += count;
        return self.piece.first(count);
    }
};

bool inflate_file(Platform& platform, const OpenFile& opened, Buffer& kernel, InflateResult& result, Message& why) {
    Buffer piece(platform);
    Buffer tables(platform);
    if (!piece.allocate(kPieceBytes) || !tables.allocate(sizeof(InflateTables))) {
        explain_memory(why.clear(), kPieceBytes + sizeof(InflateTables));
        return false;
    }
    FilePieces pieces{opened, piece.bytes(), why};
    const InflateSource source{&FilePieces::pull, &pieces};
    auto* scratch = new (tables.bytes().data()) InflateTables;
    result = inflate_gzip(source, kernel.bytes(), *scratch, Trailing::Zeros);
    return !pieces.has_failed;
}

// What the file's last bytes say is a guess: a file of several parts, or padded, needs more. Then twice as much is tried,
// as long as memory lasts.
bool load_gzip(Platform& platform, const OpenFile& opened, Buffer& kernel, Message& why) {
    std::array<std::byte, 4> tail{};
    if (opened.file.size() < 18) {
        why.clear().add("the gzip file is cut short");
        return false;
    }
    if (!read_file(opened, opened.file.size() - tail.size(), tail, why)) return false;
    std::uint64_t size = gzip_size_hint(tail).value_or(0);
    // Deflate makes data at most 1032 times smaller: a larger claim is a lie, and a smaller size than the file's a padding.
    const std::uint64_t most = opened.file.size() < (std::uint64_t{1} << 40) ? opened.file.size() * 1040 : size;
    if (size > most) size = most;
    if (size < opened.file.size()) size = opened.file.size();
    for (;; size *= 2) {
        if (!kernel.allocate(size)) {
            explain_memory(why.clear(), size);
            return false;
        }
        InflateResult result;
        if (!inflate_file(platform, opened, kernel, result, why)) return false;
        if (result.status == InflateStatus::Ok) {
            kernel.shrink(result.produced);
            return true;
        }
        if (result.status != InflateStatus::TooLarge) {
            why.clear().add("cannot be decompressed: ").add(to_text(result.status));
            return false;
        }
    }
}

void refuse_format(TextBuffer& text, ImageKind kind) {
    switch (kind) {
        case ImageKind::Xz:
        case ImageKind::Lz4:
        case ImageKind::Zstd:
            text.add("the kernel is compressed with ").add(to_text(kind)).add(", which the loader cannot read yet; put the output of `");
            text.add(to_text(kind)).add(" -dc` on the disk");
            return;
        case ImageKind::BzImage:
            text.add("the kernel is a bzImage, which the loader cannot read yet; put the vmlinux inside it on the disk");
            return;
        default:
            text.add("not a kernel: neither an ELF file nor one compressed with gzip");
            return;
    }
}

}  // namespace

bool load_kernel(Platform& platform, const OpenFile& opened, Buffer& kernel, Message& why) {
    std::array<std::byte, kImageHeadBytes> memory{};
    const std::uint64_t bytes = opened.file.size();
    const auto head = std::span(memory).first(bytes < memory.size() ? static_cast<std::size_t>(bytes) : memory.size());
    if (bytes == 0) {
        why.clear().add("the file is empty");
        return false;
    }
    if (!read_file(opened, 0, head, why)) return false;
    const ImageKind kind = identify(head);
    if (kind == ImageKind::Elf) return load_file(opened, kernel, why);
    if (kind != ImageKind::Gzip) {
        refuse_format(why.clear(), kind);
        return false;
    }
    if (!load_gzip(platform, opened, kernel, why)) return false;
    const ImageKind inner = identify(kernel.bytes());
    if (inner == ImageKind::Elf) return true;
    refuse_format(why.clear().add("inside the gzip file: "), inner);
    return false;
}

}  // namespace pvloader
