// SPDX-License-Identifier: MIT
// menu.lst: the whole parse, the choice of an entry, and for each command what the loader would take apart next: kernel and file
// lines, device names. Every text that would be shown must be printable.
#include <array>
#include <cstdlib>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "parse/device_name.hpp"
#include "parse/menu.hpp"

using namespace pvloader;

namespace {

bool is_inside(std::string_view piece, std::string_view whole) {
  return piece.empty() || (piece.data() >= whole.data() && piece.data() + piece.size() <= whole.data() + whole.size());
}

void check_shown(std::string_view text) {
  for (const char c : text) FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void check_device(std::string_view word) {
  std::array<char, 256> memory;
  const DeviceParse parsed = parse_device_name(word);
  if (parsed.is_ok()) {
    FUZZ_REQUIRE(is_inside(parsed.name.path, word) && parsed.name.path.size() <= kMaxPathBytes);
    FUZZ_REQUIRE(parsed.name.disk.value_or(0) <= kMaxDeviceNumber && parsed.name.partition.value_or(0) <= kMaxDeviceNumber);
  } else {
    check_shown(device_error_text(parsed, memory));
  }
}

void check_command(const MenuCommand& command, std::string_view text) {
  FUZZ_REQUIRE(is_inside(command.name, text) && is_inside(command.arguments, text));
  FUZZ_REQUIRE(!is_menu_command(command.kind) || command.kind == CommandKind::Password);
  const KernelLine kernel = parse_kernel_line(command.arguments);
  FUZZ_REQUIRE(is_inside(kernel.file, text) && is_inside(kernel.arguments, text) && is_inside(kernel.bad_word, text));
  FUZZ_REQUIRE(kernel.error != ArgumentError::None || !kernel.file.empty());
  check_device(kernel.file);
  for (const FileLine& file : {parse_initrd_line(command.arguments), parse_module_line(command.arguments)}) {
    FUZZ_REQUIRE(is_inside(file.file, text) && is_inside(file.arguments, text));
  }
}

void check_choice(const Menu& menu, std::optional<std::uint32_t> saved) {
  DefaultChoice choice = resolve_default(menu, saved);
  FUZZ_REQUIRE(choice.entry < menu.entries().size());
  for (std::size_t tries = 0; next_fallback(menu, choice.fallback_cursor); ++tries) FUZZ_REQUIRE(tries < kMaxFallbacks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Menu menu;
  std::string text(reinterpret_cast<const char*>(data), size);
  const std::optional<std::uint32_t> saved = parse_saved_default(text);
  parse_menu(text, menu);

  FUZZ_REQUIRE(menu.entry_count <= kMaxMenuEntries && menu.command_count <= kMaxMenuCommands);
  for (const MenuEntry& entry : menu.entries()) {
    FUZZ_REQUIRE(is_inside(entry.title, text));
    FUZZ_REQUIRE(entry.first_command + entry.command_count <= menu.command_count);
    for (const MenuCommand& command : menu.commands_of(entry)) check_command(command, text);
  }
  std::array<char, 512> memory;
  for (const MenuNote& note : menu.notes.all()) check_shown(note_text(note, "menu.lst", memory));
  if (!menu.entries().empty()) {
    check_choice(menu, std::nullopt);
    check_choice(menu, saved);
  }
  return 0;
}
