// Reads a journal for the fairness report: one ClientCommand for every command of a client, with its place on
// a line and its departure. Judges nothing; see fairness.hpp.
#include <cstring>
#include <map>
#include <set>
#include <unordered_map>

#include "audit/examine/fairness.hpp"
#include "audit/journal_reader.hpp"
#include "config/reference_archive.hpp"
#include "risk/record_operation.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;

// Records' times are settled against UTC every few milliseconds: less than this is no step.
constexpr std::int64_t clock_grain_ns = 10'000;

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

class Collector {
  public:
    explicit Collector(std::string journal) : journal_(std::move(journal)) {}

    void take(const RecordView& view) {
        RecordStorage storage;
        const risk::Record* record = materialize(view, storage);
        if (record == nullptr) {
            return;
        }
        if (record->utc_ns < latest_utc_ns_ - clock_grain_ns) {
            had_before_ns_ = latest_utc_ns_;
        }
        latest_utc_ns_ = std::max(latest_utc_ns_, record->utc_ns);
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
            case RecordKind::order_status:
                command(as<risk::OrderStatusRequest>(*record), view);
                break;
            case RecordKind::mass_cancel:
                if (as<risk::MassCancel>(*record).facts.origin == risk::CancelOrigin::client) {
                    command(as<risk::MassCancel>(*record), view);
                }
                break;
            case RecordKind::released:
                released(as<risk::Released>(*record), view);
                break;
            case RecordKind::wait_expired:
            case RecordKind::halted_unsent:
                end_wait(as<risk::WaitExpired>(*record).facts.command);
                break;
            case RecordKind::resolved:
                end_wait(as<risk::Resolved>(*record).facts.command);
                break;
            case RecordKind::handed_to_socket:
                handed(as<risk::HandedToSocket>(*record));
                break;
            case RecordKind::session_received:
                own_message(*record, as<risk::SessionMessage>(*record).facts.venue_side != 0);
                break;
            case RecordKind::logon_attempt:
                own_message(*record, as<risk::LogonAttempt>(*record).facts.venue_side != 0);
                break;
            case RecordKind::logon_result:  // until then nothing more of its connection is read
                own_message(*record, as<risk::LogonResult>(*record).facts.venue_side != 0);
                break;
            case RecordKind::sequence_reset:
                own_message(*record, as<risk::SequenceReset>(*record).facts.venue_side != 0);
                break;
            case RecordKind::day_start:
                begin_day(as<risk::DayStart>(*record).facts);
                break;
            case RecordKind::device_event:
                stamps_missing = stamps_missing || as<risk::DeviceEvent>(*record).facts.cause ==
                                                       risk::DeviceCause::stamps_missing;
                break;
            default:
                break;
        }
    }
    std::vector<ClientCommand> commands;
    bool stamps_missing = false;
    std::string own_unknown;

  private:
    static bool answer_of(const RecordView& view, risk::Answered& answered) {
        const Bytes decided = view.section(SectionKind::decision);
        if (decided.size() != sizeof answered) {
            return false;
        }
        std::memcpy(&answered, decided.data(), sizeof answered);
        return true;
    }

    void begin_day(const risk::DayStartFacts& day) {
        own_.clear();
        const config::RestoredReference restored =
            config::load_archived_reference(journal_ + "/reference", day);
        own_unknown = own_unknown.empty() ? restored.error : own_unknown;
        for (const risk::AccountRow& account : restored.reference.accounts) {
            if ((account.flags & risk::account_own) != 0) {
                own_.insert(account.key);
            }
        }
    }

    void own_message(const risk::Record& record, bool venue_side) {
        if (!venue_side) {
            own_before_[record.session] = record.utc_ns;
        }
    }

    template <class Command>
    void command(const Command& from, const RecordView& view) {
        risk::Answered answered;
        if (from.facts.arrival.effective_ns == 0 || !answer_of(view, answered)) {
            return;
        }
        ClientCommand one;
        one.sequence = from.record.sequence;
        one.session = from.record.session;
        one.investor = from.person.investor;
        one.own = own_.count(from.person.account) != 0;
        one.symbol = from.facts.symbol;
        one.kernel_ns = from.facts.arrival.kernel_ns;
        one.effective_ns = from.facts.arrival.effective_ns;
        // A stamp that the clock had shown before it went back says nothing of who was first, even if the
        // command was decided after it had caught up.
        one.clock_went_back =
            from.record.utc_ns < latest_utc_ns_ - clock_grain_ns || one.effective_ns <= had_before_ns_;
        if (const auto before = own_before_.find(one.session); before != own_before_.end()) {
            one.own_before_ns = before->second;
        }
        own_before_[one.session] = from.record.utc_ns;
        one.offered = answered.routing.line != 0 || answered.routing.choice == risk::LineChoice::waiting;
        const risk::Sequence order = answered.decision.order_key;
        one.cancels_lane =
            from.record.kind == risk::RecordKind::cancel_order && waiting_of_order_.count(order) == 0;
        commands.push_back(one);
        if (answered.routing.choice == risk::LineChoice::waiting) {
            waiting_.emplace(one.sequence, Waiting{commands.size() - 1, order});
            if (!one.cancels_lane) {
                ++waiting_of_order_[order];
            }
        } else {
            place(commands.size() - 1, answered.routing);
        }
    }

    void released(const risk::Released& record, const RecordView& view) {
        const auto found = waiting_.find(record.facts.command);
        risk::Answered answered;
        if (found != waiting_.end() && answer_of(view, answered)) {
            place(found->second.command, answered.routing);
            end_wait(record.facts.command);
        }
    }

    void end_wait(risk::Sequence command) {
        const auto found = waiting_.find(command);
        if (found == waiting_.end()) {
            return;
        }
        const auto order = waiting_of_order_.find(found->second.order);
        if (order != waiting_of_order_.end() && !commands[found->second.command].cancels_lane &&
            --order->second == 0) {
            waiting_of_order_.erase(order);
        }
        waiting_.erase(found);
    }

    void place(std::size_t at, const risk::Routing& routing) {
        if (routing.line == 0) {
            return;
        }
        commands[at].line = routing.line;
        commands[at].place = ++places_;
        // A number taken again by a line that began anew belongs to the later command.
        undeparted_[routing.line].insert_or_assign(routing.line_number, at);
    }

    void handed(const risk::HandedToSocket& record) {
        auto& line = undeparted_[record.record.session];
        const auto from = line.lower_bound(record.facts.first_number);
        const auto to = line.upper_bound(record.facts.last_number);
        for (auto at = from; at != to; ++at) {
            commands[at->second].departed_ns = record.facts.departure_utc_ns;
        }
        line.erase(from, to);
    }

    struct Waiting {
        std::size_t command = 0;
        risk::Sequence order = 0;
    };
    std::unordered_map<risk::Sequence, Waiting> waiting_;  // by command
    std::unordered_map<risk::Sequence, std::uint32_t> waiting_of_order_;
    std::string journal_;
    std::set<risk::AccountKey> own_;  // of the day
    std::unordered_map<std::uint32_t, std::map<std::uint64_t, std::size_t>> undeparted_;
    std::unordered_map<std::uint32_t, risk::UtcNs> own_before_;  // by session
    std::uint64_t places_ = 0;
    risk::UtcNs latest_utc_ns_ = 0;
    risk::UtcNs had_before_ns_ = 0;  // moments up to here have been twice; 0: UTC never went back
};

}  // namespace

FairnessReport measure_fairness(const JournalPlace& journal, risk::Sequence first, risk::Sequence last) {
    JournalReader reader;
    if (!reader.open(journal, first)) {
        FairnessReport report;
        report.error = reader.error();
        return report;
    }
    Collector collector(journal.directory);
    RecordView view;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record && view.header.sequence <= last) {
        collector.take(view);
    }
    FairnessReport report = judge_fairness(collector.commands);
    report.stamps_missing = collector.stamps_missing;
    report.own_unknown = collector.own_unknown;
    if (status == ReadStatus::damaged) {
        report.error = reader.error();
    }
    return report;
}

}  // namespace fairlead::audit
