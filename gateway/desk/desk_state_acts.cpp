// Sessions, acts of persons, and what happens to the program and its host; see desk_state.hpp.
#include <algorithm>
#include <utility>

#include "audit/examine/replayer.hpp"
#include "gateway/desk/desk_state.hpp"

namespace fairlead::desk {
namespace {

using audit::as_kind;
using risk::RecordKind;
using risk::Scope;

constexpr std::size_t ended_users_max = 1'000;
constexpr std::size_t terms_max = 10'000;
constexpr std::int64_t clock_told_ns = 1'000'000;

// Value of a field of a FIX message as received; empty when it has none.
std::string field_of(audit::Bytes raw, std::string_view tag) {
    const std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
    const std::string wanted = "\x01" + std::string(tag) + "=";
    const std::size_t at = text.find(wanted);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::size_t from = at + wanted.size();
    return std::string(text.substr(from, std::min<std::size_t>(text.find('\x01', from) - from, 64)));
}

}  // namespace

// --- sessions

SessionFigures& DeskState::session_of(std::uint32_t id) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) {
        return found->second;
    }
    if (sessions_.size() >= room_.sessions) {
        sessions_.erase(std::prev(sessions_.end()));
    }
    SessionFigures& session = sessions_[id];
    session.id = id;
    return session;
}

// Which message numbers a record used up, whatever it was about.
void DeskState::take_numbers(const risk::Record& record, const risk::Routing& routing) {
    const auto received = [&](std::uint64_t number) {
        if (record.session != 0 && number != 0) {
            session_of(record.session).next_in = number + 1;
        }
    };
    switch (record.kind) {
        case RecordKind::new_order:
            received(as_kind<risk::NewOrder>(record).facts.arrival.message_number);
            break;
        case RecordKind::replace_order:
            received(as_kind<risk::ReplaceOrder>(record).facts.arrival.message_number);
            break;
        case RecordKind::cancel_order:
            received(as_kind<risk::CancelOrder>(record).facts.arrival.message_number);
            break;
        case RecordKind::venue_report:
            received(as_kind<risk::VenueReport>(record).facts.arrival.message_number);
            break;
        case RecordKind::session_received:
        case RecordKind::session_sent: {
            SessionFigures& session = session_of(record.session);
            session.next_in = as_kind<risk::SessionMessage>(record).facts.next_in;
            session.next_out = as_kind<risk::SessionMessage>(record).facts.next_out;
            break;
        }
        case RecordKind::sequence_reset: {
            SessionFigures& session = session_of(record.session);
            session.next_in = as_kind<risk::SequenceReset>(record).facts.next_in;
            session.next_out = as_kind<risk::SequenceReset>(record).facts.next_out;
            break;
        }
        case RecordKind::venue_session: {
            SessionFigures& line = session_of(record.session);
            const risk::VenueSessionFacts& facts = as_kind<risk::VenueSession>(record).facts;
            line.venue_side = true;
            line.venue = facts.venue;
            line.since = line.up == (facts.open != 0) ? line.since : record.utc_ns;
            line.up = facts.open != 0;
            break;
        }
        default:
            break;
    }
    if (routing.client_session != 0 && routing.client_number != 0) {
        session_of(routing.client_session).next_out = routing.client_number + 1;
    }
    if (routing.line != 0 && routing.line_number != 0) {
        session_of(routing.line).next_out = routing.line_number + 1;
    }
}

void DeskState::take_logon(const risk::LogonAttempt& attempt, audit::Bytes raw) {
    if (attempt.record.session == 0) {
        return;
    }
    SessionFigures& session = session_of(attempt.record.session);
    session.venue_side = attempt.facts.venue_side != 0;
    if (std::string sender = field_of(raw, "49"); !sender.empty()) {
        session.sender = std::move(sender);
        session.target = field_of(raw, "56");
    }
}

