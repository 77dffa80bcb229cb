// SPDX-License-Identifier: MIT
// The parser of GRUB legacy's device and file names.
#include "parse/device_name.hpp"

#include "parse/menu_text.hpp"

namespace pvloader {

using namespace std::string_view_literals;

namespace {

DeviceParse fail(DeviceError error) {
    DeviceParse parse;
    parse.error = error;
    return parse;
}

// A whole number without sign, leading or trailing text.
std::optional<std::uint32_t> whole_number(std::string_view text) {
    const Number number = parse_decimal(text);
    if (number.status != NumberStatus::Ok || !number.rest.empty() || number.value > kMaxDeviceNumber) return std::nullopt;
    return number.value;
}

DeviceError check_path(std::string_view path) {
    if (path.empty()) return DeviceError::None;
    if (path[0] == '+' || is_digit(path[0])) return DeviceError::BlockList;
    if (path[0] != '/') return DeviceError::NotAbsolute;
    if (path.size() > kMaxPathBytes) return DeviceError::PathTooLong;
    for (std::size_t start = 1; start <= path.size();) {
        std::size_t end = start;
        while (end < path.size() && path[end] != '/') ++end;
        if (cut(path, start, end - start) == ".."sv) return DeviceError::ParentDirectory;
        start = end + 1;
    }
    return DeviceError::None;
}

// Of msdos1 the number; none when the word does not name such a partition. The word before it is any scheme's name.
std::optional<std::uint32_t> grub2_partition(std::string_view text) {
    if (starts_with(text, "msdos"sv)) return whole_number(cut(text, 5));
    if (starts_with(text, "gpt"sv)) return whole_number(cut(text, 3));
    return std::nullopt;
}

bool is_grub2_scheme(std::string_view text) {
    return starts_with(text, "msdos"sv) || starts_with(text, "gpt"sv) || starts_with(text, "apple"sv) ||
           starts_with(text, "bsd"sv) || starts_with(text, "sun"sv);
}

DeviceParse parse_partition(std::uint32_t disk, std::string_view text) {
    DeviceParse parse;
    parse.name.disk = disk;
    if (is_grub2_scheme(text)) {
        parse.error = DeviceError::Grub2Partition;
        const std::optional<std::uint32_t> number = grub2_partition(text);
        if (number.has_value() && *number > 0) parse.write_instead = DeviceName{disk, *number - 1, {}};
        return parse;
    }
    std::size_t comma = 0;
    while (comma < text.size() && text[comma] != ',') ++comma;
    const std::optional<std::uint32_t> partition = whole_number(cut(text, 0, comma));
    if (!partition.has_value()) return fail(DeviceError::BadPartition);
    if (comma != text.size()) return fail(DeviceError::BsdPartition);
    parse.name.partition = partition;
    return parse;
}

// `text` is what stands between the parentheses.
DeviceParse parse_device(std::string_view text) {
    if (starts_with(text, "$"sv)) return fail(DeviceError::Grub2Variable);
    if (!starts_with(text, "hd"sv)) return fail(DeviceError::NotADisk);
    std::size_t comma = 2;
    while (comma < text.size() && text[comma] != ',') ++comma;
    const std::optional<std::uint32_t> disk = whole_number(cut(text, 2, comma - 2));
    if (!disk.has_value()) return fail(DeviceError::BadDiskNumber);
    if (comma < text.size()) return parse_partition(*disk, cut(text, comma + 1));
    DeviceParse parse;
    parse.name.disk = disk;
    return parse;
}

}  // namespace

DeviceParse parse_device_name(std::string_view text) {
    if (text.empty()) return fail(DeviceError::Empty);
    DeviceParse parse;
    std::string_view path = text;
    if (text[0] == '(') {
        std::size_t close = 1;
        while (close < text.size() && text[close] != ')') ++close;
        if (close == text.size()) return fail(DeviceError::MissingParenthesis);
        parse = parse_device(cut(text, 1, close - 1));
        path = cut(text, close + 1);
    }
    const DeviceError path_error = check_path(path);
    if (parse.is_ok()) {
        parse.error = path_error;
        parse.name.path = path;
    } else if (parse.write_instead.has_value() && path_error == DeviceError::None) {
        parse.write_instead->path = path;
    }
    return parse;
}

std::string_view to_text(DeviceError error) {
    static constexpr char kTexts[][96] = {
        "no error",
        "a name such as (hd0,0)/boot/vmlinuz is missing",
        "the ')' is missing",
        "only disks exist here; write (hd0) for the first",
        "the number after 'hd' must be 0 to 65535",
        "the partition must be a number from 0 to 65535",
        "GRUB 2 names partitions otherwise and counts them from 1",
        "GRUB 2's variables are not read; write (hd0,0) for the first partition",
        "BSD partitions are not supported",
        "block lists are not supported; write the file's path",
        "a path begins with '/'",
        "'..' is not allowed in a path",
        "the path is longer than 4096 bytes",
    };
    return row_text(kTexts, static_cast<std::size_t>(error));
}

std::string_view device_error_text(const DeviceParse& parse, std::span<char> out) {
    TextBuffer message(out);
    message.add(to_text(parse.error));
    if (parse.write_instead.has_value()) {
        const DeviceName& name = *parse.write_instead;
        message.add("; write (hd"sv).add_number(name.disk.value_or(0)).add(","sv).add_number(name.partition.value_or(0));
        message.add(")"sv).add_escaped(name.path);
    }
    return message.text();
}

}  // namespace pvloader
