// SPDX-License-Identifier: MIT
// Descriptors hold offsets from the package's begin, 32 bits wide, and the last byte of a module, not the one behind it.
#include "boot/module_list.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <pvabi/start_info.h>

#include "boot/unpack_file.hpp"
#include "parse/kernel_image.hpp"

namespace pvloader {

namespace {

constexpr std::size_t kPageBytes = 4096;
using Descriptor = pv_multiboot_mod_list;
static_assert((ModuleList::kMaxModules + 1) * sizeof(Descriptor) == kPageBytes);

constexpr std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

bool is_gzip(const OpenFile& opened, bool& answer, Message& why) {
    std::array<std::byte, 4> memory{};
    const auto head = std::span(memory).first(static_cast<std::size_t>(std::min<std::uint64_t>(opened.file.size(), memory.size())));
    if (!read_file(opened, 0, head, why)) return false;
    answer = identify(head) == ImageKind::Gzip;
    return true;
}

bool load_content(Platform& platform, const OpenFile& opened, ModuleList::Packed packed, Buffer& content, Message& why) {
    bool is_packed = false;
    if (packed == ModuleList::Packed::Unzip && !is_gzip(opened, is_packed, why)) return false;
    if (!is_packed) return load_file(opened, content, why);
    if (!unpack_file(platform, {opened, 0, opened.file.size(), ImageKind::Gzip, Trailing::Zeros}, content, why)) return false;
    if (!content.bytes().empty()) return true;
    why.clear().add("the file is empty, once it is decompressed");
    return false;
}

// Zeros up to the end of the last page: a new kernel shall not see what lay there.
void clear_tail(const Buffer& buffer) {
    const std::span<std::byte> bytes = buffer.bytes();
    std::fill(bytes.data() + bytes.size(), bytes.data() + whole_pages(bytes.size()), std::byte{0});
}

}  // namespace

// Until a module is there, it does not count.
bool ModuleList::make_header(Message& why) {
    Buffer page(platform_);
    if (!page.allocate(kPageBytes)) {
        explain_memory(why.clear(), kPageBytes);
        return false;
    }
    std::fill(page.bytes().begin(), page.bytes().end(), std::byte{0});
    pieces_[0] = std::move(page);
    package_bytes_ = kPageBytes;
    return true;
}

// For the module that goes where the package ends now.
void ModuleList::add_descriptor(std::uint64_t content_bytes) {
    const auto start = static_cast<std::uint32_t>(package_bytes_);
    Descriptor descriptor{};
    descriptor.mod_start = start;
    descriptor.mod_end = static_cast<std::uint32_t>(start + content_bytes - 1);
    descriptor.cmdline = static_cast<std::uint32_t>(start + whole_pages(content_bytes));
    const auto bytes = std::as_bytes(std::span(&descriptor, 1));
    std::copy(bytes.begin(), bytes.end(), pieces_[0].bytes().begin() + static_cast<std::ptrdiff_t>(count() * sizeof(Descriptor)));
}

bool ModuleList::add(const OpenFile& opened, std::string_view command_line, Packed packed, Message& why) {
    if (count() == kMaxModules) {
        why.clear().add("a kernel can be given 255 modules, no more");
        return false;
    }
    Buffer content(platform_);
    Buffer text(platform_);
    if (!load_content(platform_, opened, packed, content, why)) return false;
    if (!text.allocate(command_line.size() + 1)) {
        explain_memory(why.clear(), command_line.size() + 1);
        return false;
    }
    if (is_empty() && !make_header(why)) return false;
    const std::uint64_t bytes = whole_pages(content.bytes().size()) + whole_pages(text.bytes().size());
    if (package_bytes_ + bytes > std::numeric_limits<std::uint32_t>::max()) {
        why.clear().add("all modules together are larger than 4 GiB");
        return false;
    }
    std::copy(command_line.begin(), command_line.end(), text.chars().begin());
    text.chars().back() = '\0';
    clear_tail(content);
    clear_tail(text);
    add_descriptor(content.bytes().size());
    package_bytes_ += bytes;
    used_ = is_empty() ? 1 : used_;
    pieces_[used_++] = std::move(content);
    pieces_[used_++] = std::move(text);
    return true;
}

void ModuleList::reset() {
    for (Buffer& piece : pieces_) piece.reset();
    used_ = 0;
}

}  // namespace pvloader
