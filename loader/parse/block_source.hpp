// SPDX-License-Identifier: MIT
// Where a parser's bytes come from: a disk, a partition of it, or a test's memory.
//
// A source belongs to its caller and is used from one thread. It knows nothing of what it holds; the
// parsers check every number they find in it. Example:
//
//     Slice partition(disk, 2048 * 512, 1 << 20);
//     Status status = partition.read(1024, buffer);   // byte 1024 of the partition
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pvloader {

// What became of an operation on a disk. A hostile disk can cause any of these and nothing else.
enum class [[nodiscard]] Status : std::uint8_t {
    Ok,
    IoError,          // the device failed the request
    OutOfRange,       // a read past the end of the device, partition or file
    NotRecognized,    // another format than the one that was tried
    Corrupt,          // the format is right but a number in it cannot be
    Unsupported,      // a valid feature that this loader lacks
    NotFound,
    NotDirectory,
    IsDirectory,
    NotRegular,       // a device, pipe or socket where a file was wanted
    TooLarge,         // over a limit of this loader
    SymlinkLoop,      // too many symbolic links on the way
    ScratchTooSmall,  // the caller gave too little memory to work in
    NotMounted,
};

constexpr const char* to_text(Status status) {
    switch (status) {
        case Status::Ok: return "no error";
        case Status::IoError: return "the disk failed a read";
        case Status::OutOfRange: return "a read past the end";
        case Status::NotRecognized: return "not in a known format";
        case Status::Corrupt: return "damaged";
        case Status::Unsupported: return "uses a feature this loader lacks";
        case Status::NotFound: return "not found";
        case Status::NotDirectory: return "not a directory";
        case Status::IsDirectory: return "a directory";
        case Status::NotRegular: return "not a regular file";
        case Status::TooLarge: return "too large";
        case Status::SymlinkLoop: return "too many symbolic links";
        case Status::ScratchTooSmall: return "not enough working memory";
        case Status::NotMounted: return "not mounted";
    }
    return "unknown status";
}

// Bytes that can be read at any offset. The partition and ext parsers ask for whole multiples of 512
// at multiples of 512, and for as much as they can in one call.
class BlockSource {
public:
    // Fills all of `out`, or fails; after a failure the content of `out` means nothing.
    virtual Status read(std::uint64_t byte_offset, std::span<std::byte> out) = 0;
    virtual std::uint64_t size_bytes() const = 0;

protected:
    // Not virtual: nobody deletes through this type, so no operator delete is needed.
    ~BlockSource() = default;
};

// A window into a source, such as a partition. It is cut to what the source has, and no read gets out of it.
class Slice final : public BlockSource {
public:
    Slice(BlockSource& whole, std::uint64_t first_byte, std::uint64_t bytes) : whole_(whole), first_(first_byte) {
        const std::uint64_t available = first_byte < whole.size_bytes() ? whole.size_bytes() - first_byte : 0;
        bytes_ = bytes < available ? bytes : available;
    }

    Status read(std::uint64_t byte_offset, std::span<std::byte> out) override {
        if (byte_offset > bytes_ || out.size() > bytes_ - byte_offset) {
            return Status::OutOfRange;
        }
        return whole_.read(first_ + byte_offset, out);
    }

    std::uint64_t size_bytes() const override { return bytes_; }

private:
    BlockSource& whole_;
    std::uint64_t first_;
    std::uint64_t bytes_ = 0;
};

}  // namespace pvloader
