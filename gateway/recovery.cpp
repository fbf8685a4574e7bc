// The gateway brought back from its journal; see recovery.hpp.
#include "gateway/recovery.hpp"

#include <cstring>

#include "config/reference_archive.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::uint64_t progress_every = 262'144;

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

std::string at_sequence(const std::string& what, risk::Sequence sequence) {
    return what + " at sequence " + std::to_string(sequence);
}

// Where replay and journal differ since there was room in one of them and not in the other.
std::string for_want_of_room(risk::Reason replayed, risk::Reason told) {
    const auto full = [](risk::Reason reason) {
        return reason == risk::Reason::capacity_orders || reason == risk::Reason::capacity_positions;
    };
    if (full(replayed) == full(told)) {
        return {};
    }
    return full(replayed)
               ? ", for want of room: the days in the journal needed more than the configuration's "
                 "[sizes] give now"
               : ", since there is more room now: the journal is of a program that did not say how "
                 "much it had; give it the [sizes] of that day";
}

}  // namespace

Recovery::Result Recovery::replay(const Progress& progress) {
    audit::HistoryReader reader({core_.config.journal.directory, core_.config.journal.spare_directory},
                                core_.journal.front().directory());
    if (core_.journal.front().recovered().sequence == 0) {
        return result_;  // a journal that begins now
    }
    if (!reader.seek(1)) {
        result_.error = "journal: cannot be read from its first record: " + reader.error();
        return result_;
    }
    audit::RecordView view;
    audit::RecordStorage storage;
    while (result_.last < core_.journal.front().recovered().sequence) {
        const audit::ReadStatus status = reader.next(view);
        if (status != audit::ReadStatus::record) {
            result_.error = at_sequence("journal: ends or is damaged: " + reader.error(), result_.last + 1);
            return result_;
        }
        const risk::Record* record = audit::materialize(view, storage);
        if (record == nullptr) {
            result_.error = at_sequence("journal: a record is not of this version", view.header.sequence);
            return result_;
        }
        result_.error = apply(view, *record);
        if (!result_.error.empty()) {
            return result_;
        }
        result_.last = record->sequence;
        follow_end(*record);
        if (++result_.records % progress_every == 0 && progress) {
            progress(result_.records);
        }
    }
    for (const auto& [id, at] : numbers_) {
        if (ClientSession* session = clients_.find(id); session != nullptr) {
            session->machine.restore(at.in, at.out);
        } else if (VenueLine* line = venues_.find(id); line != nullptr) {
            line->machine.restore(at.in, at.out);
        }
    }
    result_.error = check_lines();
    return result_;
}

// A gateway may have been killed between its Start and the Incident, so the front alone tells.
void Recovery::follow_end(const risk::Record& record) {
    const risk::Sequence base = core_.journal.front().base();
    if (record.sequence == base) {
        result_.end_lost = record.kind != risk::RecordKind::stop;
        result_.level_before = record.flags & 3U;
    } else if (record.sequence > base && record.kind == risk::RecordKind::incident &&
               as<risk::Incident>(record).facts.cause == risk::IncidentCause::journal_end_lost) {
        result_.end_lost = false;
    }
}

std::string Recovery::check_lines() {
    risk::OpenScan scan;
    for (std::uint32_t slot = 1; slot != 0; slot = scan.next_slot) {
        scan = core_.ledger.next_open({.with_pending_cancel = true}, slot, UINT32_MAX);
        if (scan.slot == 0) {
            break;
        }
        const std::uint32_t line = core_.routes.at(scan.slot).line;
        if (line != 0 && venues_.find(line) == nullptr) {
            return "line.id: " + std::to_string(line) +
                   " is not configured, but the journal has open orders on it: it must stay until the day "
                   "ends";
        }
    }
    return {};
}

