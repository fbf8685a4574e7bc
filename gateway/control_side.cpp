// Control requests on the order thread; see control_side.hpp.
#include "gateway/control_side.hpp"

#include <array>

#include "config/changes.hpp"
#include "gateway/control/reload.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::array amount_dimensions{risk::Dimension::buy,       risk::Dimension::sell,
                                       risk::Dimension::gross_day, risk::Dimension::net,
                                       risk::Dimension::offset,    risk::Dimension::order_value,
                                       risk::Dimension::reported,  risk::Dimension::message_rate};

ControlReply refused(const ControlRequest& request, risk::Reason reason, std::string_view text) noexcept {
    ControlReply reply;
    reply.request = request.request;
    reply.reason = reason;
    reply.text = risk::Text<512>(text);
    return reply;
}

// "in step, refused": one for each that is configured.
risk::Text<64> standby_states(const Core& core) noexcept {
    std::array<char, 64> text{};
    std::size_t length = 0;
    for (std::size_t i = 0; i < core.config.replica.standbys.size(); ++i) {
        const std::string_view state =
            audit::describe(core.journal.front().standby_state(i, core.now().monotonic_ns));
        for (const std::string_view part : {std::string_view(i == 0 ? "" : ", "), state}) {
            length += part.copy(text.data() + length, text.size() - length);
        }
    }
    return risk::Text<64>(std::string_view(text.data(), length));
}

}  // namespace

void ControlSide::answer(const ControlReply& reply) noexcept {
    if (!core_.errands.push(reply)) {
        core_.log(LogLevel::warning, "a control answer was lost: the queue is full");
    }
}

risk::Sequence ControlSide::record(const ControlRequest& request, risk::RecordKind kind) noexcept {
    risk::ControlEvent event;
    event.record.kind = kind;
    event.record.session = request.session;
    event.record.cause = request.cause;
    event.facts = request.facts;
    event.subject = request.subject;
    if (request.reload != nullptr) {
        core_.step(event, std::as_bytes(std::span(request.reload->text)));
        return core_.sequencer->last();
    }
    // Whom it is about; and the role that is given.
    std::array<char, 40> raw{};
    const std::string_view target = request.target.view();
    std::size_t length = target.copy(raw.data(), raw.size());
    if (request.role != config::Role::none) {
        const auto add = [&](std::string_view text) {
            length += text.copy(raw.data() + length, raw.size() - length);
        };
        add(" as ");
        add(config::role_name(request.role));
    }
    core_.step(event, std::as_bytes(std::span(raw.data(), length)));
    return core_.sequencer->last();
}

void ControlSide::refuse(const ControlRequest& request, ControlReply& reply, std::string_view why) noexcept {
    ControlRequest denied = request;
    denied.facts.denied = static_cast<std::uint8_t>(Denied::failed);
    reply.sequence = record(denied, risk::RecordKind::denied_request);
    reply.ok = false;
    reply.text = risk::Text<512>(why);
    answer(reply);
}

void ControlSide::on_request(const ControlRequest& request) noexcept {
    ControlReply reply;
    reply.request = request.request;
    if (request.reload != nullptr) {
        take_reload(request, reply);
        return;
    }
    if (request.facts.denied != 0) {
        reply.sequence = record(request, risk::RecordKind::denied_request);
        reply.reason = risk::Reason::not_authorised;
        answer(reply);
        return;
    }
    using enum risk::ControlVerb;
    switch (request.facts.verb) {
        case limit_set:
            set_limit(request, reply);
            return;
        case halt:
            do_halt(request, reply);
            return;
        case resume:
            do_resume(request, reply);
            return;
        case fill_adjust:
            adjust_fill(request, reply);
            return;
        case propose:
            this->propose(request, reply);
            return;
        case approve:
        case reject:
        case withdraw:
            answer_proposal(request, reply);
            return;
        case visit_open:
        case visit_close:
        case visit_sign:
            record_visit(request, reply);
            return;
        case review_decide:
            record_review(request, reply);
            return;
        default:
            break;
    }
    reply.sequence = record(request, risk::RecordKind::user_event);
    reply.ok = true;
    switch (request.facts.verb) {
        case status:
            show_status(reply);
            break;
        case limit_show:
            show_limits(request, reply);
            break;
        case session_list:
            list_sessions(reply);
            break;
        case session_disconnect:
            disconnect_session(request, reply);
            break;
        case order_show:
            show_order(request, reply);
            break;
        case risk::ControlVerb::resolve:
            resolve_order(request, reply);
            break;
        case journal_resume:
            resume_journal(request, reply);
            break;
        case stop:
            stop_asked_ = true;
            answer(reply);
            break;
        case day_close: {
            risk::DayClose close;
            close.record.kind = risk::RecordKind::day_close;
            core_.step(close);
            answer(reply);
            break;
        }
        case login:
        case password_change:
        case user_list:
        case user_disable:
        case user_enable:
        case user_unlock:
        case user_reset:
        case logout:
        case user_add:
        case user_set_role:
        case totp_enrol:
        case totp_confirm:
        case totp_remove:
        case review_list:
        case visit_list:
        case reload:
            answer(reply);
            break;
        case proposal_list:
            list_proposals(request, reply);
            break;
        case propose:
        case approve:
        case reject:
        case withdraw:
        case review_decide:
        case visit_open:
        case visit_close:
        case visit_sign:
        case none:
        case limit_set:
        case halt:
        case resume:
        case fill_adjust:
            answer(refused(request, risk::Reason::none, "verb: none, must be a verb of the protocol"));
            break;
    }
}

