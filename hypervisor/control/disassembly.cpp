// SPDX-License-Identifier: MIT
#include "control/disassembly.hpp"

#include <capstone/capstone.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>

namespace pvisor {

namespace {

constexpr std::size_t kMaxInstruction = 15;
constexpr std::size_t kBytesBefore = 24;
constexpr std::size_t kShownBefore = 3;
constexpr std::size_t kShownFrom = 4;

/// A Capstone handle that is closed.
class Decoder {
 public:
  Decoder() {
    open_ = ::cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) == CS_ERR_OK;
    if (!open_) return;
    ::cs_option(handle_, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    ::cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    instruction_ = ::cs_malloc(handle_);
  }
  ~Decoder() {
    if (instruction_ != nullptr) ::cs_free(instruction_, 1);
    if (open_) ::cs_close(&handle_);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// The first instruction of `bytes`, or nullptr; good until the next call.
  [[nodiscard]] const cs_insn* first(std::span<const std::byte> bytes, std::uint64_t address) {
    const auto* code = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t size = bytes.size();
    if (instruction_ == nullptr || !::cs_disasm_iter(handle_, &code, &size, &address, instruction_)) return nullptr;
    return instruction_;
  }

 private:
  csh handle_ = 0;
  bool open_ = false;
  cs_insn* instruction_ = nullptr;
};

DisassembledInstruction text_of(const cs_insn& instruction) {
  std::string text = instruction.mnemonic;
  if (instruction.op_str[0] != '\0') text = text + " " + instruction.op_str;
  return {instruction.address, text};
}

struct Hint {
  unsigned instruction;
  const char* text;
};

constexpr const char* kMask = "a PV kernel masks events by vcpu_info.evtchn_upcall_mask: 1 is cli, 0 is sti (then test evtchn_upcall_pending)";
constexpr const char* kPorts = "there are no I/O ports; devices are split drivers found in xenstore, the console is a ring or console_io";
constexpr const char* kIret = "return by the iret hypercall (23) with the frame that the handler found on its stack";
constexpr const char* kMsr = "segment bases are set by set_segment_base, events and time come through shared_info; other MSRs do not exist here";
constexpr const char* kTask = "there is no task register; the kernel's stack is set by stack_switch";
constexpr const char* kTables = "descriptor tables and task registers cannot be read; a kernel knows what it gave to set_gdt and set_trap_table";
constexpr const char* kOther = "hypercalls go through the hypercall page, or by `syscall` with the number in rax";
constexpr const char* kAccess = "there is no supervisor-mode access prevention to switch; leave it out";
constexpr const char* kFsGs = "segment bases are set by set_segment_base (25)";
constexpr const char* kWait = "wait by sched_op block or poll (29); the monitor wakes the vCPU";
constexpr const char* kState = "supervisor state is the host's; xsave and xrstor keep what a kernel has";
constexpr const char* kSmsw = "use fpu_taskswitch for TS; other bits of CR0 cannot be changed";

constexpr std::array kHints{
    Hint{X86_INS_HLT, "wait by sched_op block (29, SCHEDOP_block), which also unmasks events"},
    Hint{X86_INS_CLI, kMask},
    Hint{X86_INS_STI, kMask},
    Hint{X86_INS_LGDT, "the flat selectors of the ABI need no GDT; another is given by set_gdt"},
    Hint{X86_INS_LIDT, "give the handlers by set_trap_table, the event entry by callback_op"},
    Hint{X86_INS_LLDT, "an LDT is given by mmuext_op set_ldt"},
    Hint{X86_INS_LTR, kTask},
    Hint{X86_INS_IN, kPorts},
    Hint{X86_INS_OUT, kPorts},
    Hint{X86_INS_INSB, kPorts},
    Hint{X86_INS_INSW, kPorts},
    Hint{X86_INS_INSD, kPorts},
    Hint{X86_INS_OUTSB, kPorts},
    Hint{X86_INS_OUTSW, kPorts},
    Hint{X86_INS_OUTSD, kPorts},
    Hint{X86_INS_IRET, kIret},
    Hint{X86_INS_IRETD, kIret},
    Hint{X86_INS_IRETQ, kIret},
    Hint{X86_INS_SYSRET, kIret},
    Hint{X86_INS_SYSEXIT, kIret},
    Hint{X86_INS_RDMSR, kMsr},
    Hint{X86_INS_WRMSR, kMsr},
    Hint{X86_INS_INVLPG, "flush one address by mmuext_op invlpg_local, or by the flag of update_va_mapping"},
    Hint{X86_INS_SWAPGS, "GS bases are switched on entry and iret; set them by set_segment_base"},
    Hint{X86_INS_CLTS, "clear TS by fpu_taskswitch(0)"},
    Hint{X86_INS_LMSW, kSmsw},
    Hint{X86_INS_INVD, "caches are the host's business; leave it out"},
    Hint{X86_INS_WBINVD, "caches are the host's business; leave it out"},
    Hint{X86_INS_STR, kTables},
    Hint{X86_INS_SLDT, kTables},
    Hint{X86_INS_SGDT, kTables},
    Hint{X86_INS_SIDT, kTables},
    Hint{X86_INS_SMSW, kSmsw},
    Hint{X86_INS_RDPMC, "there are no performance counters; count by the time in shared_info"},
    Hint{X86_INS_MONITOR, kWait},
    Hint{X86_INS_MWAIT, kWait},
    Hint{X86_INS_INVPCID, "there are no process-context identifiers; flush by mmuext_op tlb_flush_local or invlpg_local"},
    Hint{X86_INS_VMCALL, kOther},
    Hint{X86_INS_VMMCALL, kOther},
    Hint{X86_INS_INT, kOther},
    Hint{X86_INS_SYSENTER, kOther},
    Hint{X86_INS_CLAC, kAccess},
    Hint{X86_INS_STAC, kAccess},
    Hint{X86_INS_RDFSBASE, kFsGs},
    Hint{X86_INS_WRFSBASE, kFsGs},
    Hint{X86_INS_RDGSBASE, kFsGs},
    Hint{X86_INS_WRGSBASE, kFsGs},
    Hint{X86_INS_XSAVES, kState},
    Hint{X86_INS_XSAVES64, kState},
    Hint{X86_INS_XRSTORS, kState},
    Hint{X86_INS_XRSTORS64, kState},
    Hint{X86_INS_XSETBV, "XCR0 is the host's; use the vector state that it enables"},
};

/// mov to or from a control or debug register.
std::string special_register_hint(const cs_insn& instruction) {
  const cs_x86& x86 = instruction.detail->x86;
  for (std::uint8_t i = 0; i < x86.op_count; ++i) {
    if (x86.operands[i].type != X86_OP_REG) continue;
    const auto reg = static_cast<unsigned>(x86.operands[i].reg);
    if (reg == X86_REG_CR3) return "load page tables by mmuext_op new_baseptr (26, MMUEXT_NEW_BASEPTR)";
    if (reg == X86_REG_CR2) return "the faulting address is in vcpu_info.arch.cr2";
    if (reg == X86_REG_CR0) return kSmsw;
    if (reg >= X86_REG_CR0 && reg <= X86_REG_CR15) return "control registers are the host's; vm_assist and fpu_taskswitch are what there is";
    if (reg >= X86_REG_DR0 && reg <= X86_REG_DR15) return "debug registers are reached by set_debugreg and get_debugreg";
  }
  return {};
}

std::string hint_for(const cs_insn& instruction) {
  const auto found = std::find_if(kHints.begin(), kHints.end(), [&](const Hint& hint) { return hint.instruction == instruction.id; });
  if (found != kHints.end()) return found->text;
  return instruction.id == X86_INS_MOV ? special_register_hint(instruction) : std::string();
}

/// The guest's bytes from `address`, as many as exist up to `count`.
std::vector<std::byte> read_code(const GuestMemory& memory, std::uint64_t address, std::size_t count) {
  std::vector<std::byte> bytes(count);
  while (!bytes.empty() && !memory.copy_in(GuestVirt(address), bytes)) bytes.pop_back();
  return bytes;
}

/// Decodes `bytes` as instructions that end exactly at their end; nothing if they do not.
std::optional<std::vector<DisassembledInstruction>> decode_all(Decoder& decoder, std::span<const std::byte> bytes, std::uint64_t address) {
  std::vector<DisassembledInstruction> instructions;
  while (!bytes.empty()) {
    const cs_insn* instruction = decoder.first(bytes, address);
    if (instruction == nullptr || instruction->size > bytes.size()) return std::nullopt;
    instructions.push_back(text_of(*instruction));
    address += instruction->size;
    bytes = bytes.subspan(instruction->size);
  }
  return instructions;
}

/// The longest run-up that decodes to the very address is most likely the true one.
std::vector<DisassembledInstruction> decode_before(Decoder& decoder, const GuestMemory& memory, std::uint64_t address) {
  for (std::size_t back = std::min<std::uint64_t>(kBytesBefore, address); back > 0; --back) {
    std::vector<std::byte> bytes(back);
    if (!memory.copy_in(GuestVirt(address - back), bytes)) continue;
    auto found = decode_all(decoder, bytes, address - back);
    if (!found) continue;
    if (found->size() > kShownBefore) found->erase(found->begin(), found->end() - kShownBefore);
    return *found;
  }
  return {};
}

}  // namespace

Disassembly disassemble_around(const GuestMemory& memory, std::uint64_t address) {
  Decoder decoder;
  Disassembly result;
  const auto bytes = read_code(memory, address, kShownFrom * kMaxInstruction);
  std::span<const std::byte> rest(bytes);
  std::uint64_t at = address;
  while (result.at.size() < kShownFrom) {
    const cs_insn* instruction = decoder.first(rest, at);
    if (instruction == nullptr) break;
    if (result.at.empty()) result.hint = hint_for(*instruction);
    result.at.push_back(text_of(*instruction));
    at += instruction->size;
    rest = rest.subspan(instruction->size);
  }
  if (!bytes.empty()) result.before = decode_before(decoder, memory, address);
  return result;
}

}  // namespace pvisor
