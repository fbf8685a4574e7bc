#include "audit/examine/fairness.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace fairlead::audit {

namespace {

// Nearest rank, of sorted values.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share) {
    if (sorted.empty()) {
        return 0;
    }
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

// Kolmogorov-Smirnov: the largest difference of the two distributions, of sorted values.
double distance(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    double largest = 0;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        const std::int64_t value = std::min(a[i], b[j]);
        while (i < a.size() && a[i] == value) {
            ++i;
        }
        while (j < b.size() && b[j] == value) {
            ++j;
        }
        largest = std::max(largest, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                             static_cast<double>(j) / static_cast<double>(b.size())));
    }
    return largest;
}

// Pairs i < j with values[i] > values[j], by merging.
std::uint64_t count_inversions(std::vector<std::int64_t> values) {
    std::uint64_t count = 0;
    std::vector<std::int64_t> merged(values.size());
    for (std::size_t width = 1; width < values.size(); width *= 2) {
        for (std::size_t low = 0; low < values.size(); low += 2 * width) {
            const std::size_t middle = std::min(low + width, values.size());
            const std::size_t high = std::min(low + 2 * width, values.size());
            std::size_t left = low;
            std::size_t right = middle;
            for (std::size_t to = low; to < high; ++to) {
                if (left < middle && (right == high || values[left] <= values[right])) {
                    merged[to] = values[left++];
                } else {
                    count += middle - left;
                    merged[to] = values[right++];
                }
            }
        }
        values.swap(merged);
    }
    return count;
}

constexpr std::uint64_t pairs_of(std::uint64_t n) {
    return n * (n - 1) / 2;
}

// The latest moment so far, of anybody but one party (an investor, or a session).
template <class Party>
class LatestOfOthers {
  public:
    struct Moment {
        std::int64_t at_ns = INT64_MIN;
        Party party{};
    };
    [[nodiscard]] std::int64_t than(const Party& party) const noexcept {
        return first_.party == party ? second_.at_ns : first_.at_ns;
    }
    void add(std::int64_t at_ns, const Party& party) noexcept {
        const Moment now{at_ns, party};
        if (first_.at_ns == INT64_MIN || first_.party == party) {
            first_ = now.at_ns > first_.at_ns ? now : first_;
        } else if (now.at_ns > first_.at_ns) {
            second_ = first_;
            first_ = now;
        } else if (now.at_ns > second_.at_ns) {
            second_ = now;
        }
    }

  private:
    Moment first_;
    Moment second_;
};

bool stood_behind_own(const ClientCommand& command) noexcept {
    return command.own_before_ns >= command.kernel_ns;
}

bool became_readable_late(const ClientCommand& command) noexcept {
    return command.kernel_ns != 0 && command.effective_ns > command.kernel_ns && !stood_behind_own(command) &&
           !command.clock_went_back;
}

// Every command in the order of its serial number, each session against the others.
void judge_turns(const std::vector<ClientCommand>& commands, FairnessReport& report) {
    LatestOfOthers<std::uint32_t> effective;
    LatestOfOthers<std::uint32_t> kernel;
    for (const ClientCommand& command : commands) {
        report.without_stamp += command.kernel_ns == 0 ? 1 : 0;
        const std::int64_t served = effective.than(command.session);
        // Within a run effective arrival never falls; a gateway that starts again after UTC went back knows
        // no more.
        if (served > command.effective_ns && !command.clock_went_back) {
            report.out_of_turn.add(served - command.effective_ns, command.sequence);
        }
        effective.add(command.effective_ns, command.session);
        if (became_readable_late(command)) {
            ++report.late_total;
            report.late_worst_ns = std::max(report.late_worst_ns, command.effective_ns - command.kernel_ns);
        }
        if (command.kernel_ns == 0) {
            continue;
        }
        const std::int64_t stamped = kernel.than(command.session);
        if (stamped > command.kernel_ns) {
            Overtaken& cause = command.clock_went_back         ? report.clock_stepped
                               : stood_behind_own(command)     ? report.behind_own
                               : became_readable_late(command) ? report.late_readable
                                                               : report.unexplained;
            cause.add(stamped - command.kernel_ns, command.sequence);
        }
        kernel.add(command.kernel_ns, command.session);
    }
}

