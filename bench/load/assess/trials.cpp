#include "bench/load/assess/trials.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "bench/load/assess/words.hpp"
#include "bench/load/summary.hpp"

namespace fairlead::load {
namespace {

constexpr std::int64_t pause_ns = 300'000'000;  // between trials: journals and queues come to rest
constexpr double warm_up_s = 1;

std::uint64_t of(const std::array<std::uint64_t, answer_count>& answers, Answer answer) {
    return answers[static_cast<std::size_t>(answer)];
}

// What most of the refused new orders were told.
std::string commonest_refusal(const Outcomes& outcomes) {
    std::uint64_t most = 0;
    std::string text;
    for (const auto& [key, refusal] : outcomes.refusals()) {
        if (refusal.new_orders > most) {
            most = refusal.new_orders;
            text = (key.venue ? "the venue: " : "the gateway: ") + refusal.text;
        }
    }
    return text;
}

// Arrivals are drawn, so that their number strays by its square root; less than this is no chance.
bool too_few(std::size_t made, double wanted) {
    return static_cast<double>(made) < wanted - 6 * std::sqrt(wanted) - 1;
}

}  // namespace

Trials::Trials(Player& player, Profile& profile, TrialOptions options)
    : player_(player), profile_(profile), options_(std::move(options)), search_(options_.knee) {}

std::string Trials::run(const std::function<void(const Trial&)>& told,
                        const std::function<bool()>& interrupted) {
    // The first orders of a day touch memory that none has touched: they are sent and not measured.
    Trial warm_up;
    std::string wrong = run_one(options_.knee.rate_from, warm_up_s, warm_up);
    while (wrong.empty()) {
        const std::optional<double> rate = search_.next_rate();
        if (!rate) {
            return search_.error();
        }
        std::vector<Trial> trials;
        wrong = run_rate(*rate, trials, told, interrupted);
        if (wrong.empty()) {
            search_.take(*rate, std::move(trials));
        }
    }
    return wrong;
}

std::string Trials::run_rate(double rate, std::vector<Trial>& trials,
                             const std::function<void(const Trial&)>& told,
                             const std::function<bool()>& interrupted) {
    for (std::uint32_t repeat = 0; repeat < options_.knee.repeats; ++repeat) {
        Trial trial;
        std::string wrong = run_one(rate, options_.seconds, trial);
        if (interrupted()) {
            return "the assessment was interrupted";
        }
        if (!wrong.empty()) {
            return wrong;
        }
        told(trial);
        trials.push_back(std::move(trial));
    }
    return "";
}

std::string Trials::run_one(double rate, double seconds, Trial& trial) {
    for (std::size_t i = 0; i < player_.session_count(); ++i) {
        const ClientSession& session = player_.session(i);
        if (session.state() != ClientSession::State::active) {
            return "session " + session.identity().sender +
                   ": must be logged on for every trial, and is not: " +
                   (session.failure().empty() ? "the connection was lost" : session.failure());
        }
    }
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "%04u", ++runs_ % 10'000);
    player_.begin_anew(options_.tag + number.data());
    profile_.begin_run(rate, seconds);
    PlannedList list(profile_);
    if (too_few(list.expected_count(), rate * seconds)) {
        return "limits: must allow every trial's orders; at " + decimal(rate, 0) +
               " commands a second only " + grouped(list.expected_count()) + " of about " +
               grouped(profile_.expected_count()) +
               " could be made within what is left to the accounts played";
    }
    player_.play(list, now());
    player_.linger(pause_ns);
    trial = outcome(rate, seconds);
    return "";
}

Trial Trials::outcome(double rate, double seconds) const {
    const Outcomes& outcomes = player_.outcomes();
    const auto& answers = outcomes.totals().new_answers;
    Trial trial;
    trial.rate = rate;
    trial.commands = outcomes.commands().size();
    trial.sent_rate = static_cast<double>(trial.commands) / seconds;
    trial.orders = static_cast<std::uint64_t>(
        std::count_if(outcomes.commands().begin(), outcomes.commands().end(),
                      [](const SentCommand& sent) { return sent.kind == CommandKind::new_order; }));
    trial.unanswered = outcomes.unanswered() + of(answers, Answer::withdrawn);
    trial.not_sent = player_.not_sent().session_down + player_.not_sent().no_room;
    trial.refused = of(answers, Answer::refused) + of(answers, Answer::refused_by_venue) +
                    of(answers, Answer::session_reject);
    trial.refusal = commonest_refusal(outcomes);
    const Histogram& since_due = outcomes.since_due();
    trial.p50_ns = since_due.percentile_ns(500'000);
    trial.p99_ns = since_due.percentile_ns(990'000);
    trial.max_ns = since_due.max_ns();
    trial.sent_late_p99_ns = player_.lateness().percentile_ns(990'000);
    trial.broken = judge(trial, options_.knee.p99_max_ns);
    return trial;
}

}  // namespace fairlead::load