// --- looking: nothing whose time grows with the day, since every investor waits for it

void ControlSide::show_status(ControlReply& reply) noexcept {
    StatusRow row;
    row.utc_ns = core_.clock.utc_ns();
    row.sequence = core_.sequencer->last();
    row.synced = core_.journal.front().synced();
    row.date = core_.ledger.day().date;
    const risk::Counts counts = core_.ledger.counts();
    row.orders = counts.orders;
    row.open = counts.open;
    row.in_doubt = counts.in_doubt;
    row.executions = counts.executions;
    row.sessions = static_cast<std::uint32_t>(clients_.sessions().size());
    for (const ClientSession& session : clients_.sessions()) {
        row.sessions_on += session.machine.logged_on() ? 1 : 0;
    }
    row.lines = static_cast<std::uint32_t>(venues_.lines().size());
    for (const VenueLine& line : venues_.lines()) {
        row.lines_on += line.state == LineState::open ? 1 : 0;
    }
    row.road_twse = core_.ledger.road(risk::Venue::twse);
    row.road_tpex = core_.ledger.road(risk::Venue::tpex);
    row.firm_halted = core_.ledger.halted(risk::Scope::firm, 0);
    row.keeper = risk::Text<32>(audit::describe(core_.journal.front().keeper_state()));
    row.spare_segments = core_.journal.front().spare_segments();
    row.journal_waits = core_.ledger.journal_waits();
    row.log_lines_dropped = core_.dropped_log_lines;
    row.level = core_.config.journal.level;
    row.acked = core_.journal.acked();
    row.standbys = standby_states(core_);
    row.takeover_waits = core_.ledger.takeover_waits();
    reply.row = row;
    answer(reply);
}

void ControlSide::show_limits(const ControlRequest& request, ControlReply& reply) noexcept {
    const risk::Scope asked = request.limit.scope;
    const risk::Scope scope = asked == risk::Scope::symbol ? risk::Scope::investor : asked;
    const std::uint32_t row = owner_of(core_.ledger, scope, request.subject).row;
    const bool has_limits = scope == risk::Scope::firm || scope == risk::Scope::investor ||
                            scope == risk::Scope::account || scope == risk::Scope::branch;
    if (core_.ledger.reference() == nullptr || !has_limits || (row == 0 && scope != risk::Scope::firm)) {
        reply.ok = false;
        reply.text = risk::Text<512>(
            "target: not known today, must be an investor, account or branch of the reference data");
        answer(reply);
        return;
    }
    const risk::Exposure& exposure = core_.ledger.exposure(scope, row);
    bool any = false;
    const auto show = [&](risk::Dimension dimension, std::uint32_t security) {
        const risk::LimitInForce limit = core_.ledger.limit(scope, row, dimension, security);
        const bool amount = dimension <= risk::Dimension::offset || dimension == risk::Dimension::reported;
        if (any) {
            reply.more = true;
            answer(reply);
        }
        any = true;
        LimitRow shown;
        shown.scope = scope;
        shown.dimension = dimension;
        shown.symbol = request.limit.symbol;
        shown.given = limit.given;
        shown.value = limit.value;
        shown.version = limit.version;
        shown.usage_known = amount;
        shown.usage = amount ? risk::usage(exposure, dimension) : 0;
        risk::LimitSetFacts named;
        named.scope = scope;
        named.dimension = dimension;
        named.symbol = request.limit.symbol;
        if (const LimitEnd* end = core_.desk.proposals.end_of(limit_key(named, request.subject))) {
            shown.expires_ns = end->expires_ns;
            shown.base = end->base;
        }
        reply.row = shown;
    };
    if (request.limit.dimension != risk::Dimension::none) {
        const std::uint32_t security =
            request.limit.symbol.empty() ? 0 : core_.ledger.find_security(request.limit.symbol);
        show(request.limit.dimension, security);
    } else {
        for (const risk::Dimension dimension : amount_dimensions) {
            if (dimension != risk::Dimension::reported || scope == risk::Scope::firm) {
                show(dimension, 0);
            }
        }
    }
    reply.more = false;
    answer(reply);
}