// One line's commands in the order they went out: all pairs, less those of one investor with itself.
void judge_line(const std::vector<const ClientCommand*>& line, FairnessReport& report) {
    std::vector<std::int64_t> all;
    std::map<risk::InvestorId, std::vector<std::int64_t>> by_investor;
    LatestOfOthers<risk::InvestorId> arrived;
    LatestOfOthers<risk::InvestorId> served;  // by serial number
    for (const ClientCommand* command : line) {
        const std::int64_t latest = arrived.than(command->investor);
        if (latest > command->effective_ns) {
            const std::int64_t by_ns = latest - command->effective_ns;
            if (by_ns > report.all.worst_ns) {
                report.all.worst_ns = by_ns;
                report.all.worst_record = command->sequence;
            }
            if (served.than(command->investor) > static_cast<std::int64_t>(command->sequence)) {
                report.in_line_queue.add(by_ns, command->sequence);
            }
        }
        arrived.add(command->effective_ns, command->investor);
        served.add(static_cast<std::int64_t>(command->sequence), command->investor);
        all.push_back(command->effective_ns);
        by_investor[command->investor].push_back(command->effective_ns);
    }
    std::uint64_t pairs = pairs_of(all.size());
    std::uint64_t inversions = count_inversions(std::move(all));
    for (auto& [investor, arrivals] : by_investor) {
        pairs -= pairs_of(arrivals.size());
        inversions -= count_inversions(std::move(arrivals));
    }
    report.all.pairs += pairs;
    report.all.inversions += inversions;
}

// One line's commands for one security: every pair of two investors within the window, by the arrival that
// `arrived_ns` reads. `inverted` is told the one that was overtaken.
template <class Arrived, class Inverted>
void judge_races(std::vector<const ClientCommand*> rivals, Pairs& races, Arrived arrived_ns,
                 Inverted inverted) {
    std::erase_if(rivals, [&](const ClientCommand* one) { return arrived_ns(*one) == 0; });
    std::sort(rivals.begin(), rivals.end(), [&](const ClientCommand* a, const ClientCommand* b) {
        return arrived_ns(*a) != arrived_ns(*b) ? arrived_ns(*a) < arrived_ns(*b) : a->place < b->place;
    });
    for (std::size_t i = 0; i < rivals.size(); ++i) {
        for (std::size_t j = i + 1; j < rivals.size(); ++j) {
            const std::int64_t ahead_ns = arrived_ns(*rivals[j]) - arrived_ns(*rivals[i]);
            if (ahead_ns > race_window_ns) {
                break;
            }
            if (rivals[i]->investor == rivals[j]->investor) {
                continue;
            }
            ++races.pairs;
            if (ahead_ns > 0 && rivals[i]->place > rivals[j]->place) {
                ++races.inversions;
                if (ahead_ns > races.worst_ns) {
                    races.worst_ns = ahead_ns;
                    races.worst_record = rivals[i]->sequence;
                }
                inverted(*rivals[i]);
            }
        }
    }
}

void judge_places(const std::vector<ClientCommand>& commands, FairnessReport& report) {
    using Lane = std::pair<std::uint32_t, bool>;
    std::map<Lane, std::vector<const ClientCommand*>> lines;
    std::map<std::pair<Lane, risk::Symbol>, std::vector<const ClientCommand*>> races;
    for (const ClientCommand& command : commands) {
        if (command.place != 0) {
            ++report.sent;
            report.undeparted += command.departed_ns == 0 ? 1 : 0;
            const Lane lane{command.line, command.cancels_lane};
            lines[lane].push_back(&command);
            races[{lane, command.symbol}].push_back(&command);
        }
    }
    for (auto& [line, sent] : lines) {
        std::sort(sent.begin(), sent.end(),
                  [](const ClientCommand* a, const ClientCommand* b) { return a->place < b->place; });
        judge_line(sent, report);
    }
    for (const auto& [where, rivals] : races) {
        judge_races(
            rivals, report.races, [](const ClientCommand& one) { return one.effective_ns; },
            [](const ClientCommand&) {});
        judge_races(
            rivals, report.kernel_races, [](const ClientCommand& one) { return one.kernel_ns; },
            [&report](const ClientCommand& overtaken) {
                report.kernel_races_own += stood_behind_own(overtaken) ? 1 : 0;
                report.kernel_races_late += became_readable_late(overtaken) ? 1 : 0;
            });
    }
}

struct Waits {
    InvestorService service;
    std::vector<std::int64_t> effective;
    std::vector<std::int64_t> kernel;
};

