#include "tests/simulation/kernel.hpp"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace fairlead::simulation {

namespace {
Kernel* running = nullptr;
}

Kernel::Kernel(const Plan& given) : plan(given), chance(given.seed, 2), entropy(given.seed, 3) {
    running = this;
}
Kernel::~Kernel() {
    running = nullptr;
}
Kernel* Kernel::current() noexcept {
    return running;
}

std::int64_t Kernel::look(bool utc) {
    now_ns_ += look_ns;
    if (on_look) {
        on_look();
    }
    return utc ? utc_ns() : now_ns_;
}

void Kernel::at(std::int64_t time_ns, std::function<void()> act) {
    events_.push({std::max(time_ns, now_ns_), chance.next(), events_.size() + steps_, std::move(act)});
}

bool Kernel::run_one(std::int64_t until_ns) {
    if (events_.empty() || events_.top().time_ns > until_ns) {
        now_ns_ = std::max(now_ns_, until_ns);
        return false;
    }
    // The act may add events.
    const std::function<void()> act = std::move(const_cast<Event&>(events_.top()).act);
    now_ns_ = std::max(now_ns_, events_.top().time_ns);
    events_.pop();
    ++steps_;
    fold(static_cast<std::uint64_t>(now_ns_));
    act();
    return true;
}

void Kernel::fail(int invariant, const std::string& text) {
    if (!failed_) {
        failed_ = true;
        failure_ = {invariant, text, steps_, now_ns_ - start_ns};
    }
}

void Kernel::say(const std::string& text) const {
    if (trace) {
        std::printf("%9lld us  %s\n", static_cast<long long>((now_ns_ - start_ns) / us_ns), text.c_str());
    }
}

void Kernel::fold(std::uint64_t value) noexcept {
    hash_ = (hash_ ^ value) * 0x100000001B3ULL;
    hash_ ^= hash_ >> 29;
}

void Kernel::fold(std::string_view bytes) noexcept {
    std::uint64_t sum = bytes.size();
    for (const char byte : bytes) {
        sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    }
    fold(sum);
}

}  // namespace fairlead::simulation

// The C library's names: whoever asks for time or for randomness while a simulation runs
// gets the simulated ones.
extern "C" {

int clock_gettime(clockid_t which, timespec* into) noexcept {
    auto* const kernel = fairlead::simulation::Kernel::current();
    if (kernel == nullptr || (which != CLOCK_REALTIME && which != CLOCK_MONOTONIC)) {
        return static_cast<int>(::syscall(SYS_clock_gettime, which, into));
    }
    const std::int64_t now = kernel->look(which == CLOCK_REALTIME);
    *into = {now / fairlead::simulation::second_ns, now % fairlead::simulation::second_ns};
    return 0;
}

// OpenSSL's: salts, and the ids of fronts.
int RAND_bytes(unsigned char* into, int length) {
    auto* const kernel = fairlead::simulation::Kernel::current();
    for (int i = 0; i < length; ++i) {
        into[i] = kernel != nullptr ? static_cast<unsigned char>(kernel->entropy.next()) : 0;
    }
    return 1;
}

}  // extern "C"
