// SPDX-License-Identifier: MIT
// read-files IMAGE: every file of an ext file system as the loader's reader finds it. For each a line "SIZE PATH", then its bytes and
// a newline. At the first thing that the reader refuses it ends with status 1 and says why.
#include <cstdio>
#include <set>
#include <string>

#include "../loader/unit/ext_test_support.hpp"

using namespace pvloader;
using namespace pvloader::test;

namespace {

int refuse(const std::string& path, Status status) {
    std::fprintf(stderr, "read-files: %s: %s\n", path.c_str(), to_text(status));
    return 1;
}

int print_file(MountedExt& mounted, const std::string& path) {
    std::vector<std::byte> content;
    if (const Status status = mounted.read_all(path, content); status != Status::Ok) {
        return refuse(path, status);
    }
    std::printf("%zu %s\n", content.size(), path.c_str());
    std::fwrite(content.data(), 1, content.size(), stdout);
    std::putchar('\n');
    return 0;
}

int print(MountedExt& mounted, const std::string& path) {
    ExtFile found;
    if (const Status status = mounted.ext->lookup(path, found); status != Status::Ok) {
        return refuse(path, status);
    }
    if (!found.is_directory()) {
        return print_file(mounted, path);
    }
    std::set<std::string> names;
    if (const Status status = list_names(*mounted.ext, found, names); status != Status::Ok) {
        return refuse(path, status);
    }
    for (const std::string& name : names) {
        if (name == "." || name == "..") {
            continue;
        }
        if (const int result = print(mounted, path + "/" + name); result != 0) {
            return result;
        }
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fputs("usage: read-files IMAGE\n", stderr);
        return 2;
    }
    MountedExt mounted(read_host_file(words[1]));
    return mounted.status == Status::Ok ? print(mounted, "") : refuse("mounting", mounted.status);
}