std::string Recovery::stage_day(const risk::DayStart& start) {
    config::RestoredReference restored =
        config::load_archived_reference(core_.config.journal.directory + "/reference", start.facts);
    if (!restored.ok()) {
        return at_sequence("reference data of the day: " + restored.error, start.record.sequence);
    }
    const std::string problem = core_.ledger.stage(keep(std::move(restored.reference)));
    return problem.empty() ? problem
                           : at_sequence("reference data of the day: " + problem, start.record.sequence);
}

std::string Recovery::apply(const audit::RecordView& view, const risk::Record& record) {
    if (record.kind == risk::RecordKind::day_start) {
        if (std::string error = stage_day(as<risk::DayStart>(record)); !error.empty()) {
            return error;
        }
    }
    const risk::Decision decision = core_.ledger.apply(record);
    const audit::Bytes decided = view.section(audit::SectionKind::decision);
    if (is_answered(record.kind)) {
        risk::Answered answered;
        if (decided.size() != sizeof answered) {
            return at_sequence("journal: a decision is missing", record.sequence);
        }
        std::memcpy(&answered, decided.data(), sizeof answered);
        if (std::memcmp(&answered.decision, &decision, sizeof decision) != 0) {
            return at_sequence("replay: the Ledger decides otherwise than the journal says" +
                                   for_want_of_room(decision.reason, answered.decision.reason),
                               record.sequence);
        }
        follow_command(record, answered);
        // What came to nothing take_up_effects finds by itself.
        static_cast<void>(core_.follow_cancel(record, decision));
    }
    effects_.follow(record, decision);
    follow_session(record, view);
    follow_line(record, decision);
    audit::with_record_type(record.kind, [&]<class T>() {
        core_.desk.follow(reinterpret_cast<const T&>(record), decision, core_.ledger);
    });
    return {};
}

// A session that today's configuration no longer has needs no memory of its messages.
void Recovery::remember_outgoing(std::uint32_t session, std::uint64_t number, risk::Sequence sequence) {
    if (clients_.find(session) != nullptr) {
        static_cast<void>(core_.outgoing.add(session, number, sequence));
    }
}

// --- sessions and their numbers

