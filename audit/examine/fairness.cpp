#include "audit/examine/fairness.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>

#include "audit/journal_reader.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

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

// One line's commands in the order they went out: all pairs, less those of one investor with itself.
void judge_line(const std::vector<Departure>& line, FairnessReport& report) {
    std::vector<std::int64_t> all;
    std::map<risk::InvestorId, std::vector<std::int64_t>> by_investor;
    struct Latest {
        std::int64_t arrived_ns = INT64_MIN;
        risk::InvestorId investor;
    };
    Latest first;  // latest arrival so far, and the latest of anybody else
    Latest second;
    for (const Departure& departure : line) {
        const Latest& other = first.investor == departure.investor ? second : first;
        if (other.arrived_ns != INT64_MIN && other.arrived_ns - departure.arrived_ns > report.worst_ns) {
            report.worst_ns = other.arrived_ns - departure.arrived_ns;
            report.worst_command = departure.command;
        }
        const Latest now{departure.arrived_ns, departure.investor};
        if (first.arrived_ns == INT64_MIN || first.investor == now.investor) {
            first = now.arrived_ns > first.arrived_ns ? now : first;
        } else if (now.arrived_ns > first.arrived_ns) {
            second = first;
            first = now;
        } else if (now.arrived_ns > second.arrived_ns) {
            second = now;
        }
        all.push_back(departure.arrived_ns);
        by_investor[departure.investor].push_back(departure.arrived_ns);
    }
    std::uint64_t pairs = pairs_of(all.size());
    std::uint64_t inversions = count_inversions(std::move(all));
    for (auto& [investor, arrivals] : by_investor) {
        pairs -= pairs_of(arrivals.size());
        inversions -= count_inversions(std::move(arrivals));
    }
    report.pairs += pairs;
    report.inversions += inversions;
}

// One line's commands for one security, by arrival: every pair of two investors within the window.
void judge_races(std::vector<const Departure*>& rivals, FairnessReport& report) {
    std::sort(rivals.begin(), rivals.end(), [](const Departure* a, const Departure* b) {
        return a->arrived_ns != b->arrived_ns ? a->arrived_ns < b->arrived_ns : a->command < b->command;
    });
    for (std::size_t i = 0; i < rivals.size(); ++i) {
        for (std::size_t j = i + 1; j < rivals.size(); ++j) {
            const std::int64_t ahead_ns = rivals[j]->arrived_ns - rivals[i]->arrived_ns;
            if (ahead_ns > race_window_ns) {
                break;
            }
            if (rivals[i]->investor == rivals[j]->investor) {
                continue;
            }
            ++report.race_pairs;
            if (ahead_ns > 0 && rivals[i]->line_number > rivals[j]->line_number) {
                ++report.race_inversions;
                report.worst_race_ns = std::max(report.worst_race_ns, ahead_ns);
            }
        }
    }
}

void judge_waits(const std::vector<Departure>& departures, FairnessReport& report) {
    std::vector<std::int64_t> all;
    std::map<risk::InvestorId, std::vector<std::int64_t>> by_investor;
    for (const Departure& departure : departures) {
        if (departure.departed_ns != 0) {
            const std::int64_t wait_ns = departure.departed_ns - departure.arrived_ns;
            all.push_back(wait_ns);
            by_investor[departure.investor].push_back(wait_ns);
        }
    }
    std::sort(all.begin(), all.end());
    report.wait_p50_ns = percentile(all, 0.5);
    report.wait_p99_ns = percentile(all, 0.99);
    report.wait_worst_ns = all.empty() ? 0 : all.back();
    for (auto& [investor, waits] : by_investor) {
        std::sort(waits.begin(), waits.end());
        report.waits.push_back(
            {investor, waits.size(), percentile(waits, 0.5), percentile(waits, 0.99), waits.back()});
    }
    std::stable_sort(report.waits.begin(), report.waits.end(),
                     [](const InvestorWait& a, const InvestorWait& b) { return a.commands > b.commands; });
    constexpr std::size_t shown = 10;
    constexpr std::uint64_t enough = 100;
    report.waits.resize(std::min(report.waits.size(), shown));
    for (std::size_t i = 0; i < report.waits.size(); ++i) {
        for (std::size_t j = i + 1; j < report.waits.size() && report.waits[j].commands >= enough; ++j) {
            const double found =
                distance(by_investor[report.waits[i].investor], by_investor[report.waits[j].investor]);
            if (found > report.largest_distance) {
                report.largest_distance = found;
                report.distance_one = report.waits[i].investor;
                report.distance_other = report.waits[j].investor;
            }
        }
    }
}

