#include "bench/load/assess/traffic.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "audit/journal_reader.hpp"
#include "bench/load/assess/words.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::load {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_s = 60;

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

template <class Key>
BusiestSpan busiest(const std::map<Key, std::uint64_t>& counts, std::int64_t span_ns) {
    BusiestSpan most;
    for (const auto& [at, commands] : counts) {
        if (commands > most.commands) {
            most = {at * span_ns, commands};
        }
    }
    return most;
}

// Who sent it, if it is a command of a client; null: it is something else.
const risk::Person* client_of(const risk::Record& record) {
    switch (record.kind) {
        case risk::RecordKind::new_order:
            return &as<risk::NewOrder>(record).person;
        case risk::RecordKind::replace_order:
            return &as<risk::ReplaceOrder>(record).person;
        case risk::RecordKind::cancel_order: {
            const auto& cancel = as<risk::CancelOrder>(record);
            return cancel.facts.origin == risk::CancelOrigin::client ? &cancel.person : nullptr;
        }
        default:
            return nullptr;
    }
}

// Calls `take` with every record. The text says what is wrong with the journal.
template <class Take>
std::string read_journal(const std::string& journal, Take take) {
    audit::JournalReader reader;
    if (!reader.open({journal, ""}, 1, audit::AtEnd::follow)) {
        return reader.error();
    }
    audit::RecordView view;
    audit::ReadStatus status = reader.next(view);
    for (; status == audit::ReadStatus::record; status = reader.next(view)) {
        audit::RecordStorage storage;
        if (const risk::Record* record = audit::materialize(view, storage); record != nullptr) {
            take(*record);
        }
    }
    return status == audit::ReadStatus::end ? "" : reader.error();
}

std::string count_journal(const std::string& journal, std::vector<DayTraffic>& days) {
    std::map<std::uint32_t, DayCounter> counters;
    std::uint32_t date = 0;
    const std::string wrong = read_journal(journal, [&](const risk::Record& record) {
        if (record.kind == risk::RecordKind::day_start) {
            date = as<risk::DayStart>(record).facts.date;
        } else if (const risk::Person* person = client_of(record); person != nullptr) {
            counters[date].take(record.utc_ns, record.session, *person);
        }
    });
    if (!wrong.empty()) {
        return "--journal = " + journal + ": must be a whole journal: " + wrong;
    }
    for (const auto& [day, counter] : counters) {
        DayTraffic traffic = counter.traffic();
        traffic.journal = journal;
        traffic.date = day;
        days.push_back(std::move(traffic));
    }
    return counters.empty() ? "--journal = " + journal + ": must hold a command of a client, and holds none"
                            : "";
}

}  // namespace

void DayCounter::take(risk::UtcNs utc_ns, std::uint32_t session, const risk::Person& person) {
    ++commands_;
    ++by_second_[utc_ns / second_ns];
    sessions_.insert(session);
    accounts_.insert(std::string(person.account.branch.view()) + "-" + std::to_string(person.account.number));
    investors_.emplace(person.investor.view());
}

DayTraffic DayCounter::traffic() const {
    std::map<std::int64_t, std::uint64_t> by_minute;
    for (const auto& [second, commands] : by_second_) {
        by_minute[second / minute_s] += commands;
    }
    DayTraffic traffic;
    traffic.commands = commands_;
    traffic.second = busiest(by_second_, second_ns);
    traffic.minute = busiest(by_minute, minute_s * second_ns);
    traffic.sessions = sessions_.size();
    traffic.accounts = accounts_.size();
    traffic.investors = investors_.size();
    return traffic;
}

const DayTraffic& Traffic::busiest_by_minute() const {
    return *std::max_element(days.begin(), days.end(), [](const DayTraffic& a, const DayTraffic& b) {
        return a.minute.commands < b.minute.commands;
    });
}

const DayTraffic& Traffic::busiest_by_second() const {
    return *std::max_element(days.begin(), days.end(), [](const DayTraffic& a, const DayTraffic& b) {
        return a.second.commands < b.second.commands;
    });
}

Traffic count_traffic(const std::vector<std::string>& journals) {
    Traffic traffic;
    std::set<std::filesystem::path> seen;
    for (const std::string& journal : journals) {
        std::error_code code;
        const std::filesystem::path place = std::filesystem::canonical(journal, code);
        if (code || !std::filesystem::is_directory(place, code)) {
            traffic.error = "--journal = " + journal + ": must be a directory: " +
                            (code ? code.message() : std::string("it is something else"));
        } else if (!seen.insert(place).second) {
            traffic.error = "--journal = " + journal + ": must be given once";
        } else {
            traffic.error = count_journal(journal, traffic.days);
        }
        if (!traffic.error.empty()) {
            return traffic;
        }
    }
    return traffic;
}

GatewayStart find_last_start(const std::string& journal) {
    GatewayStart last;
    const std::string wrong = read_journal(journal, [&last](const risk::Record& record) {
        if (record.kind == risk::RecordKind::start) {
            const risk::StartFacts& facts = as<risk::Start>(record).facts;
            last = {record.utc_ns, facts.program, facts.configuration};
        }
    });
    return wrong.empty() ? last : GatewayStart{};
}

}  // namespace fairlead::load
