// The venue lines at work: sessions, lines chosen, orders out. What a cut leaves behind is in
// venue_doubt.cpp. See venue_side.hpp.
#include "gateway/venue_side.hpp"

#include <algorithm>

namespace fairlead::gateway {

namespace {

fix::SessionConfig machine_config(const config::LineConfig& line, const config::GatewayConfig& config) {
    fix::SessionConfig machine;
    machine.role = fix::Role::initiator;
    machine.our_comp_id = line.sender_comp_id;
    machine.peer_comp_id = line.target_comp_id;
    machine.heartbeat_seconds = line.heartbeat_seconds;
    machine.reader = fix::Reader(config.gateway.message_bytes_max);
    // Reports that come early are the venue's word: all of a burst is kept.
    machine.early_messages_max = 8'192;
    machine.early_bytes_max = 8'192 * 512;
    machine.resend_requests_max = 200;
    return machine;
}

constexpr risk::MonotonicNs first_pause_ns = 1 * fix::second_ns;
constexpr risk::MonotonicNs pause_ns_max = 30 * fix::second_ns;

}  // namespace

VenueSide::VenueSide(Core& core, std::uint64_t random_seed, Capacity capacity)
    : core_(core),
      capacity_(capacity),
      random_state_(random_seed),
      mask_scratch_(core.config.gateway.message_bytes_max) {
    risk::require(capacity.waiting > pass_reserve, "a pass's commands have room to wait");
    lines_.reserve(core.config.lines.size());
    core.cancel_again.reserve(core.config.lines.size() * (capacity.outstanding + capacity.waiting));
    for (const config::LineConfig& line : core.config.lines) {
        lines_.emplace_back(line, machine_config(line, core.config), capacity.outstanding, capacity.waiting);
        if (slot_by_id_.size() <= line.id) {
            slot_by_id_.resize(std::size_t{line.id} + 1);
        }
        slot_by_id_[line.id] = static_cast<std::uint32_t>(lines_.size());
    }
    follow_configuration({});
}

void VenueSide::follow_configuration(std::span<LineRate> rates) noexcept {
    age_limit_ns_min_ = INT64_MAX;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        VenueLine& line = lines_[i];
        age_limit_ns_min_ =
            std::min(age_limit_ns_min_, std::int64_t{line.config->wait_age_limit_ms} * 1'000'000);
        if (i < rates.size() && rates[i].capacity() != line.rate.capacity()) {
            line.rate.go_on_as(rates[i]);
        }
    }
}

VenueLine* VenueSide::find(std::uint32_t id) noexcept {
    return id < slot_by_id_.size() && slot_by_id_[id] != 0 ? &lines_[slot_by_id_[id] - 1] : nullptr;
}

// --- connecting

void VenueSide::on_timer() noexcept {
    const fix::Now now = core_.now();
    const bool may_connect =
        !leaving_ && core_.journal.front().synced() >= loss_told_in_ && !core_.ledger.takeover_waits();
    for (VenueLine& line : lines_) {
        if (may_connect && line.state == LineState::down && !line.marking_doubt &&
            now.monotonic_ns >= line.next_try_ns && core_.errands.push(ConnectLine{line.config->id, 0})) {
            line.state = LineState::connecting;
        }
        if (line.connection != no_connection && line.machine.next_deadline() <= now.monotonic_ns) {
            actions_.clear();
            line.machine.on_timer(now, actions_);
            perform(line, actions_);
        }
        if (line.state == LineState::asking || (line.state == LineState::open && line.questions_due)) {
            ask_status(line);
        }
        // Those that wait will need a number each.
        if (line.takes_new &&
            line.numbers.left() < line.waiting.lane(WaitLane::others).size() + pass_reserve) {
            core_.log(LogLevel::error, "order numbers of a line are used up: closed for new orders",
                      line.config->id);
            set_open(line, false);
        }
    }
}