// Collects departures from the journal's records.
class Collector {
  public:
    void take(const RecordView& view) {
        RecordStorage storage;
        const risk::Record* record = materialize(view, storage);
        if (record == nullptr) {
            return;
        }
        switch (record->kind) {
            case RecordKind::new_order:
                command(as<risk::NewOrder>(*record), view);
                break;
            case RecordKind::replace_order:
                command(as<risk::ReplaceOrder>(*record), view);
                break;
            case RecordKind::cancel_order:
                if (as<risk::CancelOrder>(*record).facts.origin == risk::CancelOrigin::client) {
                    command(as<risk::CancelOrder>(*record), view);
                }
                break;
            case RecordKind::released:
                released(as<risk::Released>(*record), view);
                break;
            case RecordKind::handed_to_socket:
                handed(as<risk::HandedToSocket>(*record));
                break;
            default:
                break;
        }
    }
    std::vector<Departure> departures;

  private:
    static bool routing_of(const RecordView& view, risk::Routing& routing) {
        const Bytes decided = view.section(SectionKind::decision);
        risk::Answered answered;
        if (decided.size() != sizeof answered) {
            return false;
        }
        std::memcpy(&answered, decided.data(), sizeof answered);
        routing = answered.routing;
        return true;
    }

    template <class Command>
    void command(const Command& from, const RecordView& view) {
        risk::Routing routing;
        if (from.facts.arrival.effective_ns == 0 || !routing_of(view, routing)) {
            return;
        }
        Departure departure;
        departure.command = from.record.sequence;
        departure.investor = from.person.investor;
        departure.symbol = from.facts.symbol;
        departure.arrived_ns = from.facts.arrival.effective_ns;
        if (routing.choice == risk::LineChoice::waiting) {
            waiting_.emplace(departure.command, departure);
        } else {
            place(departure, routing);
        }
    }

    void released(const risk::Released& record, const RecordView& view) {
        const auto found = waiting_.find(record.facts.command);
        risk::Routing routing;
        if (found != waiting_.end() && routing_of(view, routing)) {
            place(found->second, routing);
            waiting_.erase(found);
        }
    }

    void place(Departure departure, const risk::Routing& routing) {
        if (routing.line == 0) {
            return;
        }
        departure.line = routing.line;
        departure.line_number = routing.line_number;
        undeparted_[routing.line].emplace(routing.line_number, departures.size());
        departures.push_back(departure);
    }

    void handed(const risk::HandedToSocket& record) {
        auto& line = undeparted_[record.record.session];
        const auto from = line.lower_bound(record.facts.first_number);
        const auto to = line.upper_bound(record.facts.last_number);
        for (auto at = from; at != to; ++at) {
            departures[at->second].departed_ns = record.facts.departure_utc_ns;
        }
        line.erase(from, to);
    }

    std::unordered_map<risk::Sequence, Departure> waiting_;
    std::unordered_map<std::uint32_t, std::map<std::uint64_t, std::size_t>> undeparted_;
};

}  // namespace

FairnessReport judge_fairness(std::vector<Departure> departures) {
    FairnessReport report;
    report.commands = departures.size();
    // Departures stand in journal order; within a line that is the order of its numbers, but for a line
    // whose numbers began anew.
    std::map<std::uint32_t, std::vector<Departure>> lines;
    std::map<std::pair<std::uint32_t, risk::Symbol>, std::vector<const Departure*>> races;
    for (Departure& departure : departures) {
        report.undeparted += departure.departed_ns == 0 ? 1 : 0;
        std::vector<Departure>& line = lines[departure.line];
        departure.line_number = line.size();
        line.push_back(departure);
    }
    for (const Departure& departure : departures) {
        races[{departure.line, departure.symbol}].push_back(&departure);
    }
    for (const auto& [line, sent] : lines) {
        judge_line(sent, report);
    }
    for (auto& [where, rivals] : races) {
        judge_races(rivals, report);
    }
    judge_waits(departures, report);
    return report;
}

FairnessReport measure_fairness(const JournalPlace& journal) {
    JournalReader reader;
    if (!reader.open(journal)) {
        FairnessReport report;
        report.error = reader.error();
        return report;
    }
    Collector collector;
    RecordView view;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record) {
        collector.take(view);
    }
    FairnessReport report = judge_fairness(std::move(collector.departures));
    if (status == ReadStatus::damaged) {
        report.error = reader.error();
    }
    return report;
}

}  // namespace fairlead::audit
