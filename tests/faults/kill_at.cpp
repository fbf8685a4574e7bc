// kill_at: SIGKILL at a label of a program that runs: at the entry of a function, at its return, or at the
// n-th instruction in it. It works like a debugger (ptrace, one breakpoint), so the program under test has
// nothing in it for this and is the one that is installed. Used by kill_labels_test.py.
#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum Exit : int { killed = 0, usage = 2, not_reached = 3, ended_before = 4, failed = 5 };
constexpr std::uint8_t breakpoint = 0xCC;
constexpr long pause_ns = 200'000;

[[noreturn]] void give_up(int code, const std::string& text) {
    std::fprintf(stderr, "kill_at: %s\n", text.c_str());
    std::exit(code);
}

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                      std::free);
    return status == 0 ? std::string(text.get()) : std::string(name);
}

// Offsets of all functions of this name, whatever their parameters, in a file that was not stripped.
std::vector<std::uint64_t> find_label(const std::string& path, const std::string& label) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    Elf64_Ehdr head{};
    if (bytes.size() < sizeof head) {
        give_up(failed, "cannot read " + path);
    }
    std::memcpy(&head, bytes.data(), sizeof head);
    std::vector<Elf64_Shdr> sections(head.e_shnum);
    std::memcpy(sections.data(), bytes.data() + head.e_shoff, sections.size() * sizeof(Elf64_Shdr));
    std::vector<std::uint64_t> found;
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_type != SHT_SYMTAB) {
            continue;
        }
        const char* names = bytes.data() + sections[section.sh_link].sh_offset;
        for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol{};
            std::memcpy(&symbol, bytes.data() + section.sh_offset + at, sizeof symbol);
            if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_value == 0) {
                continue;
            }
            const std::string name = demangled(names + symbol.st_name);
            if ((name.starts_with(label + "(") || name.starts_with(label + "[abi:cxx11](")) &&
                name.find("[clone .cold") == std::string::npos) {
                found.push_back(symbol.st_value);
            }
        }
    }
    if (found.empty()) {
        give_up(usage, path + " has no function '" + label + "': choose another label in its place");
    }
    return found;
}

// Where the program's file begins in its memory: it is position independent.
std::uint64_t load_base(pid_t id) {
    const std::string program =
        std::filesystem::read_symlink("/proc/" + std::to_string(id) + "/exe").string();
    std::ifstream maps("/proc/" + std::to_string(id) + "/maps");
    std::string line;
    while (std::getline(maps, line)) {
        if (line.ends_with(program) && line.find(" 00000000 ") != std::string::npos) {
            return std::stoull(line, nullptr, 16);
        }
    }
    give_up(failed, "no mapping of " + program);
}

class Victim {
  public:
    explicit Victim(pid_t id)
        : id_(id), memory_(::open(("/proc/" + std::to_string(id) + "/mem").c_str(), O_RDWR | O_CLOEXEC)) {
        if (memory_ < 0) {
            give_up(ended_before, "no process " + std::to_string(id));
        }
    }

    // Every thread, and those it starts: one that is not traced would die of the breakpoint by another
    // signal.
    void seize() {
        std::map<pid_t, bool> seen;
        for (bool more = true; more;) {
            more = false;
            std::error_code code;
            for (const auto& task :
                 std::filesystem::directory_iterator("/proc/" + std::to_string(id_) + "/task", code)) {
                const pid_t thread = std::atoi(task.path().filename().c_str());
                if (!seen[thread]) {
                    seen[thread] = more = true;
                    if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACECLONE) != 0 && errno != ESRCH &&
                        errno != EPERM) {
                        give_up(failed, std::string("PTRACE_SEIZE: ") + std::strerror(errno));
                    }
                }
            }
        }
    }

    void put(std::uint64_t address) {
        std::uint8_t before = 0;
        if (::pread(memory_, &before, 1, static_cast<off_t>(address)) != 1 ||
            ::pwrite(memory_, &breakpoint, 1, static_cast<off_t>(address)) != 1) {
            give_up(ended_before, "the process ended before its label could be set");
        }
        before_.emplace(address, before);
    }
    [[nodiscard]] bool has(std::uint64_t address) const { return before_.contains(address); }
    void take_out() {
        for (const auto& [address, byte] : before_) {
            if (::pwrite(memory_, &byte, 1, static_cast<off_t>(address)) != 1) {
                give_up(ended_before, "the process ended at its label");
            }
        }
        before_.clear();
    }
    [[nodiscard]] std::uint64_t word(std::uint64_t address) const {
        std::uint64_t value = 0;
        return ::pread(memory_, &value, sizeof value, static_cast<off_t>(address)) == sizeof value ? value
                                                                                                   : 0;
    }
    void kill() const {
        ::kill(id_, SIGKILL);
        int status = 0;
        while (::waitpid(-1, &status, __WALL) > 0 || errno == EINTR) {
        }
    }
    [[nodiscard]] pid_t id() const { return id_; }

  private:
    pid_t id_;
    int memory_;
    std::map<std::uint64_t, std::uint8_t> before_;
};

user_regs_struct registers_of(pid_t thread) {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
    return registers;
}

