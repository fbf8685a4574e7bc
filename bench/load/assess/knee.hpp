// Knee: the highest rate of commands whose latency stays under a bound, found by stepping the rate up and
// then halving the distance between the last rate that held and the first that did not. Pure: rates out,
// measured trials in. Called by trials.cpp; the rules of judging are its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::load {

// One run at one rate.
struct Trial {
    double rate = 0;               // commands a second asked for
    double sent_rate = 0;          // commands a second sent: changes of ended orders are left out
    std::uint64_t commands = 0;    // sent
    std::uint64_t orders = 0;      // new orders among them, all of them right
    std::uint64_t unanswered = 0;  // commands
    std::uint64_t not_sent = 0;    // a session was down, or the gateway did not read
    std::uint64_t refused = 0;     // new orders, by gateway or venue
    std::string refusal;           // what most of them were told
    // From the time a new order was due to its first answer.
    std::uint64_t p50_ns = 0;
    std::uint64_t p99_ns = 0;
    std::uint64_t max_ns = 0;
    std::uint64_t sent_late_p99_ns = 0;  // part of the above that the load program itself took
    std::string broken;                  // why the rate does not hold; empty: it does
};

inline constexpr std::uint64_t refused_per_cent_max = 1;

// Why the rate does not hold in this trial, by the first rule broken; empty: it holds.
[[nodiscard]] std::string judge(const Trial& trial, std::uint64_t p99_max_ns);

struct KneeOptions {
    std::uint64_t p99_max_ns = 2'000'000;
    double rate_from = 500;
    double rate_max = 200'000;
    double precision = 0.05;  // how far the knee may lie below the first rate that does not hold
    std::uint32_t repeats = 3;
};
// Empty: the options make sense. Otherwise option, value and rule.
[[nodiscard]] std::string check(const KneeOptions& options);

struct RateResult {
    double rate = 0;
    std::vector<Trial> trials;
    bool holds = false;  // more than half of the trials do

    [[nodiscard]] double median_sent_rate() const;
    [[nodiscard]] std::uint64_t median_p50_ns() const;
    [[nodiscard]] std::uint64_t median_p99_ns() const;
};

struct Knee {
    double rate = 0;   // commands a second as sent, the median of the trials at that rate
    double least = 0;  // of the repeats, each judged by its own trials alone
    double most = 0;
};

class KneeSearch {
  public:
    explicit KneeSearch(const KneeOptions& options) : options_(options) {}

    // The rate to try next; none: the search is over.
    [[nodiscard]] std::optional<double> next_rate() const;
    // As many trials as repeats, in the order they were run, at the rate asked for.
    void take(double rate, std::vector<Trial> trials);

    // Why there is no knee; empty: there is one. After the search.
    [[nodiscard]] std::string error() const;
    [[nodiscard]] Knee knee() const;
    // By rate, ascending.
    [[nodiscard]] const std::vector<RateResult>& rates() const noexcept { return rates_; }

  private:
    // The highest rate that holds below the lowest that does not; null: the lowest does not. `holds` says
    // which do.
    template <class Holds>
    [[nodiscard]] const RateResult* highest(Holds holds) const;

    KneeOptions options_;
    std::vector<RateResult> rates_;
};

}  // namespace fairlead::load