void Recovery::follow_session(const risk::Record& record, const audit::RecordView& view) {
    using enum risk::RecordKind;
    switch (record.kind) {
        case new_order:
            numbers(record.session).in = as<risk::NewOrder>(record).facts.arrival.message_number + 1;
            break;
        case replace_order:
            numbers(record.session).in = as<risk::ReplaceOrder>(record).facts.arrival.message_number + 1;
            break;
        case cancel_order:
            if (as<risk::CancelOrder>(record).facts.origin == risk::CancelOrigin::client) {
                numbers(record.session).in = as<risk::CancelOrder>(record).facts.arrival.message_number + 1;
            }
            break;
        case order_status:
            numbers(record.session).in =
                as<risk::OrderStatusRequest>(record).facts.arrival.message_number + 1;
            break;
        case mass_cancel:
            if (as<risk::MassCancel>(record).facts.origin == risk::CancelOrigin::client) {
                numbers(record.session).in = as<risk::MassCancel>(record).facts.arrival.message_number + 1;
            }
            break;
        case venue_report:
        case orphan_report:
            numbers(record.session).in = as<risk::VenueReport>(record).facts.arrival.message_number + 1;
            break;
        case venue_reject:
            numbers(record.session).in = as<risk::VenueReject>(record).facts.arrival.message_number + 1;
            break;
        case session_received:
        case session_sent: {
            const auto& facts = as<risk::SessionMessage>(record).facts;
            numbers(record.session) = {facts.next_in, facts.next_out};
            if (record.kind == session_sent && facts.venue_side == 0) {
                const bool business = facts.message_type.view() == "j";
                core_.outgoing.add(record.session, facts.arrival.message_number,
                                   business ? record.sequence : 0);
            }
            if (record.kind == session_sent && facts.venue_side != 0 && facts.message_type.view() == "A") {
                const audit::Bytes kept = view.section(audit::SectionKind::received);
                const std::string_view text(reinterpret_cast<const char*>(kept.data()),
                                            std::min<std::size_t>(kept.size(), 3));
                if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                    line->appends.remember(static_cast<std::uint32_t>(fix::parse_unsigned(text).value));
                }
            }
            break;
        }
        case sequence_reset: {
            const auto& facts = as<risk::SequenceReset>(record).facts;
            numbers(record.session) = {facts.next_in, facts.next_out};
            if (ClientSession* session = clients_.find(record.session); session != nullptr) {
                if (facts.next_out == 1) {
                    core_.outgoing.reset(record.session);
                }
                if (facts.next_in == 1) {
                    session->note_reset(facts.cause);
                }
            }
            break;
        }
        case incident:
            if (as<risk::Incident>(record).facts.cause == risk::IncidentCause::journal_end_lost) {
                on_end_lost(as<risk::Incident>(record));
            }
            break;
        case logon_attempt:
            if (ClientSession* session = clients_.find(record.session); session != nullptr) {
                session->logon_number = as<risk::LogonAttempt>(record).facts.arrival.message_number;
            }
            break;
        case logon_result: {
            const auto& result = as<risk::LogonResult>(record);
            const bool on = result.facts.verdict == risk::LogonVerdict::accepted;
            if (on) {  // the Logon's number is taken, even if the answer to it was never recorded
                numbers(record.session) = {result.facts.next_in, result.facts.next_out};
            }
            if (ClientSession* session = clients_.find(record.session); session != nullptr && on) {
                session->was_logged_on = true;
                session->person = result.person;
                session->note_logged_on();
            } else if (VenueLine* line = venues_.find(record.session); line != nullptr && on) {
                line->was_logged_on = true;
                line->may_adopt = false;
            }
            break;
        }
        case logout:
            if (ClientSession* session = clients_.find(record.session); session != nullptr) {
                session->was_logged_on = false;
            } else if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                line->was_logged_on = false;
            }
            break;
        default:
            break;
    }
}

// --- commands and their lines

void Recovery::follow_command(const risk::Record& record, const risk::Answered& answered) {
    const risk::Routing& routing = answered.routing;
    if (routing.client_session != 0) {
        numbers(routing.client_session).out = routing.client_number + 1;
        remember_outgoing(routing.client_session, routing.client_number, record.sequence);
    }
    const std::uint32_t slot = answered.decision.order_slot;
    if (record.kind == risk::RecordKind::new_order && answered.decision.outcome == risk::Outcome::accepted) {
        OrderRoute& route = core_.routes.at(slot);
        route = {};
        route.order_key = record.sequence;
        route.channel = as<risk::NewOrder>(record).facts.channel;
    }
    if (routing.choice == risk::LineChoice::waiting) {
        waiting_[record.sequence] = answered.decision.order_key;
        waiting_kinds_[record.sequence] = record.kind;
    } else if (record.kind == risk::RecordKind::released) {
        const risk::Sequence command = as<risk::Released>(record).facts.command;
        take_line_numbers(answered, command, waiting_kinds_[command]);
        waiting_.erase(command);
        waiting_kinds_.erase(command);
    } else if (record.kind == risk::RecordKind::wait_expired ||
               record.kind == risk::RecordKind::halted_unsent) {
        waiting_.erase(as<risk::WaitExpired>(record).facts.command);
        waiting_kinds_.erase(as<risk::WaitExpired>(record).facts.command);
    } else if (routing.line != 0) {
        take_line_numbers(answered, record.sequence, record.kind);
    }
}

