// Orders, and what is worked out now and then; see desk_state.hpp. Sessions and acts of persons stand in
// desk_state_acts.cpp, what is shown of it in views.cpp.
#include "gateway/desk/desk_state.hpp"

#include <algorithm>
#include <cstring>

#include "audit/examine/replayer.hpp"
#include "config/reference_archive.hpp"

namespace fairlead::desk {
namespace {

using audit::as_kind;
using risk::RecordKind;
using risk::Scope;

constexpr std::size_t on_line_max = 100'000;  // of one line: more than its socket and the front can hold

// Whether something of these rows lies in a halt's scope.
template <class Of>
bool in_scope(const HaltFigures& halt, const Of& of) noexcept {
    switch (halt.facts.scope) {
        case Scope::firm:
            return true;
        case Scope::venue:
            return of.venue == halt.facts.venue;
        case Scope::investor:
            return of.investor == halt.row;
        case Scope::account:
            return of.account == halt.row;
        case Scope::symbol:
            return of.security == halt.row;
        case Scope::session:
            return of.session == halt.facts.session;
        case Scope::none:
        case Scope::branch:
            break;
    }
    return false;
}

Scope scope_of(risk::Reason reason) noexcept {
    switch (reason) {
        case risk::Reason::firm_halted:
            return Scope::firm;
        case risk::Reason::venue_halted:
            return Scope::venue;
        case risk::Reason::investor_halted:
            return Scope::investor;
        case risk::Reason::account_halted:
            return Scope::account;
        case risk::Reason::symbol_halted:
            return Scope::symbol;
        case risk::Reason::session_halted:
            return Scope::session;
        default:
            return Scope::none;
    }
}

InvestorState level_of(std::uint16_t permille, InvestorState before) noexcept {
    struct Step {
        InvestorState state;
        std::uint16_t set;
        std::uint16_t clear;  // lower: a figure that moves about a mark does not blink
    };
    constexpr Step steps[] = {{InvestorState::warn95, 950, 930},
                              {InvestorState::warn80, 800, 780},
                              {InvestorState::warn50, 500, 480}};
    for (const Step& step : steps) {
        if (permille != permille_none && permille >= (before >= step.state ? step.clear : step.set)) {
            return step.state;
        }
    }
    return InvestorState::ok;
}

}  // namespace

DeskState::DeskState(const risk::Sizes& sizes, const Room& room, std::string reference_directory)
    : room_(room),
      reference_directory_(std::move(reference_directory)),
      ledger_(sizes),
      orders_(room.orders, room.trail_rows),
      logins_(room.logins),
      limit_changes_(room.limit_changes),
      incidents_(room.incidents) {}

std::string DeskState::apply(const audit::RecordView& view) {
    const risk::Record* record = audit::materialize(view, storage_);
    if (record == nullptr) {
        return "record " + std::to_string(view.header.sequence) +
               " cannot be read: run fairlead-examine verify";
    }
    if (record->sequence != ledger_.last_sequence() + 1) {
        return "record " + std::to_string(record->sequence) + " does not follow record " +
               std::to_string(ledger_.last_sequence());
    }
    if (record->kind == RecordKind::day_start) {
        if (std::string problem = begin_day(as_kind<risk::DayStart>(*record)); !problem.empty()) {
            return problem;
        }
    }
    if (record->kind == RecordKind::limit_set) {
        limit_before_ = in_force(as_kind<risk::LimitSet>(*record));
    }
    const risk::Decision decision = ledger_.apply(*record);
    risk::Answered answered;
    const audit::Bytes decided = view.section(audit::SectionKind::decision);
    if (decided.size() == sizeof answered) {
        std::memcpy(&answered, decided.data(), sizeof answered);
        if (std::memcmp(&answered.decision, &decision, sizeof decision) != 0 && differing_++ == 0) {
            note(IncidentNote::Severity::alarm, "desk", record->utc_ns,
                 "record " + std::to_string(record->sequence) +
                     ": the desk's Ledger decides otherwise than the journal says; are its sizes the "
                     "gateway's?",
                 "紀錄 " + std::to_string(record->sequence) + "：風控台重算結果與日誌不符");
        }
    }
    const std::int64_t step = record->utc_ns / room_.exposure_step_ns;
    if (step != last_at_ / room_.exposure_step_ns) {
        refresh(last_at_);
    }
    level_ = record->flags & audit::level_flag_mask;
    last_at_ = std::max(last_at_, record->utc_ns);
    take(*record, decision, answered.routing, view.section(audit::SectionKind::received));
    return {};
}

// The Ledger takes the day's reference data; what was counted for the day before goes.
std::string DeskState::begin_day(const risk::DayStart& start) {
    config::RestoredReference restored = config::load_archived_reference(reference_directory_, start.facts);
    std::string problem = restored.error;
    if (problem.empty()) {
        day_reference_ = std::move(next_reference_);
        next_reference_ = std::make_unique<risk::Reference>(std::move(restored.reference));
        problem = ledger_.stage(*next_reference_);
    }
    if (!problem.empty()) {
        return "record " + std::to_string(start.record.sequence) +
               ": the day's reference data cannot be used: " + problem;
    }
    orders_.clear();
    row_of_slot_.clear();
    state_of_slot_.clear();
    on_line_.clear();  // their slots are of the day before, whose orders the Ledger forgets
    waiting_.clear();
    for (HaltFigures& halt : halts_) {
        halt.open = halt.in_doubt = 0;
    }
    investors_.clear();
    investors_.resize(next_reference_->investors.size());
    points_per_investor_ =
        std::clamp<std::size_t>(room_.exposure_points / std::max<std::size_t>(investors_.size(), 1), 16, 600);
    day_ = {};
    for (auto& [id, session] : sessions_) {
        session.logons = session.refused_logons = 0;
        session.sent = 0;
    }
    return {};
}

void DeskState::take(const risk::Record& record, const risk::Decision& decision, const risk::Routing& routing,
                     audit::Bytes raw) {
    take_numbers(record, routing);
    switch (record.kind) {
        case RecordKind::new_order:
            take_new(as_kind<risk::NewOrder>(record), decision, routing);
            break;
        case RecordKind::replace_order: {
            const risk::ReplaceOrderFacts& facts = as_kind<risk::ReplaceOrder>(record).facts;
            TrailEntry entry;
            entry.quantity = facts.quantity;
            entry.price = facts.price;
            take_change(record, facts.arrival, entry, decision, routing);
            break;
        }
        case RecordKind::cancel_order:
            take_change(record, as_kind<risk::CancelOrder>(record).facts.arrival, {}, decision, routing);
            break;
        case RecordKind::order_status:
            take_change(record, as_kind<risk::OrderStatusRequest>(record).facts.arrival, {}, decision,
                        routing);
            break;
        case RecordKind::mass_cancel:
            count_command(record, as_kind<risk::MassCancel>(record).facts.arrival, decision);
            break;
        case RecordKind::released:
            take_released(record, as_kind<risk::Released>(record).facts.command, routing);
            break;
        case RecordKind::wait_expired:
        case RecordKind::halted_unsent:
            take_released(record, as_kind<risk::WaitExpired>(record).facts.command, {});
            update(decision.order_slot);
            break;
        case RecordKind::handed_to_socket:
            take_handed(as_kind<risk::HandedToSocket>(record));
            break;
        case RecordKind::venue_report:
        case RecordKind::orphan_report:
            take_report(as_kind<risk::VenueReport>(record), decision);
            break;
        case RecordKind::in_doubt:
        case RecordKind::resolved:
        case RecordKind::venue_reject:
        case RecordKind::fill_adjusted:
            if (record.kind == RecordKind::resolved) {
                waiting_.erase(as_kind<risk::Resolved>(record).facts.command);
            }
            update(decision.order_slot);
            add_trail(row_of(decision.order_slot), record, {.reason = decision.reason});
            break;
        case RecordKind::logon_attempt:
            take_logon(as_kind<risk::LogonAttempt>(record), raw);
            break;
        case RecordKind::logon_result:
            take_logon(as_kind<risk::LogonResult>(record));
            break;
        case RecordKind::logout:
            take_logout(as_kind<risk::Logout>(record));
            break;
        case RecordKind::day_start:
            for (HaltFigures& halt : halts_) {
                halt.row = row_of(halt);
            }
            break;
        default:
            take_control(record, decision, raw);
            break;
    }
}

// --- orders

std::uint64_t DeskState::row_of(std::uint32_t slot) const noexcept {
    return slot != 0 && slot < row_of_slot_.size() ? row_of_slot_[slot] : no_row;
}

void DeskState::count_command(const risk::Record& record, const risk::Arrival& arrival,
                              const risk::Decision& decision) {
    ++day_.commands;
    if (decision.outcome == risk::Outcome::refused) {
        const auto reason = static_cast<std::size_t>(decision.reason);
        if (reason < day_.refused_by_reason.size()) {
            ++day_.refused_by_reason[reason];
            refusals_.add(record.utc_ns, reason);
        }
    }
    if (arrival.effective_ns != 0) {
        races_.decided(record.utc_ns, record.session, arrival.effective_ns);
    }
}

void DeskState::take_new(const risk::NewOrder& command, const risk::Decision& decision,
                         const risk::Routing& routing) {
    const risk::NewOrderFacts& facts = command.facts;
    count_command(command.record, facts.arrival, decision);
    const bool accepted = decision.outcome == risk::Outcome::accepted && decision.order_slot != 0;
    if (decision.outcome == risk::Outcome::restated) {
        return;  // sent again: the order is known
    }
    const std::int64_t second = command.record.utc_ns / second_ns;
    per_second_.add(command.record.utc_ns, accepted ? 0 : 1);
    day_.peak_per_second =
        std::max<std::uint64_t>(day_.peak_per_second, per_second_.in(second, 0) + per_second_.in(second, 1));
    const risk::AccountFound found = ledger_.find_account(command.person.account);
    OrderEntry entry;
    entry.key = command.record.sequence;
    entry.at = command.record.utc_ns;
    entry.investor_id = command.person.investor;
    entry.account_key = command.person.account;
    entry.symbol = facts.symbol;
    entry.client_order_id = facts.client_order_id;
    entry.order_number = routing.order_number;
    entry.ordered = facts.quantity;
    entry.price = facts.price;
    entry.slot = accepted ? decision.order_slot : 0;
    entry.investor = found.investor;
    entry.account = found.account;
    entry.security = ledger_.find_security(facts.symbol);
    entry.session = command.record.session;
    entry.line = routing.line;
    entry.reason = decision.reason;
    entry.venue = decision.venue;
    entry.side = facts.side;
    entry.order_type = facts.order_type;
    entry.time_in_force = facts.time_in_force;
    entry.session_kind = facts.session_kind;
    entry.decision = decision;
    InvestorFigures* investor =
        found.investor != 0 && found.investor < investors_.size() ? &investors_[found.investor] : nullptr;
    if (investor != nullptr) {
        entry.investor_before = investor->last_order;
        accepted ? ++investor->orders : ++investor->refused;
    }
    const std::uint64_t row = orders_.add(entry);
    if (investor != nullptr) {
        investor->last_order = row;
        investor->dirty = true;
    }
    add_trail(row, command.record,
              {.quantity = facts.quantity,
               .price = facts.price,
               .reason = decision.reason,
               .outcome = decision.outcome});
    if (!accepted) {
        ++day_.refused;
        const Scope scope = scope_of(decision.reason);
        for (HaltFigures& halt : halts_) {
            halt.refused += halt.facts.scope == scope && in_scope(halt, entry) ? 1 : 0;
        }
        return;
    }
    ++day_.accepted;
    if (row_of_slot_.size() <= decision.order_slot) {
        row_of_slot_.resize(decision.order_slot + 1, no_row);
        state_of_slot_.resize(decision.order_slot + 1, 0);
    }
    row_of_slot_[decision.order_slot] = row;
    update(decision.order_slot);
    place(command.record, routing,
          {0, command.record.sequence, facts.arrival.effective_ns, decision.order_slot, command.record.kind});
}

void DeskState::take_change(const risk::Record& record, const risk::Arrival& arrival, TrailEntry entry,
                            const risk::Decision& decision, const risk::Routing& routing) {
    if (arrival.effective_ns != 0) {
        count_command(record, arrival, decision);
    }
    update(decision.order_slot);
    entry.reason = decision.reason;
    entry.outcome = decision.outcome;
    add_trail(row_of(decision.order_slot), record, entry);
    place(record, routing, {0, record.sequence, arrival.effective_ns, decision.order_slot, record.kind});
}

// A command was given a number on a line, or waits for its rate.
void DeskState::place(const risk::Record& record, const risk::Routing& routing, OnLine command) {
    const std::uint64_t row = row_of(command.slot);
    if (routing.choice == risk::LineChoice::waiting && routing.line == 0) {
        if (row != no_row && orders_.holds(row)) {
            orders_.at(row).waiting = true;
        }
        waiting_.insert_or_assign(command.command, command);
        return;
    }
    if (routing.line == 0) {
        return;
    }
    command.number = routing.line_number;
    std::deque<OnLine>& line = on_line_[routing.line];
    if (!line.empty() && line.back().number >= command.number) {
        line.clear();  // it began anew
    }
    if (line.size() >= on_line_max) {
        line.pop_front();
    }
    line.push_back(command);
    ++session_of(routing.line).sent;
    if (row == no_row || !orders_.holds(row)) {
        return;
    }
    OrderEntry& order = orders_.at(row);
    order.waiting = false;
    order.line = routing.line;
    if (!routing.order_number.empty()) {
        order.order_number = routing.order_number;
    }
    if (command.effective_ns != 0) {
        races_.placed(record.utc_ns, routing.line,
                      {command.command, command.effective_ns, order.investor, order.security});
    }
}

void DeskState::take_released(const risk::Record& record, risk::Sequence command,
                              const risk::Routing& routing) {
    const auto found = waiting_.find(command);
    if (found == waiting_.end()) {
        return;
    }
    const OnLine waited = found->second;
    waiting_.erase(found);
    add_trail(row_of(waited.slot), record, {});
    place(record, routing, waited);
}

void DeskState::take_handed(const risk::HandedToSocket& handed) {
    std::deque<OnLine>& line = on_line_[handed.record.session];
    while (!line.empty() && line.front().number <= handed.facts.last_number) {
        const OnLine out = line.front();
        line.pop_front();
        if (out.number < handed.facts.first_number) {
            continue;
        }
        const std::uint64_t row = row_of(out.slot);
        const std::int64_t wait_ns = handed.facts.departure_utc_ns - out.effective_ns;
        if (out.effective_ns != 0) {
            waits_.add(handed.record.utc_ns, wait_ns);
        }
        if (row != no_row && orders_.holds(row)) {
            OrderEntry& order = orders_.at(row);
            if (out.kind == RecordKind::new_order && out.effective_ns != 0) {
                order.wait_ns = std::max<std::int64_t>(wait_ns, 0);
            }
            add_trail(row, handed.record, {});
        }
        if (halts_.empty() || out.slot == 0) {
            continue;
        }
        const risk::Order& order = ledger_.order(out.slot);
        for (HaltFigures& halt : halts_) {
            if (in_scope(halt, order)) {
                (out.kind == RecordKind::cancel_order ? halt.last_cancel_out : halt.last_new_out) =
                    handed.facts.departure_utc_ns;
            }
        }
    }
}

void DeskState::take_report(const risk::VenueReport& report, const risk::Decision& decision) {
    update(decision.order_slot);
    const std::uint64_t row = row_of(decision.order_slot);
    if (row != no_row && orders_.holds(row) && !report.facts.order_number.empty()) {
        orders_.at(row).order_number = report.facts.order_number;
    }
    TrailEntry entry;
    entry.quantity = report.facts.order_quantity;
    entry.price = report.facts.price;
    entry.last_quantity = report.facts.last_quantity;
    entry.last_price = report.facts.last_price;
    entry.reason = decision.reason;
    entry.exec_type = report.facts.exec_type;
    entry.outcome = decision.outcome;
    add_trail(row, report.record, entry);
    if (decision.outcome == risk::Outcome::orphan || (decision.flags & risk::overfill_flag) != 0) {
        const bool overfill = (decision.flags & risk::overfill_flag) != 0;
        note(IncidentNote::Severity::alarm, overfill ? "overfill" : "orphan_report", report.record.utc_ns,
             overfill ? "an order was filled beyond its quantity: its investor is halted"
                      : "a venue reports an order that has no Record",
             overfill ? "成交超過委託數量：已暫停該投資人" : "市場回報無紀錄之委託");
    }
}

void DeskState::update(std::uint32_t slot) {
    if (slot == 0) {
        return;
    }
    if (state_of_slot_.size() <= slot) {
        row_of_slot_.resize(slot + 1, no_row);
        state_of_slot_.resize(slot + 1, 0);
    }
    const risk::Order& order = ledger_.order(slot);
    const std::uint8_t before = state_of_slot_[slot];
    const auto now = static_cast<std::uint8_t>((order.open() ? 1 : 0) | (order.in_doubt() ? 2 : 0));
    state_of_slot_[slot] = now;
    const auto move = [](std::uint32_t& count, bool was, bool is) {
        count += is && !was ? 1 : 0;
        count -= was && !is && count > 0 ? 1 : 0;
    };
    const auto move_both = [&](std::uint32_t& open, std::uint32_t& in_doubt) {
        move(open, (before & 1) != 0, (now & 1) != 0);
        move(in_doubt, (before & 2) != 0, (now & 2) != 0);
    };
    if (order.investor < investors_.size()) {
        InvestorFigures& investor = investors_[order.investor];
        move_both(investor.open, investor.in_doubt);
        investor.dirty = true;
    }
    for (HaltFigures& halt : halts_) {
        if (in_scope(halt, order)) {
            move_both(halt.open, halt.in_doubt);
        }
    }
    const std::uint64_t row = row_of_slot_[slot];
    if (row == no_row || !orders_.holds(row)) {
        return;
    }
    OrderEntry& entry = orders_.at(row);
    entry.ordered = order.quantity;
    entry.leaves = order.leaves();
    entry.filled = order.filled;
    entry.filled_amount = order.filled_amount;
    entry.price = order.price;
    entry.status = order.status();
    entry.open = order.open();
    entry.in_doubt = order.in_doubt();
}

void DeskState::add_trail(std::uint64_t order, const risk::Record& record, TrailEntry entry) {
    if (order == no_row || !orders_.holds(order)) {
        return;
    }
    OrderEntry& of = orders_.at(order);
    entry.sequence = record.sequence;
    entry.at = record.utc_ns;
    entry.leaves = of.leaves;
    entry.filled = of.filled;
    entry.session = record.session;
    entry.line = of.line;
    entry.kind = record.kind;
    orders_.add_trail(of, entry);
}

// --- worked out now and then

void DeskState::refresh(risk::UtcNs now) {
    for (std::uint32_t row = 1; row < investors_.size(); ++row) {
        if (investors_[row].dirty) {
            refresh_investor(row, now);
        }
    }
    refresh_halts();
}

void DeskState::refresh_investor(std::uint32_t row, risk::UtcNs now) {
    InvestorFigures& figures = investors_[row];
    figures.dirty = false;
    const risk::Exposure& exposure = ledger_.exposure(Scope::investor, row);
    std::uint16_t tightest = permille_none;
    for (const risk::Dimension dimension : shown_dimensions) {
        const risk::Amount used = risk::usage(exposure, dimension);
        const std::uint16_t permille =
            permille_of(used, ledger_.limit(Scope::investor, row, dimension).value);
        if (permille != permille_none && (tightest == permille_none || permille > tightest)) {
            tightest = permille;
        }
    }
    figures.permille = tightest;
    figures.level = level_of(tightest, figures.level);
    figures.halted = ledger_.halted(Scope::investor, row);
    const ExposurePoint point{
        now, risk::usage(exposure, risk::Dimension::buy), risk::usage(exposure, risk::Dimension::sell),
        risk::usage(exposure, risk::Dimension::gross_day), risk::usage(exposure, risk::Dimension::net)};
    if (point.gross_day != 0 || !figures.exposure.empty()) {
        add_point(figures, point);
    }
}

// One point a step; when its room is used up every second point goes, so that the whole day stays visible.
void DeskState::add_point(InvestorFigures& figures, const ExposurePoint& point) {
    std::vector<ExposurePoint>& points = figures.exposure;
    // The clock's time may be ahead of the records': what is of an earlier step than the last is the last's
    // news.
    if (!points.empty() && point.at / room_.exposure_step_ns <= points.back().at / room_.exposure_step_ns) {
        const risk::UtcNs at = std::max(points.back().at, point.at);
        points.back() = point;
        points.back().at = at;
        return;
    }
    if (points.size() >= points_per_investor_) {
        std::size_t kept = 0;
        for (std::size_t i = 1; i < points.size(); i += 2) {
            points[kept++] = points[i];
        }
        points.resize(kept);
    }
    points.push_back(point);
}

void DeskState::refresh_halts() {
    for (HaltFigures& halt : halts_) {
        halt.unsent = 0;
    }
    if (halts_.empty()) {
        return;
    }
    const auto count = [this](const OnLine& command) {
        if (command.slot == 0) {
            return;
        }
        const risk::Order& order = ledger_.order(command.slot);
        for (HaltFigures& halt : halts_) {
            halt.unsent += in_scope(halt, order) ? 1 : 0;
        }
    };
    for (const auto& [line, commands] : on_line_) {
        std::for_each(commands.begin(), commands.end(), count);
    }
    for (const auto& [sequence, command] : waiting_) {
        count(command);
    }
}

std::uint16_t permille_of(risk::Amount used, risk::Amount limit) noexcept {
    if (limit == risk::unlimited) {
        return permille_none;
    }
    if (used <= 0) {
        return 0;
    }
    if (limit <= 0) {
        return permille_max;
    }
    // Not used x 1000 / limit, which may leave 64 bits.
    const auto ratio = static_cast<long double>(used) * 1000 / static_cast<long double>(limit);
    return static_cast<std::uint16_t>(std::min<long double>(ratio, permille_max));
}

}  // namespace fairlead::desk