void DeskState::take_logon(const risk::LogonResult& result) {
    const bool accepted = result.facts.verdict == risk::LogonVerdict::accepted;
    logins_.add({result.record.sequence, result.record.utc_ns, result.record.session, result.person.user,
                 result.person.address, result.facts.verdict, risk::LogoutCause::none});
    if (result.record.session == 0) {
        return;
    }
    SessionFigures& session = session_of(result.record.session);
    session.venue_side = result.facts.venue_side != 0;
    session.verdict = result.facts.verdict;
    session.cause = risk::LogoutCause::none;
    accepted ? ++session.logons : ++session.refused_logons;
    if (accepted) {
        // A line is up once it is open for orders: venue_session says so.
        session.up = session.venue_side ? session.up : true;
        session.since = session.venue_side ? session.since : result.record.utc_ns;
        session.user = result.person.user;
        session.address = result.person.address;
        session.next_in = result.facts.next_in;
        session.next_out = result.facts.next_out;
    }
}

void DeskState::take_logout(const risk::Logout& logout) {
    logins_.add({logout.record.sequence, logout.record.utc_ns, logout.record.session, logout.person.user,
                 logout.person.address, risk::LogonVerdict::none, logout.facts.cause});
    if (logout.record.session == 0) {
        return;
    }
    SessionFigures& session = session_of(logout.record.session);
    session.since = session.up ? logout.record.utc_ns : session.since;
    session.up = false;
    session.cause = logout.facts.cause;
}

// --- control

void DeskState::take_control(const risk::Record& record, const risk::Decision& decision, audit::Bytes raw) {
    switch (record.kind) {
        case RecordKind::limit_set:
            take_limit(as_kind<risk::LimitSet>(record), decision);
            break;
        case RecordKind::halt:
            take_halt(record, as_kind<risk::Halt>(record).facts, as_kind<risk::Halt>(record).subject,
                      decision);
            break;
        case RecordKind::resume:
            take_halt(record, as_kind<risk::Resume>(record).facts, as_kind<risk::Resume>(record).subject,
                      decision);
            break;
        case RecordKind::proposal: {
            if (proposals_.size() >= room_.proposals) {
                proposals_.erase(proposals_.begin());
            }
            proposals_[record.sequence].proposal = as_kind<risk::Proposal>(record);
            break;
        }
        case RecordKind::approval:
            take_approval(as_kind<risk::Approval>(record));
            break;
        case RecordKind::limit_term:
            next_term_ = as_kind<risk::LimitTerm>(record).facts.expires_ns;
            break;
        case RecordKind::usage_level: {
            const auto& crossed = as_kind<risk::UsageLevel>(record);
            const std::uint32_t row = ledger_.find_investor(crossed.subject.investor);
            if (row != 0 && row < investors_.size()) {
                const bool slowed = crossed.facts.step == risk::LadderStep::slow && crossed.facts.rising != 0;
                investors_[row].slowed = slowed || (investors_[row].slowed && crossed.facts.rising != 0);
                investors_[row].dirty = true;
            }
            break;
        }
        case RecordKind::user_event: {
            const risk::ControlFacts& facts = as_kind<risk::ControlEvent>(record).facts;
            const bool ends = facts.verb == risk::ControlVerb::user_disable ||
                              facts.verb == risk::ControlVerb::user_reset ||
                              facts.verb == risk::ControlVerb::user_set_role;
            if (ends && ended_users_.size() < ended_users_max) {
                ended_users_.emplace_back(
                    std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size()));
            }
            break;
        }
        default:
            take_operation(record);
            break;
    }
}

std::optional<risk::LimitInForce> DeskState::in_force(const risk::LimitSet& set) const noexcept {
    // The dimensions of one security are an investor's, whichever of the two scopes they are named by.
    const Scope scope = set.facts.scope == Scope::symbol ? Scope::investor : set.facts.scope;
    const std::uint32_t row = scope == Scope::investor  ? ledger_.find_investor(set.subject.investor)
                              : scope == Scope::account ? ledger_.find_account(set.subject.account).account
                              : scope == Scope::branch  ? ledger_.find_branch(set.subject.account.branch)
                                                        : 0;
    if (ledger_.reference() == nullptr || (row == 0 && scope != Scope::firm)) {
        return std::nullopt;
    }
    const std::uint32_t security = set.facts.symbol.empty() ? 0 : ledger_.find_security(set.facts.symbol);
    return ledger_.limit(scope, row, set.facts.dimension, security);
}

