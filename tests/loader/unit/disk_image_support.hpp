// SPDX-License-Identifier: MIT
// What the loader's disk tests share: a disk in memory that counts its reads, a temporary folder, and the tools
// that make real images. Tests skip with a message when a tool is missing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "parse/block_source.hpp"

namespace pvloader::test {

// Reads as a device does: all that was asked for, or an error.
class MemoryDisk final : public BlockSource {
public:
    explicit MemoryDisk(std::vector<std::byte> content) : bytes(std::move(content)) {}

    Status read(std::uint64_t byte_offset, std::span<std::byte> out) override {
        ++reads;
        aligned = aligned && byte_offset % 512 == 0 && out.size() % 512 == 0;
        if (byte_offset > bytes.size() || out.size() > bytes.size() - byte_offset) {
            return Status::OutOfRange;
        }
        if (reads > fail_after) {
            return Status::IoError;
        }
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(byte_offset), out.size(), out.begin());
        return Status::Ok;
    }
    std::uint64_t size_bytes() const override { return bytes.size(); }

    std::vector<std::byte> bytes;
    std::uint64_t reads = 0;
    std::uint64_t fail_after = UINT64_MAX;
    bool aligned = true;  // every request so far was in whole sectors
};

inline void store_le(std::span<std::byte> bytes, std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
    }
}

class TempDir {
public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "pvisor-loader-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    std::string str() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

// The file system tools live where an ordinary user's PATH does not look. Gives the exit code; output is dropped.
inline int run_tool(const std::string& command) {
    const std::string line = "PATH=$PATH:/sbin:/usr/sbin; export PATH; { " + command + "; } >/dev/null 2>&1";
    const int status = std::system(line.c_str());
    return status < 0 || status % 256 != 0 ? -1 : status / 256;
}

// Looked for once each: nearly every test asks.
inline bool have_tools(std::initializer_list<const char*> names) {
    static std::map<std::string, bool> known;
    return std::all_of(names.begin(), names.end(), [](const std::string& name) {
        const auto found = known.find(name);
        if (found != known.end()) return found->second;
        return known[name] = run_tool("command -v " + name) == 0;
    });
}

inline std::vector<std::byte> read_host_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
        throw std::runtime_error("cannot open " + path.string());
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(static_cast<char*>(static_cast<void*>(bytes.data())), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

inline void write_host_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(static_cast<const char*>(static_cast<const void*>(bytes.data())),
               static_cast<std::streamsize>(bytes.size()));
    if (!file) {
        throw std::runtime_error("cannot write " + path.string());
    }
}

// Bytes that depend on the seed and on every position, so that a misplaced block shows.
inline std::vector<std::byte> make_pattern(std::size_t size, std::uint32_t seed) {
    std::vector<std::byte> bytes(size);
    std::uint32_t state = seed * 2654435761u + 1;
    for (std::byte& value : bytes) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

}  // namespace pvloader::test
