#include "bench/load/assess/knee.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/load/assess/words.hpp"
#include "bench/load/summary.hpp"

namespace fairlead::load {
namespace {

constexpr double step_up = 2;

template <class Value>
Value median(const std::vector<Trial>& trials, Value Trial::*member) {
    std::vector<Value> values;
    values.reserve(trials.size());
    for (const Trial& trial : trials) {
        values.push_back(trial.*member);
    }
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace

std::string judge(const Trial& trial, std::uint64_t p99_max_ns) {
    if (trial.not_sent != 0) {
        return grouped(trial.not_sent) + " commands could not be sent";
    }
    if (trial.unanswered != 0) {
        return grouped(trial.unanswered) + " of " + grouped(trial.commands) + " commands have no answer";
    }
    if (trial.orders == 0) {
        return "no order was sent";
    }
    if (trial.refused * 100 > trial.orders * refused_per_cent_max) {
        return grouped(trial.refused) + " of " + grouped(trial.orders) +
               " right orders were refused, most by " + trial.refusal;
    }
    if (trial.p99_ns > p99_max_ns) {
        return "p99 " + microseconds(trial.p99_ns) + " us, at most " + microseconds(p99_max_ns);
    }
    return "";
}

std::string check(const KneeOptions& options) {
    if (options.p99_max_ns == 0) {
        return "--p99-us = 0: more than 0";
    }
    if (options.rate_from < 1) {
        return "--rate-from = " + decimal(options.rate_from, 0) + ": at least 1 a second";
    }
    if (options.rate_max < 2 * options.rate_from) {
        return "--rate-max = " + decimal(options.rate_max, 0) + ": at least twice --rate-from, " +
               decimal(options.rate_from, 0);
    }
    if (options.precision < 0.005 || options.precision > 1) {
        return "--precision = " + decimal(100 * options.precision, 1) + ": from 0.5 to 100 per cent";
    }
    if (options.repeats == 0 || options.repeats > 100) {
        return "--repeats = " + std::to_string(options.repeats) + ": from 1 to 100";
    }
    return "";
}

double RateResult::median_sent_rate() const {
    return median(trials, &Trial::sent_rate);
}

std::uint64_t RateResult::median_p50_ns() const {
    return median(trials, &Trial::p50_ns);
}

std::uint64_t RateResult::median_p99_ns() const {
    return median(trials, &Trial::p99_ns);
}

template <class Holds>
const RateResult* KneeSearch::highest(Holds holds) const {
    const RateResult* best = nullptr;
    for (const RateResult& one : rates_) {
        if (!holds(one)) {
            break;
        }
        best = &one;
    }
    return best;
}

std::optional<double> KneeSearch::next_rate() const {
    if (rates_.empty()) {
        return options_.rate_from;
    }
    const RateResult* best = highest([](const RateResult& one) { return one.holds; });
    if (best == nullptr) {
        return std::nullopt;
    }
    const double low = best->rate;
    const auto above =
        std::find_if(rates_.begin(), rates_.end(), [low](const auto& one) { return one.rate > low; });
    if (above == rates_.end()) {
        return low >= options_.rate_max ? std::nullopt
                                        : std::optional(std::min(low * step_up, options_.rate_max));
    }
    const double middle = std::round(std::sqrt(low * above->rate));
    const bool close =
        above->rate <= low * (1 + options_.precision) || middle <= low || middle >= above->rate;
    return close ? std::nullopt : std::optional(middle);
}

void KneeSearch::take(double rate, std::vector<Trial> trials) {
    RateResult result;
    result.rate = rate;
    const auto held =
        std::count_if(trials.begin(), trials.end(), [](const Trial& one) { return one.broken.empty(); });
    result.holds = 2 * static_cast<std::size_t>(held) > trials.size();
    result.trials = std::move(trials);
    const auto place =
        std::find_if(rates_.begin(), rates_.end(), [rate](const auto& one) { return one.rate > rate; });
    rates_.insert(place, std::move(result));
}

std::string KneeSearch::error() const {
    if (rates_.empty()) {
        return "no rate was tried";
    }
    const RateResult& first = rates_.front();
    if (!first.holds) {
        const auto broken = std::find_if(first.trials.begin(), first.trials.end(),
                                         [](const Trial& trial) { return !trial.broken.empty(); });
        return "--rate-from = " + decimal(first.rate, 0) +
               " commands a second: the first rate must hold: " + broken->broken;
    }
    if (rates_.back().holds) {
        return "--rate-max = " + decimal(options_.rate_max, 0) +
               " commands a second: a rate must be reached that does not hold; p99 is " +
               microseconds(rates_.back().median_p99_ns()) + " us there, allowed are " +
               microseconds(options_.p99_max_ns);
    }
    return "";
}

Knee KneeSearch::knee() const {
    Knee knee;
    if (const RateResult* best = highest([](const RateResult& one) { return one.holds; }); best != nullptr) {
        knee.rate = best->median_sent_rate();
    }
    knee.least = knee.most = knee.rate;
    for (std::size_t repeat = 0; repeat < options_.repeats; ++repeat) {
        const RateResult* best = highest([repeat](const RateResult& one) {
            return repeat < one.trials.size() && one.trials[repeat].broken.empty();
        });
        const double own = best == nullptr ? 0 : best->trials[repeat].sent_rate;
        knee.least = std::min(knee.least, own);
        knee.most = std::max(knee.most, own);
    }
    return knee;
}

}  // namespace fairlead::load