void DeskState::take_limit(const risk::LimitSet& set, const risk::Decision& decision) {
    const risk::UtcNs term = std::exchange(next_term_, 0);
    if (decision.outcome == risk::Outcome::refused) {
        return;
    }
    LimitChange change;
    change.sequence = set.record.sequence;
    change.at = set.record.utc_ns;
    change.limit = set.facts;
    change.reverted = terms_.count(set.record.cause) != 0 && set.subject.user.empty();
    change.investor = set.subject.investor;
    change.account = set.subject.account;
    change.user = set.subject.user;
    change.approver = set.subject.approver;
    change.reason = set.subject.reason;
    change.before_known = limit_before_.has_value();
    change.before = limit_before_.value_or(risk::LimitInForce{});
    limit_changes_.add(change);
    if (term != 0) {
        if (terms_.size() >= terms_max) {
            terms_.erase(terms_.begin());
        }
        terms_[set.record.sequence] = term;
    }
    // Whose state it moves: of an investor or of everybody's.
    const std::uint32_t row =
        set.facts.scope == Scope::investor ? ledger_.find_investor(set.subject.investor) : 0;
    if (row != 0 && row < investors_.size()) {
        investors_[row].dirty = true;
    }
}

const LimitChange* DeskState::origin(risk::Sequence version) const noexcept {
    std::uint64_t low = limit_changes_.begin();
    std::uint64_t high = limit_changes_.end();
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (limit_changes_.at(middle).sequence < version) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < limit_changes_.end() && limit_changes_.at(low).sequence == version ? &limit_changes_.at(low)
                                                                                    : nullptr;
}

risk::UtcNs DeskState::expires(risk::Sequence version) const noexcept {
    const auto found = terms_.find(version);
    return found == terms_.end() ? 0 : found->second;
}

std::uint32_t DeskState::row_of(const HaltFigures& halt) const noexcept {
    switch (halt.facts.scope) {
        case Scope::investor:
            return ledger_.find_investor(halt.investor);
        case Scope::account:
            return ledger_.find_account(halt.account).account;
        case Scope::symbol:
            return ledger_.find_security(halt.facts.symbol);
        default:
            return 0;
    }
}

// Once, when the halt takes hold; from then on `update` keeps count.
void DeskState::count_halt(HaltFigures& halt) const noexcept {
    risk::OpenFilter filter;
    filter.with_pending_cancel = true;
    filter.session = halt.facts.scope == Scope::session ? halt.facts.session : 0;
    filter.account = halt.facts.scope == Scope::account ? halt.row : 0;
    filter.investor = halt.facts.scope == Scope::investor ? halt.row : 0;
    filter.security = halt.facts.scope == Scope::symbol ? halt.row : 0;
    filter.venue = halt.facts.scope == Scope::venue ? halt.facts.venue : risk::Venue::none;
    halt.open = halt.in_doubt = 0;
    for (std::uint32_t from = 1; from != 0;) {
        const risk::OpenScan scan = ledger_.next_open(filter, from, UINT32_MAX);
        if (scan.slot != 0) {
            ++halt.open;
            halt.in_doubt += ledger_.order(scan.slot).in_doubt() ? 1 : 0;
        }
        from = scan.next_slot;
    }
    halt.open_then = halt.open;
}

void DeskState::take_halt(const risk::Record& record, const risk::HaltFacts& facts,
                          const risk::Subject& subject, const risk::Decision& decision) {
    if (decision.outcome == risk::Outcome::refused) {
        return;
    }
    const auto same = [&](const HaltFigures& halt) {
        return halt.facts.scope == facts.scope && halt.facts.venue == facts.venue &&
               halt.facts.symbol == facts.symbol && halt.facts.session == facts.session &&
               halt.investor == subject.investor && halt.account == subject.account;
    };
    const auto found = std::find_if(halts_.begin(), halts_.end(), same);
    if (found != halts_.end()) {
        halts_.erase(found);
    }
    if (facts.scope == Scope::investor) {
        const std::uint32_t row = ledger_.find_investor(subject.investor);
        if (row != 0 && row < investors_.size()) {
            investors_[row].dirty = true;
        }
    }
    if (record.kind == RecordKind::resume || halts_.size() >= room_.halts) {
        return;
    }
    HaltFigures halt;
    halt.sequence = record.sequence;
    halt.at = record.utc_ns;
    halt.facts = facts;
    halt.investor = subject.investor;
    halt.account = subject.account;
    halt.user = subject.user;
    halt.reason = subject.reason;
    if (ledger_.reference() != nullptr) {
        halt.row = row_of(halt);
        count_halt(halt);
    }
    halts_.push_back(halt);
}

