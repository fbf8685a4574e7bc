#include "audit/day_report/day_facts.hpp"

#include <algorithm>
#include <unordered_map>

#include "audit/examine/limit_book.hpp"
#include "audit/examine/tell_all.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;

constexpr std::size_t incidents_max = 500;
constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t taipei_ahead_hours = 8;

class Counter {
  public:
    Counter(DayFacts& facts, Masking masking) : facts_(facts), masking_(masking) {}

    void take(const Told& told, const Source& source, bool of_day) {
        const bool died = told.kind == RecordKind::start && running_;
        running_ = told.kind == RecordKind::stop ? false : running_ || told.kind == RecordKind::start;
        if (told.kind == RecordKind::limit_set) {
            limit(told, as_kind<risk::LimitSet>(source.record), of_day);
        }
        if (!of_day) {
            return;
        }
        facts_.first = facts_.first == 0 ? told.record : facts_.first;
        facts_.last = told.record;
        ++facts_.records;
        command(told);
        answer(told, source.answered);
        person(told, source.record);
        incident(told, source.record, source.answered);
        if (died && !facts_.incidents.empty() && facts_.incidents.back().record == told.record) {
            facts_.incidents.back().detail += "; the gateway had ended without a stop in order";
        }
    }

  private:
    void command(const Told& told) {
        HourOfOrders& hour = facts_.hours[static_cast<int>((told.at / hour_ns + taipei_ahead_hours) % 24)];
        const bool refused = told.outcome == risk::Outcome::refused;
        switch (told.kind) {
            case RecordKind::new_order:
                hour.refused += refused ? 1 : 0;
                hour.accepted += told.outcome == risk::Outcome::accepted ? 1 : 0;
                break;
            case RecordKind::replace_order:
                ++hour.replaces;
                break;
            case RecordKind::cancel_order:
                ++hour.cancels;
                break;
            default:
                return;
        }
        if (refused) {
            Refusals& refusals = facts_.refusals[told.reason];
            ++refusals.count;
            refusals.investors.insert(std::string(told.investor.view()));
        } else if (told.order != 0) {
            commanded_[told.record] = told.at;
        }
    }

    void answer(const Told& told, const risk::Answered* answered) {
        if (answered == nullptr) {
            return;
        }
        const risk::Decision& decision = answered->decision;
        const auto venue = static_cast<std::size_t>(decision.venue);
        MarketDay& market = facts_.markets[venue < facts_.markets.size() ? venue : 0];
        if (told.kind == RecordKind::new_order && told.outcome == risk::Outcome::accepted) {
            ++market.orders;
        } else if (told.event == "fill" && told.outcome == risk::Outcome::applied) {
            ++market.fills;
            market.shares += told.last_quantity;
            market.value += told.last_quantity * told.last_price;
        }
    }

    void report(const Told& told, risk::Sequence command) {
        if (const auto sent = commanded_.find(command); sent != commanded_.end()) {
            const std::int64_t took = told.at - sent->second;
            facts_.answers.ns.push_back(took);
            facts_.answers_of[std::string(told.investor.view())].ns.push_back(took);
            commanded_.erase(sent);
        }
    }

    void person(const Told& told, const risk::Record& record) {
        switch (told.kind) {
            case RecordKind::logon_result: {
                const risk::LogonVerdict verdict = as_kind<risk::LogonResult>(record).facts.verdict;
                if (verdict == risk::LogonVerdict::accepted) {
                    ++facts_.logins;
                } else {
                    ++facts_.failed_logins[std::string(name_of(verdict))];
                }
                break;
            }
            case RecordKind::logout:
                ++facts_.logouts;
                break;
            case RecordKind::denied_request:
                if (as_kind<risk::ControlEvent>(record).facts.denied == 2) {
                    ++facts_.failed_logins["at the control socket"];
                }
                [[fallthrough]];
            case RecordKind::user_event:
            case RecordKind::halt:
            case RecordKind::resume:
            case RecordKind::fill_adjusted:
            case RecordKind::proposal:
            case RecordKind::approval:
            case RecordKind::limit_term:
            case RecordKind::usage_level:
            case RecordKind::maintenance_visit:
            case RecordKind::review:
                facts_.acts.push_back(happening(told));
                break;
            default:
                break;
        }
    }