void VenueSide::on_connected(VenueLine& line, std::uint32_t connection) noexcept {
    Connection& peer = *core_.connections[connection];
    peer.owner = Owner::line;
    peer.owner_index = line.config->id;
    line.connection = connection;
    line.handed_from = line.machine.next_out();
    line.state = LineState::logging_on;
    line.probe = 0;
    line.question_count = 0;
    // splitmix64: any spread does, the venue only asks that no recent number comes again.
    random_state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = random_state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    const std::uint32_t append = line.appends.choose(mixed ^ (mixed >> 31));
    line.raw_data = make_raw_data(
        append, static_cast<std::uint32_t>(fix::parse_unsigned(line.config->password.reveal()).value));
    actions_.clear();
    line.machine.on_connect(core_.now(), {line.raw_data.view(), {}, {}}, actions_);
    line.processed_to = std::min(line.processed_to, line.machine.next_out() - 1);
    perform(line, actions_);
}

void VenueSide::on_connect_failed(VenueLine& line, int error) noexcept {
    if (line.state != LineState::connecting) {
        return;
    }
    line.state = LineState::down;
    const auto pause = std::min(first_pause_ns << std::min(line.failures, 5U), pause_ns_max);
    line.next_try_ns = core_.now().monotonic_ns + pause;
    if (line.failures++ == 0) {
        core_.log(LogLevel::warning, "venue line could not connect, trying on", line.config->id, error);
    }
}

// --- messages

void VenueSide::on_message(std::uint32_t connection, const fix::Message& message,
                           const risk::Arrival& arrival) noexcept {
    VenueLine& line = *find(core_.connections[connection]->owner_index);
    actions_.clear();
    line.machine.on_message(message, arrival, core_.now(), actions_);
    perform(line, actions_);
}

void VenueSide::on_garbled(std::uint32_t connection) noexcept {
    VenueLine& line = *find(core_.connections[connection]->owner_index);
    actions_.clear();
    line.machine.on_garbled(true, core_.now(), actions_);
    perform(line, actions_);
}

void VenueSide::on_early(VenueLine& line) noexcept {
    actions_.clear();
    line.machine.on_early(early_message_, core_.now(), actions_);
    perform(line, actions_);
}

void VenueSide::on_disconnected(std::uint32_t connection, risk::LogoutCause cause) noexcept {
    VenueLine& line = *find(core_.connections[connection]->owner_index);
    actions_.clear();
    line.machine.on_disconnect(cause, actions_);
    perform(line, actions_);
    line.connection = no_connection;
    line_lost(line);
}

bool VenueSide::disconnect(std::uint32_t id, std::string_view text) noexcept {
    VenueLine* line = find(id);
    if (line == nullptr || line->connection == no_connection) {
        return false;
    }
    actions_.clear();
    line->machine.start_logout(risk::LogoutCause::by_operator, text, core_.now(), actions_);
    perform(*line, actions_);
    return true;
}

void VenueSide::log_out_all(std::string_view text) noexcept {
    leaving_ = true;
    for (VenueLine& line : lines_) {
        if (line.connection != no_connection) {
            actions_.clear();
            line.machine.start_logout(risk::LogoutCause::shutdown, text, core_.now(), actions_);
            perform(line, actions_);
        }
    }
}

void VenueSide::perform(VenueLine& line, const fix::Actions& actions) noexcept {
    for (const fix::Action& action : actions) {
        perform(line, action);
    }
}