void DeskState::take_approval(const risk::Approval& approval) {
    const auto close = [&](ProposalFigures& proposal) {
        if (proposal.state != ProposalState::open) {
            return;
        }
        using enum risk::ApprovalVerdict;
        proposal.state = approval.facts.verdict == approved    ? ProposalState::approved
                         : approval.facts.verdict == rejected  ? ProposalState::rejected
                         : approval.facts.verdict == withdrawn ? ProposalState::withdrawn
                                                               : ProposalState::lapsed;
        proposal.closed = approval.record.sequence;
        proposal.closed_at = approval.record.utc_ns;
        proposal.closed_by =
            approval.facts.verdict == withdrawn ? approval.subject.user : approval.subject.approver;
        proposal.closed_reason = approval.subject.reason;
    };
    const auto found = proposals_.find(approval.facts.proposal);
    if (found == proposals_.end()) {
        return;
    }
    if (approval.facts.whole_batch == 0) {
        close(found->second);
        return;
    }
    const risk::Sequence given = found->second.proposal.facts.batch;
    const risk::Sequence batch = given != 0 ? given : found->first;
    for (auto at = proposals_.find(batch); at != proposals_.end(); ++at) {
        if (at->first == batch || at->second.proposal.facts.batch == batch) {
            close(at->second);
        }
    }
}

std::vector<risk::UserName> DeskState::take_ended_users() {
    return std::exchange(ended_users_, {});
}

// --- the program and its host

void DeskState::take_operation(const risk::Record& record) {
    using Severity = IncidentNote::Severity;
    Severity severity = Severity::info;
    switch (record.kind) {
        case RecordKind::start:
            running_since_ = record.utc_ns;
            stopped_ = false;
            break;
        case RecordKind::stop:
            stopped_ = true;
            running_since_ = record.utc_ns;
            break;
        case RecordKind::incident:
            severity = Severity::alarm;
            break;
        case RecordKind::device_event: {
            const risk::DeviceEventFacts& facts = as_kind<risk::DeviceEvent>(record).facts;
            severity = facts.orders_closed != 0                      ? Severity::alarm
                       : facts.cause == risk::DeviceCause::recovered ? Severity::info
                                                                     : Severity::warning;
            break;
        }
        case RecordKind::clock: {
            const std::int64_t offset = as_kind<risk::Clock>(record).facts.offset_ns;
            if (offset < 0) {
                races_.clock_stepped();
            }
            if (offset < clock_told_ns && offset > -clock_told_ns) {
                return;
            }
            severity = Severity::warning;
            break;
        }
        case RecordKind::level_change:
        case RecordKind::key_change:
            severity = Severity::warning;
            break;
        default:
            return;
    }
    const auto words = [&](audit::Teller& teller) {
        const audit::Told& told = teller.tell(record, nullptr, {});
        return std::string(&teller == &english_ ? told.event : told.event_zh) +
               (told.detail.empty() ? "" : ": " + told.detail);
    };
    incidents_.add({record.sequence, record.utc_ns, severity, std::string(audit::name_of(record.kind)),
                    words(english_), words(chinese_)});
}

void DeskState::note(IncidentNote::Severity severity, std::string kind, risk::UtcNs at, std::string text,
                     std::string text_zh) {
    incidents_.add(
        {ledger_.last_sequence(), at, severity, std::move(kind), std::move(text), std::move(text_zh)});
}

}  // namespace fairlead::desk
