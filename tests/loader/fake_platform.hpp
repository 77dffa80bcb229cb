// SPDX-License-Identifier: MIT
// A machine for the loader's boot/ without a guest: disks in memory, typed keys that are given, time that passes only when
// somebody waits, and memory that is counted.
#pragma once

#include <cstdlib>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "boot/session.hpp"
#include "unit/ext_test_support.hpp"

namespace pvloader::test {

class FakePlatform final : public Platform {
public:
    struct Started {
        std::string kernel, initrd, command_line;  // initrd: its pieces, each but the last up to the end of a page
        bool has_modules = false;
    };
    // What a successful start throws: it never returns to the loader. Nothing else in the loader throws.
    struct Gone {};

    explicit FakePlatform(std::vector<std::vector<std::byte>> images) {
        for (auto& image : images) disks.emplace_back(std::move(image));
    }

    std::uint32_t disk_count() override { return static_cast<std::uint32_t>(disks.size()); }
    Status open_disk(std::uint32_t index, Disk& disk) override {
        disk.source = &disks.at(index);
        return open_status;
    }
    std::span<std::byte> allocate(std::size_t bytes) override {
        if (bytes > memory_left) return {};
        memory_left -= bytes;
        return {static_cast<std::byte*>(std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096)), bytes};
    }
    void release(std::span<std::byte> memory) override {
        memory_left += memory.size();
        std::free(memory.data());
    }
    void write(std::string_view text) override { output += text; }
    int read_byte(std::uint64_t deadline_ns) override {
        if (typed.empty()) {
            if (deadline_ns == 0) throw std::runtime_error("waits for a key for ever:\n" + output);
            now = std::max(now, deadline_ns);
            return -1;
        }
        const int byte = typed.front();
        typed.pop_front();
        if (byte >= 0) return static_cast<unsigned char>(byte);
        now = std::max(now, deadline_ns);  // -1: nothing until the deadline
        return -1;
    }
    void sleep_until(std::uint64_t deadline_ns) override { now = std::max(now, deadline_ns); }
    std::uint64_t now_ns() override { return now; }
    bool is_interactive() override { return interactive; }
    std::string_view start(const StartRequest& request) override {
        started.push_back({text_of(request.kernel), {}, text_of(request.command_line), request.ramdisk_is_modules});
        std::string& initrd = started.back().initrd;
        for (const Buffer& piece : request.ramdisk) {
            const bool is_last = &piece == &request.ramdisk.back();
            const std::span<std::byte> bytes = piece.bytes();
            initrd += text_of({bytes.data(), is_last ? bytes.size() : (bytes.size() + 4095) / 4096 * 4096});
        }
        if (started.back().kernel.find("refuse") != std::string::npos) return "it was refused";
        throw Gone();
    }

    void type(std::string_view keys) { typed.insert(typed.end(), keys.begin(), keys.end()); }

    // Runs a session. True when a kernel was started.
    bool boot(std::string_view config = {}, std::string_view host_menu = {}) {
        auto menu = std::make_unique<Menu>();
        Volumes volumes(*this);
        Session session(*this, volumes, *menu);
        try {
            session.run(config, std::as_bytes(std::span(host_menu)));
            return false;
        } catch (const Gone&) {
            return true;
        }
    }
    bool shows(std::string_view text) const { return output.find(text) != std::string::npos; }

    static constexpr std::size_t kMemory = std::size_t{64} << 20;

    std::deque<MemoryDisk> disks;
    std::deque<int> typed;
    std::string output;
    std::vector<Started> started;
    std::size_t memory_left = kMemory;
    std::uint64_t now = 1'000'000'000;
    bool interactive = false;
    Status open_status = Status::Ok;

private:
    static std::string text_of(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

}  // namespace pvloader::test