void VenueSide::perform(VenueLine& line, const fix::Action& action) noexcept {
    switch (action.kind) {
        case fix::ActionKind::none:
            break;
        case fix::ActionKind::deliver:
            on_application(line, action);
            break;
        case fix::ActionKind::received:
        case fix::ActionKind::business_reject:
            on_received(line, action);
            break;
        case fix::ActionKind::send:
            send_admin(line, action);
            break;
        case fix::ActionKind::resend:
            on_resend(line, action);
            break;
        case fix::ActionKind::sequence_moved: {
            risk::SequenceReset reset;
            reset.record.kind = risk::RecordKind::sequence_reset;
            reset.record.session = line.config->id;
            reset.facts.arrival = action.arrival;
            reset.facts.next_in = action.next_in;
            reset.facts.next_out = action.next_out;
            reset.facts.cause = action.reset_cause;
            reset.facts.venue_side = 1;
            core_.step(reset);
            line.processed_to = std::min(line.processed_to, line.machine.next_out() - 1);
            if (line.state == LineState::probing) {
                send_probe(line);  // the answer to the one before may have been filled over
            }
            break;
        }
        case fix::ActionKind::logon_attempt:
            break;  // an initiator is asked by nobody
        case fix::ActionKind::logon_result:
            on_logon_result(line, action);
            break;
        case fix::ActionKind::logged_out: {
            risk::Logout logout;
            logout.record.kind = risk::RecordKind::logout;
            logout.record.session = line.config->id;
            logout.facts.next_in = action.next_in;
            logout.facts.next_out = action.next_out;
            logout.facts.cause = action.logout_cause;
            logout.facts.venue_side = 1;
            core_.step(logout);
            // Nothing more is given to a line that takes leave; it is lost once its connection ends.
            set_open(line, false);
            if (line.state == LineState::open) {
                line.state = LineState::logging_on;
            }
            core_.log(LogLevel::warning, "venue line logged out", line.config->id,
                      static_cast<std::int64_t>(action.logout_cause));
            break;
        }
        case fix::ActionKind::close:
            if (line.connection != no_connection) {
                core_.connections[line.connection]->close_when_flushed = true;
                core_.mark_dirty(line.connection);
            }
            break;
    }
}

risk::Sequence VenueSide::journal_received(VenueLine& line, const fix::Action& action) noexcept {
    risk::SessionMessage received;
    received.record.kind = risk::RecordKind::session_received;
    received.record.session = line.config->id;
    received.facts.arrival = action.arrival;
    received.facts.next_in = action.next_in;
    received.facts.next_out = action.next_out;
    received.facts.venue_side = 1;
    received.facts.reject_tag = static_cast<std::uint32_t>(action.reference_tag);
    received.facts.reject_reason =
        static_cast<std::uint16_t>(static_cast<std::int16_t>(action.reject_reason) + 1);
    std::span<const std::byte> raw;
    if (action.message != nullptr) {
        bool was_masked = false;
        raw = masked(*action.message, mask_scratch_, was_masked);
        received.facts.message_type = risk::Text<4>(action.message->type());
        received.facts.poss_dup = action.message->poss_dup() ? 1 : 0;
    }
    core_.step(received, raw);
    return core_.sequencer->last();
}

risk::Sequence VenueSide::send_admin(VenueLine& line, const fix::Action& action) noexcept {
    const fix::Now now = core_.now();
    if (action.type == 'A') {
        risk::LogonAttempt attempt;
        attempt.record.kind = risk::RecordKind::logon_attempt;
        attempt.record.session = line.config->id;
        attempt.facts.venue_side = 1;
        attempt.facts.heartbeat_seconds = action.heartbeat_seconds;
        core_.step(attempt);
    }
    const std::uint64_t number = line.machine.take_number(now);
    std::array<char, Core::message_room> text;  // NOLINT: written by the encoder
    const std::size_t length = fix::encode_admin(encoder_, text, line.machine, action, number, now);
    risk::SessionMessage sent;
    sent.record.kind = risk::RecordKind::session_sent;
    sent.record.session = line.config->id;
    sent.facts.arrival.message_number = number;
    sent.facts.next_in = line.machine.next_in();
    sent.facts.next_out = line.machine.next_out();
    sent.facts.message_type = risk::Text<4>(std::string_view(&action.type, 1));
    sent.facts.venue_side = 1;
    std::span<const std::byte> raw;
    if (action.type == 'A') {
        // The append number must be known after a restart; the key value is masked.
        std::array<std::byte, raw_data_width> kept{};
        std::memcpy(kept.data(), line.raw_data.bytes.data(), 3);
        kept[3] = kept[4] = std::byte{'*'};
        core_.step(sent, kept);
    } else {
        core_.step(sent, raw);
    }
    const std::span<char> into =
        line.connection != no_connection ? core_.room(line.connection) : std::span<char>{};
    if (into.size() >= length && length != 0) {
        std::memcpy(into.data(), text.data(), length);
        core_.commit(line.connection, length, core_.sequencer->last(), number);
    }
    return core_.sequencer->last();
}