void ControlSide::list_sessions(ControlReply& reply) noexcept {
    std::size_t left = clients_.sessions().size() + venues_.lines().size();
    const auto show = [&](const SessionRow& row) {
        reply.row = row;
        reply.more = --left > 0;
        answer(reply);
    };
    for (const ClientSession& session : clients_.sessions()) {
        SessionRow row;
        row.id = session.config->id;
        row.logged_on = session.machine.logged_on();
        row.sender_comp_id = risk::Text<16>(session.config->sender_comp_id);
        row.target_comp_id = risk::Text<16>(session.config->target_comp_id);
        row.user = session.person.user;
        row.address = session.connection != no_connection ? session.person.address : row.address;
        row.next_in = session.machine.next_in();
        row.next_out = session.machine.next_out();
        show(row);
    }
    for (const VenueLine& line : venues_.lines()) {
        SessionRow row;
        row.id = line.config->id;
        row.venue_side = true;
        row.logged_on = line.state == LineState::open;
        row.venue = line.config->venue;
        row.sender_comp_id = risk::Text<16>(line.config->sender_comp_id);
        row.target_comp_id = risk::Text<16>(line.config->target_comp_id);
        row.next_in = line.machine.next_in();
        row.next_out = line.machine.next_out();
        row.waiting = static_cast<std::uint32_t>(line.waiting.size());
        show(row);
    }
}

void ControlSide::show_order(const ControlRequest& request, ControlReply& reply) noexcept {
    const std::uint32_t slot = core_.ledger.find_order(request.order_key);
    if (slot == 0) {
        reply.ok = false;
        reply.reason = risk::Reason::order_unknown;
        answer(reply);
        return;
    }
    const risk::Order& order = core_.ledger.order(slot);
    OrderRow row;
    row.order_key = order.key;
    row.session = order.session;
    row.line = core_.routes.at(slot).line;
    row.venue = order.venue;
    row.side = order.side;
    row.order_type = order.order_type;
    row.time_in_force = order.time_in_force;
    row.session_kind = order.session_kind;
    row.status = order.status();
    row.open = order.open();
    row.in_doubt = order.in_doubt();
    row.symbol = core_.ledger.security(order.security).symbol;
    row.account = core_.ledger.account_key(order.account);
    row.investor = core_.ledger.investor_id(order.investor);
    row.client_order_id = order.client_order_id;
    row.order_number = core_.routes.at(slot).order_number;
    row.ordered = order.quantity;
    row.leaves = order.leaves();
    row.filled = order.filled;
    row.filled_amount = order.filled_amount;
    row.price = order.price;
    row.reserve = order.reserve;
    reply.row = row;
    answer(reply);
}

// --- acting

void ControlSide::set_limit(const ControlRequest& request, ControlReply& reply) noexcept {
    if (request.expires_ns != 0) {
        set_limit_for_a_time(request, reply);
        return;
    }
    risk::LimitSet set;
    set.record.kind = risk::RecordKind::limit_set;
    set.facts = request.limit;
    set.subject = request.subject;
    const risk::Answered answered = core_.step(set);
    reply.sequence = answered.decision.sequence;
    reply.reason = answered.decision.reason;
    reply.ok = answered.decision.outcome == risk::Outcome::accepted;
    answer(reply);
}

void ControlSide::do_halt(const ControlRequest& request, ControlReply& reply) noexcept {
    risk::Halt halt;
    halt.record.kind = risk::RecordKind::halt;
    halt.record.session = request.halt.session;
    halt.facts = request.halt;
    halt.subject = request.subject;
    const risk::Answered answered = core_.step(halt);
    reply.sequence = answered.decision.sequence;
    reply.reason = answered.decision.reason;
    reply.ok = answered.decision.outcome == risk::Outcome::accepted;
    if (reply.ok && request.halt.cancel_open != 0) {
        const auto filter = filter_of(core_.ledger, request.halt, request.subject);
        if (!filter || !mass_effects_.start(*filter, risk::CancelOrigin::halt, reply.sequence)) {
            reply.text = risk::Text<512>("halted, but too many mass cancels are under way: open orders stay");
        }
    }
    answer(reply);
}

