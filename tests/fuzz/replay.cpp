// SPDX-License-Identifier: MIT
// Stands in for libFuzzer where it is not built in: runs a fuzz target once on every file of the folders named, so that seeds and
// old finds are tested, and counted in coverage, with any compiler. A failure ends the program; the last line names the input.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::set<std::filesystem::path> files_below(const char* folder) {
  std::set<std::filesystem::path> files;  // in order, so that runs are alike
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  return files;
}

std::vector<std::uint8_t> content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int count, char** words) {
  std::size_t inputs = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& path : files_below(words[i])) {
      const auto content = content_of(path);
      std::printf("%s: %zu bytes\n", path.filename().c_str(), content.size());
      std::fflush(stdout);
      (void)LLVMFuzzerTestOneInput(content.data(), content.size());
      ++inputs;
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs != 0 ? 0 : 1;  // a target without a seed is a mistake
}