void VenueSide::on_logon_result(VenueLine& line, const fix::Action& action) noexcept {
    risk::LogonResult result;
    result.record.kind = risk::RecordKind::logon_result;
    result.record.session = line.config->id;
    result.facts.verdict = action.verdict;
    result.facts.next_in = action.next_in;
    result.facts.next_out = action.next_out;
    result.facts.venue_side = 1;
    std::span<const std::byte> raw;
    if (action.verdict != risk::LogonVerdict::accepted && action.message != nullptr) {
        bool was_masked = false;
        raw = masked(*action.message, mask_scratch_, was_masked);  // the venue's own words
    }
    core_.step(result, raw);
    if (action.verdict != risk::LogonVerdict::accepted) {
        const std::string_view text =
            action.message != nullptr ? action.message->value(58) : std::string_view{};
        if (on_venue_ahead(line, expected_number(text))) {
            return;
        }
        const LogonRefusal* refusal = logon_refusal(text);
        if (refusal != nullptr && refusal->action == LogonRefusalAction::stop) {
            line.state = LineState::stopped;
            core_.log(LogLevel::error, "line stopped until an operator starts it", line.config->id, 0,
                      refusal->english);
        }
        core_.log(LogLevel::error, "venue refused the logon of a line", line.config->id,
                  static_cast<std::int64_t>(action.verdict), text);
        return;
    }
    line.may_adopt = false;
    core_.log(LogLevel::info, "venue line logged on", line.config->id);
    line.failures = 0;
    line.state = LineState::probing;
    send_probe(line);
}

// --- reports

void VenueSide::on_received(VenueLine& line, const fix::Action& action) noexcept {
    if (action.message != nullptr && action.message->type() == "3" &&
        action.reject_reason == fix::RejectReason::none) {
        on_application(line, action);
        return;
    }
    journal_received(line, action);
    if (line.state == LineState::probing && action.message != nullptr && action.message->type() == "0" &&
        line.probe != 0 && fix::parse_unsigned(action.message->value(112)).value == line.probe) {
        line.processed_to = std::max(line.processed_to, line.probe);
        line.probe = 0;
        line.state = LineState::asking;
        line.asked_since_ns = core_.now().monotonic_ns;
        ask_status(line);
    }
}

void VenueSide::on_application(VenueLine& line, const fix::Action& action) noexcept {
    const fix::Message& message = *action.message;
    const VenueReference reference = reference_of(message);
    risk::Sequence command = core_.venue_ids.command_of(reference.client_order_id);
    if (reference.message_number != 0) {
        const OutstandingCommand* entry = line.outstanding.find_number(reference.message_number);
        command = entry != nullptr ? entry->command : 0;
        if (entry == nullptr && message.type() == "3") {
            journal_received(line, action);  // it rejects a session message of ours
            return;
        }
    }
    if (on_answer_to_question(line, action, command)) {
        return;
    }
    VenueOrder order;
    order.command = command;
    order.session_kind = reference.session_kind;
    std::uint32_t slot = core_.ledger.find_command(command);
    if (slot == 0 && command != 0 && command <= core_.sequencer->last() && message.value(150) == "I") {
        journal_received(line, action);  // the answer to a question of an earlier run: it is asked again
        return;
    }
    if (slot == 0 && message.type() == "8") {
        // A command without a Record: of an order known by its number, or an orphan.
        slot = find_by_number(line, reference, message);
        order.command = slot != 0 ? 0 : reference.client_order_id;
    }
    if (slot != 0) {
        const risk::Order& known = core_.ledger.order(slot);
        order.order_key = known.key;
        order.lot = core_.ledger.security(known.security).lot;
        order.session_kind = known.session_kind;
    } else {
        const std::uint32_t security = core_.ledger.find_security(reference.symbol);
        order.lot = security != 0 ? core_.ledger.security(security).lot : order.lot;
    }
    VenueMessageFault fault;
    const VenueEvent event =
        read_venue_message(message, line.config->id, action.arrival, order, storage_, fault);
    if (!event) {
        journal_received(line, action);
        core_.log(LogLevel::error, "venue message could not be read", line.config->id, fault.tag,
                  fault.text.view());
        fix::Action reject;
        reject.kind = fix::ActionKind::send;
        reject.type = '3';
        reject.message = &message;
        reject.reference_number = message.number();
        reject.reference_tag = fault.tag;
        reject.reject_reason = static_cast<fix::RejectReason>(fault.reject_reason);
        reject.text = risk::Text<160>(fault.text.view());
        send_admin(line, reject);
        return;
    }
    on_event(line, message, event);
}