struct Wanted {
    std::string where;  // before, after, within
    long steps = 0;     // within: so many instructions, or to the function's return if that comes first
};

// The thread stands at the function's entry. Leaves it where it is to be killed; how many steps that took.
long walk(pid_t thread, const Wanted& wanted, std::uint64_t back, std::uint64_t stack, bool& returned) {
    long done = 0;
    while (done < wanted.steps) {
        if (::ptrace(PTRACE_SINGLESTEP, thread, nullptr, nullptr) != 0) {
            return done;
        }
        int status = 0;
        if (::waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) {
            return done;
        }
        ++done;
        const user_regs_struct now = registers_of(thread);
        if (now.rip == back && now.rsp > stack) {
            returned = true;
            return done;
        }
    }
    return done;
}

void resume(pid_t thread, int status) {
    // A stop by PTRACE_INTERRUPT or of a new thread is no signal of the program's.
    const bool event = status >> 16 != 0;
    const int signal = event || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    ::ptrace(PTRACE_CONT, thread, nullptr, signal);
}

double seconds_now() {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

// A thread has met the label's entry: 0 when the process is dead now, -1 when its return is waited for.
int at_entry(Victim& victim, pid_t thread, const Wanted& wanted, std::uint64_t& stack) {
    user_regs_struct registers = registers_of(thread);
    victim.take_out();
    --registers.rip;
    ::ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
    stack = registers.rsp;
    const std::uint64_t back = victim.word(stack);
    if (wanted.where == "after") {
        victim.put(back);
        return -1;
    }
    bool returned = false;
    const long steps = wanted.where == "within" ? walk(thread, wanted, back, stack, returned) : 0;
    victim.kill();
    std::printf("killed %ld %d\n", steps, returned ? 1 : 0);
    return killed;
}

int hunt(Victim& victim, const std::vector<std::uint64_t>& labels, const Wanted& wanted, double seconds) {
    for (const std::uint64_t address : labels) {
        if (!victim.has(address)) {
            victim.put(address);
        }
    }
    const double deadline = seconds_now() + seconds;
    std::uint64_t stack = 0;
    while (seconds_now() < deadline) {
        int status = 0;
        const pid_t thread = ::waitpid(-1, &status, __WALL | WNOHANG);
        if (thread == 0 || (thread < 0 && errno == EINTR)) {
            const timespec rest{0, pause_ns};
            ::nanosleep(&rest, nullptr);
            continue;
        }
        if (thread < 0) {
            return ended_before;
        }
        if (!WIFSTOPPED(status)) {
            continue;
        }
        const std::uint64_t at = registers_of(thread).rip - 1;
        if (WSTOPSIG(status) != SIGTRAP || status >> 16 != 0) {
            resume(thread, status);
        } else if (stack == 0 && victim.has(at)) {
            if (const int code = at_entry(victim, thread, wanted, stack); code >= 0) {
                return code;
            }
            ::ptrace(PTRACE_CONT, thread, nullptr, 0);
        } else if (stack != 0 && victim.has(at)) {
            // At the return, of this call or of one inside it: either way the function has been left.
            victim.kill();
            std::printf("killed 0 1\n");
            return killed;
        } else {
            // Another thread's hit of a breakpoint that is no more: that instruction is still to be done.
            user_regs_struct registers = registers_of(thread);
            --registers.rip;
            ::ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
            ::ptrace(PTRACE_CONT, thread, nullptr, 0);
        }
    }
    return not_reached;
}

// Starts a program and stops it before its first instruction.
pid_t start_stopped(char** command) {
    const pid_t id = ::fork();
    if (id == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::execv(command[0], command);
        ::_exit(127);
    }
    int status = 0;
    if (::waitpid(id, &status, 0) != id || !WIFSTOPPED(status)) {
        give_up(failed, std::string("cannot run ") + command[0]);
    }
    ::ptrace(PTRACE_SETOPTIONS, id, nullptr, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
    return id;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 6) {
        give_up(usage,
                "kill_at LABEL before|after|within STEPS SECONDS PID, or PROGRAM ARGUMENTS... to start one");
    }
    const std::string label = arguments[1];
    const Wanted wanted{arguments[2], std::atol(arguments[3])};
    const double seconds = std::atof(arguments[4]);
    const bool start = count > 6 || std::strspn(arguments[5], "0123456789") != std::strlen(arguments[5]);
    const pid_t id = start ? start_stopped(arguments + 5) : std::atoi(arguments[5]);
    Victim victim(id);
    std::vector<std::uint64_t> labels = find_label("/proc/" + std::to_string(id) + "/exe", label);
    const std::uint64_t base = load_base(id);
    for (std::uint64_t& address : labels) {
        address += base;
    }
    if (!start) {
        victim.seize();
    }
    if (start) {
        for (const std::uint64_t address : labels) {
            victim.put(address);
        }
        ::ptrace(PTRACE_CONT, id, nullptr, 0);
    }
    const int code = hunt(victim, labels, wanted, seconds);
    if (code != killed) {
        std::fprintf(stderr, "kill_at: %s %s: %s\n", wanted.where.c_str(), label.c_str(),
                     code == ended_before ? "the program ended first" : "not reached");
        victim.kill();  // a thread may stand at a stop: it is not left like that
    }
    return code;
}