    void incident(const Told& told, const risk::Record& record, const risk::Answered* answered) {
        bool tell = false;
        switch (told.kind) {
            case RecordKind::venue_report:
            case RecordKind::venue_reject:
                report(told, told.kind == RecordKind::venue_report
                                 ? as_kind<risk::VenueReport>(record).facts.command
                                 : as_kind<risk::VenueReject>(record).facts.command);
                break;
            case RecordKind::in_doubt:
                ++facts_.in_doubt;
                break;
            case RecordKind::resolved:
                ++facts_.resolved[told.detail];
                break;
            case RecordKind::orphan_report:
                ++facts_.orphans;
                tell = true;
                break;
            case RecordKind::start:
            case RecordKind::stop:
            case RecordKind::device_event:
            case RecordKind::incident:
            case RecordKind::clock:
            case RecordKind::venue_session:
                tell = true;
                break;
            default:
                break;
        }
        Happening told_of = happening(told);
        if (answered != nullptr) {
            const std::uint8_t flags = answered->decision.flags;
            for (const auto& [flag, text] :
                 {std::pair{risk::overfill_flag, "filled beyond the ordered quantity"},
                  std::pair{risk::late_fill_flag, "filled after it had ended"},
                  std::pair{risk::limit_warning_1, "the firm's first warning level"},
                  std::pair{risk::limit_warning_2, "the firm's second warning level"}}) {
                if ((flags & flag) != 0) {
                    tell = true;
                    told_of.detail += (told_of.detail.empty() ? "" : "; ") + std::string(text);
                }
            }
        }
        if (tell && facts_.incidents.size() < incidents_max) {
            facts_.incidents.push_back(std::move(told_of));
        } else if (tell) {
            ++facts_.incidents_left_out;
        }
    }

    static Happening happening(const Told& told) {
        Happening result{told.record, told.at,   std::string(told.event),
                         told.detail, told.user, told.approver};
        if (told.kind == RecordKind::venue_session) {
            result.detail = "line " + std::to_string(told.session) + " " + told.detail;
        } else if (!told.investor.empty()) {
            result.detail += (result.detail.empty() ? "" : "; ") + std::string("investor ") +
                             std::string(told.investor.view());
        }
        return result;
    }

    void limit(const Told& told, const risk::LimitSet& set, bool of_day) {
        const bool accepted = told.outcome == risk::Outcome::accepted;
        const auto before = book_.take(set, accepted);
        if (!of_day) {
            return;
        }
        const risk::LimitSetFacts& facts = set.facts;
        LimitChange change;
        change.record = told.record;
        change.at = told.at;
        change.whose = std::string(name_of(facts.scope)) + " " + LimitBook::target(set, masking_);
        change.what = std::string(name_of(facts.dimension)) + " " + std::string(facts.symbol.view());
        change.value = amount_text(facts.dimension, facts.value);
        change.before = before ? amount_text(facts.dimension, *before) : "";
        change.raised = before && facts.value > *before;
        change.accepted = accepted;
        change.user = told.user;
        change.approver = told.approver;
        change.reason = set.subject.reason.view();
        facts_.limits.push_back(std::move(change));
    }

    DayFacts& facts_;
    Masking masking_;
    LimitBook book_;
    bool running_ = false;
    std::unordered_map<risk::Sequence, risk::UtcNs> commanded_;  // not answered yet
};

}  // namespace

std::int64_t AnswerTimes::percentile(unsigned permille) const {
    if (ns.empty()) {
        return 0;
    }
    return ns[std::min(ns.size() - 1, ns.size() * permille / 1000)];
}

void AnswerTimes::sort() {
    std::sort(ns.begin(), ns.end());
}

bool day_bounds(std::string_view day, risk::UtcNs& begin, risk::UtcNs& end) {
    if (!parse_taipei(std::string(day) + "T00:00:00", begin)) {
        return false;
    }
    end = begin + 24 * hour_ns;
    return true;
}

DayFacts read_day(const JournalPlace& place, risk::UtcNs begin, risk::UtcNs end, Masking masking) {
    DayFacts facts;
    Counter counter(facts, masking);
    facts.error = tell_all(place, Language::english, [&](const Told& told, const Source& source) {
        counter.take(told, source, told.at >= begin && told.at < end);
    });
    facts.answers.sort();
    for (auto& [investor, times] : facts.answers_of) {
        times.sort();
    }
    return facts;
}

}  // namespace fairlead::audit