void judge_distance(const std::vector<const Waits*>& most, FairnessReport& report) {
    constexpr std::size_t compared = 10;
    constexpr std::size_t enough = 100;
    for (std::size_t i = 0; i < std::min(compared, most.size()); ++i) {
        for (std::size_t j = i + 1; j < std::min(compared, most.size()); ++j) {
            if (most[i]->effective.size() < enough || most[j]->effective.size() < enough) {
                continue;
            }
            const double found = distance(most[i]->effective, most[j]->effective);
            if (found > report.largest_distance) {
                report.largest_distance = found;
                report.distance_one = most[i]->service.investor;
                report.distance_other = most[j]->service.investor;
            }
        }
    }
}

// (sum x)^2 / (n sum x^2), x = served over offered.
double jain(const std::map<risk::InvestorId, Waits>& investors) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (const auto& [investor, waits] : investors) {
        if (waits.service.offered > 0) {
            const double share =
                static_cast<double>(waits.service.served) / static_cast<double>(waits.service.offered);
            sum += share;
            squares += share * share;
            count += 1;
        }
    }
    return squares > 0 ? sum * sum / (count * squares) : 1;
}

FlowService service_of(const std::vector<ClientCommand>& commands, bool own) {
    FlowService flow;
    std::vector<std::int64_t> waits;
    for (const ClientCommand& command : commands) {
        if (command.own == own) {
            ++flow.commands;
            flow.offered += command.offered ? 1 : 0;
            if (command.departed_ns != 0) {
                ++flow.served;
                waits.push_back(command.departed_ns - command.effective_ns);
            }
        }
    }
    std::sort(waits.begin(), waits.end());
    flow.wait_p50_ns = percentile(waits, 0.5);
    flow.wait_p99_ns = percentile(waits, 0.99);
    flow.wait_worst_ns = percentile(waits, 1);
    return flow;
}

void judge_service(const std::vector<ClientCommand>& commands, FairnessReport& report) {
    std::vector<std::int64_t> all;
    std::map<risk::InvestorId, Waits> investors;
    for (const ClientCommand& command : commands) {
        Waits& waits = investors[command.investor];
        InvestorService& service = waits.service;
        service.investor = command.investor;
        ++service.commands;
        service.offered += command.offered ? 1 : 0;
        if (became_readable_late(command)) {
            ++service.late_readable;
            service.late_worst_ns = std::max(service.late_worst_ns, command.effective_ns - command.kernel_ns);
        }
        if (command.departed_ns != 0) {
            ++service.served;
            all.push_back(command.departed_ns - command.effective_ns);
            waits.effective.push_back(all.back());
            if (command.kernel_ns != 0) {
                waits.kernel.push_back(command.departed_ns - command.kernel_ns);
            }
        }
    }
    std::sort(all.begin(), all.end());
    report.wait_p50_ns = percentile(all, 0.5);
    report.wait_p99_ns = percentile(all, 0.99);
    report.wait_worst_ns = all.empty() ? 0 : all.back();
    std::vector<const Waits*> most;
    for (auto& [investor, waits] : investors) {
        std::sort(waits.effective.begin(), waits.effective.end());
        std::sort(waits.kernel.begin(), waits.kernel.end());
        waits.service.wait_p50_ns = percentile(waits.effective, 0.5);
        waits.service.wait_p99_ns = percentile(waits.effective, 0.99);
        waits.service.wait_worst_ns = percentile(waits.effective, 1);
        waits.service.kernel_wait_p99_ns = percentile(waits.kernel, 0.99);
        waits.service.kernel_wait_worst_ns = percentile(waits.kernel, 1);
        most.push_back(&waits);
    }
    std::stable_sort(most.begin(), most.end(), [](const Waits* a, const Waits* b) {
        return a->service.commands > b->service.commands;
    });
    for (const Waits* waits : most) {
        report.investors.push_back(waits->service);
    }
    judge_distance(most, report);
    report.jain_index = jain(investors);
}

}  // namespace

void Overtaken::add(std::int64_t by_ns, risk::Sequence sequence) noexcept {
    ++commands;
    if (by_ns > worst_ns) {
        worst_ns = by_ns;
        worst_record = sequence;
    }
}

FairnessReport judge_fairness(const std::vector<ClientCommand>& commands) {
    FairnessReport report;
    report.commands = commands.size();
    judge_turns(commands, report);
    judge_places(commands, report);
    judge_service(commands, report);
    report.own = service_of(commands, true);
    report.clients = service_of(commands, false);
    return report;
}

}  // namespace fairlead::audit
