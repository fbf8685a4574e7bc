// The C library's clock, receive and memory functions as the budget wants them; see hooks.hpp.
#include "tests/budget/hooks.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

extern "C" {
// What glibc's own malloc and its relatives are called inside.
void* __libc_malloc(std::size_t size);                           // NOLINT: the library's name
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT
void* __libc_realloc(void* old, std::size_t size);               // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT
}

namespace fairlead::budget {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
// 2026-11-23 09:30 in Taipei; the monotonic clock has run for an hour then.
constexpr std::int64_t utc_start_ns = 1'795'397'400 * second_ns;
constexpr std::int64_t monotonic_start_ns = 3'600 * second_ns;

std::atomic<std::int64_t> gone_on_ns{0};
thread_local Counts of_thread;

timespec to_timespec(std::int64_t ns) noexcept {
    return {ns / second_ns, ns % second_ns};
}

}  // namespace

void advance_ns(std::int64_t by) noexcept {
    gone_on_ns.fetch_add(by, std::memory_order_relaxed);
}
std::int64_t utc_now_ns() noexcept {
    return utc_start_ns + gone_on_ns.load(std::memory_order_relaxed);
}
std::int64_t true_monotonic_ns() noexcept {
    timespec at{};
    ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &at);
    return std::int64_t{at.tv_sec} * second_ns + at.tv_nsec;
}
Counts counts() noexcept {
    return of_thread;
}

}  // namespace fairlead::budget

extern "C" {

using namespace fairlead::budget;  // NOLINT(google-build-using-namespace)

int clock_gettime(clockid_t which, timespec* into) noexcept {
    ++of_thread.clock_looks;
    const std::int64_t start = which == CLOCK_REALTIME ? utc_start_ns : monotonic_start_ns;
    *into = to_timespec(start + gone_on_ns.load(std::memory_order_relaxed));
    return 0;
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    const ssize_t got = ::syscall(SYS_recvmsg, fd, message, flags);
    if (got <= 0) {
        return got;
    }
    const timespec now = to_timespec(utc_now_ns());
    for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
            std::memcpy(CMSG_DATA(header), &now, sizeof now);
        }
    }
    return got;
}

void* malloc(std::size_t size) noexcept {
    ++of_thread.memory_taken;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
    ++of_thread.memory_taken;
    return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
    ++of_thread.memory_taken;
    return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
    ++of_thread.memory_taken;
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++of_thread.memory_taken;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** into, std::size_t alignment, std::size_t size) noexcept {
    ++of_thread.memory_taken;
    *into = __libc_memalign(alignment, size);
    return *into == nullptr ? ENOMEM : 0;
}

}  // extern "C"