void VenueSide::on_event(VenueLine& line, const fix::Message& message, const VenueEvent& event) noexcept {
    const auto raw = std::as_bytes(std::span(message.text().data(), message.text().size()));
    if (event.record->kind == risk::RecordKind::venue_reject) {
        auto& reject = event.as<risk::VenueReject>();
        reject.record.cause = reject.facts.command;
        core_.step(reject, raw);
        note_reject(line, reject.facts);
        if (reject.facts.message_type != '9') {  // an order that has ended cannot be cancelled: no wonder
            count_refusal(line, reject.record.sequence);
        }
        return;
    }
    auto& report = event.as<risk::VenueReport>();
    const bool orphan = report.record.kind == risk::RecordKind::orphan_report;
    report.record.cause = orphan ? 0 : report.facts.command;
    const risk::Answered answered = core_.step(report, raw);
    if (orphan) {
        take_in_orphan(line, report, answered.decision);
        core_.log(LogLevel::error,
                  answered.decision.order_slot != 0
                      ? "venue reports an order that has no record: booked, its account is halted"
                      : "venue reports an order that has no record: its account is halted, if known",
                  line.config->id, static_cast<std::int64_t>(report.facts.command));
        return;
    }
    if (report.facts.exec_type == risk::OrderStatus::trade_cancel ||
        report.facts.exec_type == risk::OrderStatus::trade_correct) {
        core_.log(LogLevel::error,
                  "venue busts or corrects a fill: its credit is held until two persons book it",
                  line.config->id, static_cast<std::int64_t>(report.facts.order_key),
                  report.facts.execution_id.view());
    }
    if ((answered.decision.flags & risk::overfill_flag) != 0) {
        core_.log(LogLevel::error, "venue filled more than was ordered", line.config->id);
    }
    note_report(line, report.facts);
    if (report.facts.exec_type == risk::OrderStatus::rejected) {
        count_refusal(line, report.record.sequence);
    } else {
        line.refused_in_a_row = 0;
    }
}

// A venue that refuses everything has a reason that is not the orders': they stop, and persons look.
void VenueSide::count_refusal(VenueLine& line, risk::Sequence evidence) noexcept {
    const std::uint32_t most = line.config->rejects_in_a_row_max;
    const risk::Venue venue = line.config->venue;
    if (++line.refused_in_a_row < most || most == 0 ||
        core_.ledger.halted(risk::Scope::venue, static_cast<std::uint32_t>(venue))) {
        return;
    }
    risk::Incident incident;
    incident.record.kind = risk::RecordKind::incident;
    incident.record.session = line.config->id;
    incident.record.cause = evidence;
    incident.facts.cause = risk::IncidentCause::venue_refuses_all;
    incident.facts.our_number = line.refused_in_a_row;
    incident.facts.venue_side = 1;
    core_.step(incident);
    line.refused_in_a_row = 0;
    risk::Halt halt;
    halt.record.kind = risk::RecordKind::halt;
    halt.record.cause = incident.record.sequence;
    halt.facts.scope = risk::Scope::venue;
    halt.facts.venue = venue;
    core_.step(halt);
    core_.log(LogLevel::error,
              "INCIDENT: the venue refuses every order of a line: it is halted until two persons resume it",
              line.config->id, static_cast<std::int64_t>(incident.facts.our_number));
}

void VenueSide::note_report(VenueLine& line, const risk::VenueReportFacts& facts) noexcept {
    note_answer(line, facts.command);
}

void VenueSide::note_reject(VenueLine& line, const risk::VenueRejectFacts& facts) noexcept {
    note_answer(line, facts.command);
}

void VenueSide::note_answer(VenueLine& line, risk::Sequence command) noexcept {
    if (OutstandingCommand* entry = line.outstanding.find_command(command); entry != nullptr) {
        line.processed_to = std::max(line.processed_to, entry->line_number);
        line.outstanding.answered(*entry);
    }
}

}  // namespace fairlead::gateway