void ControlSide::do_resume(const ControlRequest& request, ControlReply& reply) noexcept {
    risk::Resume resume;
    resume.record.kind = risk::RecordKind::resume;
    resume.record.session = request.halt.session;
    resume.facts = request.halt;
    resume.subject = request.subject;
    const risk::Answered answered = core_.step(resume);
    reply.sequence = answered.decision.sequence;
    reply.reason = answered.decision.reason;
    reply.ok = answered.decision.outcome == risk::Outcome::accepted;
    answer(reply);
}

void ControlSide::adjust_fill(const ControlRequest& request, ControlReply& reply) noexcept {
    risk::FillAdjusted adjusted;
    adjusted.record.kind = risk::RecordKind::fill_adjusted;
    adjusted.facts = request.fill;
    adjusted.subject = request.subject;
    const risk::Answered answered = core_.step(adjusted);
    reply.sequence = answered.decision.sequence;
    reply.reason = answered.decision.reason;
    reply.ok = answered.decision.outcome == risk::Outcome::applied;
    answer(reply);
}

// Two persons' word that the spare device may carry new orders, or that this host takes over from the one
// whose journal it held. Their request is a Record already; this one opens the road.
void ControlSide::resume_journal(const ControlRequest& request, ControlReply& reply) noexcept {
    const audit::KeeperState state = core_.journal.front().keeper_state();
    const bool at_work = state == audit::KeeperState::on_spare || state == audit::KeeperState::running;
    const char* wrong = request.subject.approver.empty() || request.subject.approver == request.subject.user
                            ? "approver: must be given, another person than user"
                        : !core_.ledger.journal_waits() && !core_.ledger.takeover_waits()
                            ? "the journal does not wait for a resume"
                        : !at_work ? "the keeper is not at work: see its log"
                                   : "";
    reply.text = risk::Text<512>(wrong);
    reply.ok = reply.text.empty();
    if (reply.ok) {
        risk::DeviceEvent event;
        event.record.kind = risk::RecordKind::device_event;
        event.record.cause = reply.sequence;
        const bool takeover = core_.ledger.takeover_waits();
        event.facts.cause = takeover ? risk::DeviceCause::takeover_granted : risk::DeviceCause::spare_resumed;
        event.facts.value = takeover ? std::int64_t{core_.journal.front().epoch()}
                                     : static_cast<std::int64_t>(core_.ledger.journal_switch());
        core_.step(event);
        core_.log(LogLevel::warning,
                  takeover ? "this host takes over, by two persons' word: venue lines are connected"
                           : "new orders are taken on the spare device, by two persons' word",
                  0, event.facts.value, request.subject.user.view());
    }
    answer(reply);
}

// The Record comes first: from it on the new settings hold. The old ones' memory goes back with the rest.
void ControlSide::take_reload(const ControlRequest& request, ControlReply& reply) noexcept {
    Reload& reload = *request.reload;
    const bool good = reload.good && request.facts.denied == 0;
    reply.sequence = record(request, good ? risk::RecordKind::user_event : risk::RecordKind::denied_request);
    reply.ok = good;
    if (good) {
        config::swap_changeable(core_.config, reload.config);
        clients_.follow_configuration();
        venues_.follow_configuration(reload.rates);
        reload.taken = true;
    }
    reload_over_ = &reload;
    answer(reply);
    give_back_reload();
}

void ControlSide::give_back_reload() noexcept {
    if (reload_over_ != nullptr && core_.errands.push(ReloadOver{reload_over_})) {
        reload_over_ = nullptr;
    }
}

void ControlSide::disconnect_session(const ControlRequest& request, ControlReply& reply) noexcept {
    VenueLine* line = venues_.find(request.session);
    if (line != nullptr && line->state == LineState::stopped) {
        line->state = LineState::down;  // an operator lets a stopped line try again
        reply.text = risk::Text<512>("the line was stopped; it tries to log on again");
    } else {
        reply.ok = line != nullptr ? venues_.disconnect(request.session, "Disconnected by an operator")
                                   : clients_.disconnect(request.session, "Disconnected by an operator");
        reply.text =
            risk::Text<512>(reply.ok ? "" : "session: not connected, or no session or line of this number");
    }
    answer(reply);
}

void ControlSide::resolve_order(const ControlRequest& request, ControlReply& reply) noexcept {
    const std::uint32_t slot = core_.ledger.find_order(request.order_key);
    if (slot == 0 || !core_.ledger.order(slot).in_doubt()) {
        reply.ok = false;
        reply.reason = slot == 0 ? risk::Reason::order_unknown : risk::Reason::none;
        reply.text =
            risk::Text<512>(slot == 0 ? "" : "order: not in doubt, only an order in doubt can be resolved");
        answer(reply);
        return;
    }
    venues_.resolve_by_operator(slot, request.resolution, reply.sequence);
    answer(reply);
}

}  // namespace fairlead::gateway
