// See confine.hpp.
#include "gateway/confine.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace fairlead::gateway {

namespace {

// Landlock's network rules, which are younger than Debian 12's headers (ABI 4).
constexpr std::uint64_t net_bind_tcp = 1ULL << 0U;
constexpr std::uint64_t net_connect_tcp = 1ULL << 1U;
constexpr int rule_net_port = 2;
struct RulesetAttributes {
    std::uint64_t handled_files;
    std::uint64_t handled_net;
};
struct NetPort {
    std::uint64_t allowed;
    std::uint64_t port;
};

constexpr std::uint64_t read_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_files = read_files | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr std::uint64_t all_files = write_files | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

std::string because(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

class Descriptor {
  public:
    explicit Descriptor(long fd) : fd_(static_cast<int>(fd)) {}
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

void allow_path(int ruleset, const std::string& path, std::uint64_t access, Warnings& warnings) {
    const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat what {};
    if (place.get() < 0 || ::fstat(place.get(), &what) != 0) {
        warnings.push_back(because("Landlock: " + path + " cannot be opened and will not be"));
        return;
    }
    landlock_path_beneath_attr rule{};
    rule.allowed_access =
        S_ISDIR(what.st_mode) ? access : access & ~std::uint64_t{LANDLOCK_ACCESS_FS_READ_DIR};
    rule.parent_fd = place.get();
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        warnings.push_back(because("Landlock: a rule for " + path));
    }
}

void allow_ports(int ruleset, const std::vector<std::uint16_t>& ports, std::uint64_t access,
                 Warnings& warnings) {
    for (const std::uint16_t port : ports) {
        const NetPort rule{access, port};
        if (::syscall(SYS_landlock_add_rule, ruleset, rule_net_port, &rule, 0) != 0) {
            warnings.push_back(because("Landlock: a rule for port " + std::to_string(port)));
        }
    }
}

void restrict_files(const Rights& rights, Warnings& warnings) {
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        warnings.emplace_back(
            "the kernel has no Landlock: every file its user may open stays open to the gateway");
        return;
    }
    constexpr long abi_with_net = 4;
    RulesetAttributes attributes{all_files, abi >= abi_with_net ? net_bind_tcp | net_connect_tcp : 0};
    const std::size_t size = abi >= abi_with_net ? sizeof attributes : sizeof attributes.handled_files;
    const Descriptor ruleset(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
    if (ruleset.get() < 0) {
        warnings.push_back(because("Landlock"));
        return;
    }
    for (const std::string& path : rights.write) {
        std::error_code ignored;  // what cannot be made cannot be opened, and that is told
        std::filesystem::create_directories(path, ignored);
        allow_path(ruleset.get(), path, write_files, warnings);
    }
    for (const std::string& path : rights.read) {
        allow_path(ruleset.get(), path, read_files, warnings);
    }
    if (abi >= abi_with_net) {
        allow_ports(ruleset.get(), rights.listen_ports, net_bind_tcp, warnings);
        allow_ports(ruleset.get(), rights.connect_ports, net_connect_tcp, warnings);
    } else {
        warnings.emplace_back("the kernel's Landlock knows no ports: connects are held to no port");
    }
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
        warnings.push_back(because("Landlock"));
    }
}

void drop_capabilities(bool may_lock_all, Warnings& warnings) {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
        static_cast<void>(
            ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));  // needs one itself: may not have it
    }
    static_cast<void>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {};
    if (!may_lock_all) {
        // Locking memory takes a limit that allows it, or this; whoever has neither is told when it locks.
        __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {};
        static_cast<void>(::syscall(SYS_capget, &header, held));
        const __u32 lock_bit = held[0].permitted & (1U << CAP_IPC_LOCK);
        kept[0].permitted = kept[0].effective = lock_bit;
    }
    if (::syscall(SYS_capset, &header, kept) != 0) {
        warnings.push_back(because("capabilities cannot be dropped"));
    }
    if (::getuid() == 0) {
        warnings.emplace_back("the gateway runs as root: give it a user of its own (deploy/systemd)");
    }
}

// What the gateway calls while it works, threads of its libraries included.
constexpr int allowed_calls[] = {
    // the order road
    SCMP_SYS(epoll_wait), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(clock_gettime), SCMP_SYS(epoll_ctl),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(fcntl), SCMP_SYS(shutdown), SCMP_SYS(close),
    SCMP_SYS(read), SCMP_SYS(write),
    // Asio: accepting, connecting, the control socket, timers
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(ioctl), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(readv), SCMP_SYS(writev),
    SCMP_SYS(timerfd_settime), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_pwait),
    SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
    // files: the journal read for resends, the users' database, the operator log
    SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(getdents64),
    SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
    SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(ftruncate), SCMP_SYS(fchmod), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(umask),
    // memory and threads
    SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(mlock),
    SCMP_SYS(munlock), SCMP_SYS(msync), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity), SCMP_SYS(setpriority),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getrandom),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(sysinfo), SCMP_SYS(prlimit64), SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    // signals and the end
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)};

int add_rules(scmp_filter_ctx filter) {
    int error = 0;
    const auto keep = [&error](int result) { error = error != 0 ? error : result; };
    for (const int call : allowed_calls) {
        keep(::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0));
    }
    // TCP sockets, for the lines to the venues.
    for (const int family : {AF_INET, AF_INET6}) {
        keep(::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family), 0)));
    }
    // Threads, but no processes; glibc falls back to clone, whose flags a filter can read.
    keep(::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)));
    keep(::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
    // Memory that is made executable later is not needed by anybody here.
    keep(::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
    return error;
}

}  // namespace

Warnings confine_process(const Rights& rights) {
    Warnings warnings;
    // While it may still be raised; who may not had it raised by the service's unit.
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    static_cast<void>(::setrlimit(RLIMIT_MEMLOCK, &all));
    rlimit lockable{};
    const bool may_lock_all =
        ::getrlimit(RLIMIT_MEMLOCK, &lockable) == 0 && lockable.rlim_cur == RLIM_INFINITY;
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        warnings.push_back(because("core dumps cannot be switched off"));
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        warnings.push_back(because("new privileges cannot be given up"));
    }
    restrict_files(rights, warnings);
    drop_capabilities(may_lock_all, warnings);
    return warnings;
}

std::string lock_memory() {
    return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0
               ? std::string()
               : because("memory cannot be locked and may be swapped out");
}

std::string bind_thread(int processor) {
    if (processor < 0) {
        return {};
    }
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    CPU_SET(static_cast<unsigned>(processor), &wanted);
    return ::sched_setaffinity(0, sizeof wanted, &wanted) == 0 ? std::string() : std::strerror(errno);
}

std::string confine_calls() {
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                                  ::seccomp_release);
    if (filter == nullptr) {
        return "seccomp: no filter can be made";
    }
    int error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    // The order thread's speed is not given for mitigations against code we do not run.
    error = error != 0 ? error : ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
    error = error != 0 ? error : add_rules(filter.get());
    error = error != 0 ? error : ::seccomp_load(filter.get());
    return error == 0 ? std::string() : std::string("seccomp: ") + std::strerror(-error);
}

}  // namespace fairlead::gateway
