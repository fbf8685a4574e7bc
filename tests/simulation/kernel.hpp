// Kernel: what the operating system is in the simulator: two clocks, a heap of events, randomness, and the
// moments at which a process may be killed. One thread; the production code runs inside events and meets it
// through clock_gettime and RAND_bytes, which kernel.cpp defines in the libraries' place.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "tests/simulation/marks.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/random.hpp"

namespace fairlead::simulation {

inline constexpr std::int64_t us_ns = 1'000;
inline constexpr std::int64_t ms_ns = 1'000'000;
inline constexpr std::int64_t second_ns = 1'000'000'000;

// The first rule found broken. `invariant` is its number in the list of README.md; 0 = none of them.
struct Failure {
    int invariant = 0;
    std::string text;
    std::uint64_t step = 0;
    std::int64_t at_ns = 0;
};

class Kernel {
  public:
    explicit Kernel(const Plan& plan);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    // The one that runs; null between runs: then the C library's own answers are given.
    [[nodiscard]] static Kernel* current() noexcept;

    [[nodiscard]] std::int64_t monotonic_ns() const noexcept { return now_ns_; }
    [[nodiscard]] std::int64_t utc_ns() const noexcept { return now_ns_ + utc_ahead_ns_; }
    // By the peers' clocks, which are right.
    [[nodiscard]] std::int64_t true_utc_ns() const noexcept { return now_ns_ + utc_start_ns - start_ns; }
    [[nodiscard]] std::int64_t started_ns() const noexcept { return start_ns; }
    // The host's clock steps to so much off the truth.
    void set_utc_off(std::int64_t off_ns) noexcept { utc_ahead_ns_ = utc_start_ns - start_ns + off_ns; }
    // A program looks at a clock: that takes a moment, and it may be the program's last.
    std::int64_t look(bool utc);

    // Events of one moment happen in an order drawn from the seed.
    void at(std::int64_t time_ns, std::function<void()> act);
    void after(std::int64_t delay_ns, std::function<void()> act) { at(now_ns_ + delay_ns, std::move(act)); }
    // The next event up to `until_ns`; false: there is none, and it is that late now.
    bool run_one(std::int64_t until_ns);

    // The first one counts; checks may stand where nothing can be thrown.
    void fail(int invariant, const std::string& text);
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

    // What happened, as one number: two runs of a seed must agree.
    void fold(std::uint64_t value) noexcept;
    void fold(std::string_view bytes) noexcept;
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

    void hit(Fault fault) { marks.hit("fault " + std::string(fault_name(fault))); }

    // One line of what happens, for people who look into a seed.
    void say(const std::string& text) const;

    Plan plan;
    Marks marks;
    bool trace = false;
    Random chance;          // of the order of events and of faults
    Random entropy;         // what RAND_bytes gives
    bool faults_on = true;  // second phase: no more faults
    // How many of these processes there have been: what one has asked for is not done for the next.
    std::uint64_t gateway_life = 0;
    std::uint64_t keeper_life = 0;
    // Called at each look at a clock while a pass of the gateway runs.
    std::function<void()> on_look;

  private:
    struct Event {
        std::int64_t time_ns = 0;
        std::uint64_t tie = 0;
        std::uint64_t number = 0;
        std::function<void()> act;
        bool operator<(const Event& other) const noexcept {
            if (time_ns != other.time_ns) {
                return time_ns > other.time_ns;
            }
            return tie != other.tie ? tie > other.tie : number > other.number;
        }
    };
    static constexpr std::int64_t start_ns = 3'600 * second_ns;
    static constexpr std::int64_t utc_start_ns = 1'795'397'400 * second_ns;  // 2026-11-23 09:30 in Taipei
    static constexpr std::int64_t look_ns = 25;

    std::priority_queue<Event> events_;
    std::int64_t now_ns_ = start_ns;
    std::int64_t utc_ahead_ns_ = utc_start_ns - start_ns;
    std::uint64_t steps_ = 0;
    std::uint64_t hash_ = 0xCBF29CE484222325ULL;
    bool failed_ = false;
    Failure failure_;
};

}  // namespace fairlead::simulation