void Recovery::take_line_numbers(const risk::Answered& answered, risk::Sequence command,
                                 risk::RecordKind kind) {
    const risk::Routing& routing = answered.routing;
    numbers(routing.line).out = routing.line_number + 1;
    const std::uint32_t slot = core_.ledger.find_command(command);
    VenueLine* line = venues_.find(routing.line);
    if (slot == 0 || line == nullptr) {
        return;
    }
    OrderRoute& route = core_.routes.at(slot);
    route.line = routing.line;
    route.order_number = routing.order_number;
    if (kind == risk::RecordKind::new_order) {
        risk::require(line->numbers.restore(routing.order_number), "a line's order numbers are its own");
    }
    line->outstanding.push(
        {routing.line_number, command, core_.ledger.order(slot).key, slot, kind, false, false, false});
}

void Recovery::on_end_lost(const risk::Incident& incident) {
    core_.venue_ids.note(incident);
    clients_.on_end_lost();
    venues_.on_end_lost(incident);
}

void Recovery::follow_line(const risk::Record& record, const risk::Decision& decision) {
    using enum risk::RecordKind;
    switch (record.kind) {
        case venue_report:
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                venues_.note_report(*line, as<risk::VenueReport>(record).facts);
            }
            break;
        case orphan_report:
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                venues_.take_in_orphan(*line, as<risk::VenueReport>(record), decision);
            }
            break;
        case venue_reject:
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                venues_.note_reject(*line, as<risk::VenueReject>(record).facts);
            }
            break;
        case in_doubt:
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                if (auto* entry = line->outstanding.find_command(as<risk::InDoubt>(record).facts.command)) {
                    line->outstanding.mark_in_doubt(*entry);
                }
            }
            break;
        case resolved: {
            const risk::Sequence command = as<risk::Resolved>(record).facts.command;
            waiting_.erase(command);
            waiting_kinds_.erase(command);
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                if (auto* entry = line->outstanding.find_command(command)) {
                    line->outstanding.answered(*entry);
                }
            }
            break;
        }
        case venue_session:
            if (VenueLine* line = venues_.find(record.session); line != nullptr) {
                line->takes_new = as<risk::VenueSession>(record).facts.open != 0;
            }
            break;
        case day_start:
            for (VenueLine& line : venues_.lines()) {
                line.outstanding.clear();
                line.numbers.start_day();
                line.end_lost = EndLost::no;
                line.may_adopt = false;
            }
            waiting_.clear();
            waiting_kinds_.clear();
            break;
        default:
            break;
    }
}

void Recovery::settle_open_ends() noexcept {
    const risk::Sequence start = core_.sequencer->last();
    for (ClientSession& session : clients_.sessions()) {
        if (session.was_logged_on) {
            risk::Logout logout;
            logout.record.kind = risk::RecordKind::logout;
            logout.record.session = session.config->id;
            logout.record.cause = start;
            logout.facts.next_in = session.machine.next_in();
            logout.facts.next_out = session.machine.next_out();
            logout.facts.cause = risk::LogoutCause::crash_recovery;
            logout.person = session.person;
            core_.step(logout);
            effects_.logged_out(session.config->id, core_.sequencer->last());
            session.was_logged_on = false;
        }
    }
    for (VenueLine& line : venues_.lines()) {
        if (line.was_logged_on) {
            risk::Logout logout;
            logout.record.kind = risk::RecordKind::logout;
            logout.record.session = line.config->id;
            logout.record.cause = start;
            logout.facts.next_in = line.machine.next_in();
            logout.facts.next_out = line.machine.next_out();
            logout.facts.cause = risk::LogoutCause::crash_recovery;
            logout.facts.venue_side = 1;
            core_.step(logout);
            line.was_logged_on = false;
        }
        venues_.reopen_after_crash(line);
    }
    for (const auto& [command, order_key] : waiting_) {
        risk::Resolved resolved;
        resolved.record.kind = risk::RecordKind::resolved;
        resolved.record.cause = start;
        resolved.facts.command = command;
        resolved.facts.order_key = order_key;
        resolved.facts.resolution = risk::Resolution::never_sent;
        core_.step(resolved);
    }
    waiting_.clear();
}

}  // namespace fairlead::gateway
