// The client sessions at work; see client_side.hpp.
#include "gateway/client_side.hpp"

#include "gateway/orders/client_reports.hpp"

namespace fairlead::gateway {

namespace {

// Its logon may have to wait for the pause after a flood first.
risk::MonotonicNs logon_wait_ns(const config::SessionConfig& session,
                                const config::GatewayConfig& config) noexcept {
    const std::uint32_t pause_s = session.inbound_rate != 0 ? session.inbound_pause_s : 0;
    return (std::int64_t{config.gateway.logon_timeout_s} + pause_s) * fix::second_ns;
}

fix::SessionConfig machine_config(const config::SessionConfig& session, const config::GatewayConfig& config) {
    fix::SessionConfig machine;
    machine.role = fix::Role::acceptor;
    machine.our_comp_id = session.target_comp_id;
    machine.peer_comp_id = session.sender_comp_id;
    machine.heartbeat_seconds_min = session.heartbeat_min_s;
    machine.heartbeat_seconds_max = session.heartbeat_max_s;
    machine.logon_wait_ns = logon_wait_ns(session, config);
    machine.reset_permitted = session.reset_permitted;
    machine.reset_at_logon = session.reset_at_logon;
    machine.reader = fix::Reader(config.gateway.message_bytes_max);
    return machine;
}

}  // namespace

ClientSide::ClientSide(Core& core, AuthWorker& auth, History& history, MassEffects& mass_effects)
    : core_(core),
      auth_(auth),
      history_(history),
      mass_effects_(mass_effects),
      mask_scratch_(core.config.gateway.message_bytes_max) {
    sessions_.reserve(core.config.sessions.size());
    busy_.reserve(core.config.sessions.size());
    for (const config::SessionConfig& session : core.config.sessions) {
        sessions_.emplace_back(session, machine_config(session, core.config));
        sessions_.back().person.user = risk::UserName(session.user);
        if (slot_by_id_.size() <= session.id) {
            slot_by_id_.resize(std::size_t{session.id} + 1);
        }
        slot_by_id_[session.id] = static_cast<std::uint32_t>(sessions_.size());
    }
}

void ClientSide::follow_configuration() noexcept {
    for (ClientSession& session : sessions_) {
        session.machine.set_logon_limits(session.config->heartbeat_min_s, session.config->heartbeat_max_s,
                                         logon_wait_ns(*session.config, core_.config));
        if (session.connection != no_connection) {
            // What was skipped while there was no inbound_rate is not counted against one.
            static_cast<void>(core_.connections[session.connection]->take_skipped());
        }
    }
}

ClientSession* ClientSide::find(std::uint32_t id) noexcept {
    return id < slot_by_id_.size() && slot_by_id_[id] != 0 ? &sessions_[slot_by_id_[id] - 1] : nullptr;
}

ClientSession* ClientSide::find(std::string_view peer, std::string_view ours) noexcept {
    for (ClientSession& session : sessions_) {
        if (session.config->sender_comp_id == peer && session.config->target_comp_id == ours) {
            return &session;
        }
    }
    return nullptr;
}

// --- messages

void ClientSide::on_message(std::uint32_t connection, const fix::Message& message,
                            const risk::Arrival& arrival) noexcept {
    ClientSession& session = *find(core_.connections[connection]->owner_index);
    if (session.config->inbound_rate != 0 && !admit_inbound(session, 1, message.number())) {
        return;
    }
    actions_.clear();
    session.machine.on_message(message, arrival, core_.now(), actions_);
    perform(session, actions_);
    if (session.may_adopt && message.type() == "5") {
        adopt_number(session, message);
    }
}

void ClientSide::on_garbled(std::uint32_t connection) noexcept {
    ClientSession& session = *find(core_.connections[connection]->owner_index);
    actions_.clear();
    session.machine.on_garbled(true, core_.now(), actions_);
    perform(session, actions_);
}

void ClientSide::on_early(ClientSession& session, risk::UtcNs effective_ns) noexcept {
    actions_.clear();
    session.machine.on_early(early_message_, core_.now(), actions_, effective_ns);
    perform(session, actions_);
}

void ClientSide::on_timer() noexcept {
    const fix::Now now = core_.now();
    for (ClientSession& session : sessions_) {
        if (session.connection != no_connection && session.config->inbound_rate != 0) {
            const std::uint32_t skipped = core_.connections[session.connection]->take_skipped();
            if (skipped != 0 && !admit_inbound(session, skipped, session.machine.next_in())) {
                continue;
            }
        }
        check_held_logon(session);
        if (session.connection != no_connection && session.machine.next_deadline() <= now.monotonic_ns) {
            actions_.clear();
            session.machine.on_timer(now, actions_);
            perform(session, actions_);
        }
    }
}

void ClientSide::on_disconnected(std::uint32_t connection, risk::LogoutCause cause) noexcept {
    ClientSession& session = *find(core_.connections[connection]->owner_index);
    if (session.machine.reading_paused()) {
        // No attempt is left without its result.
        record_logon_result(session, risk::LogonVerdict::left, session.machine.next_in(),
                            session.machine.next_out());
    }
    actions_.clear();
    session.machine.on_disconnect(cause, actions_);
    perform(session, actions_);
    session.connection = no_connection;
    session.resend.clear();
    session.history_asked = false;
}

bool ClientSide::disconnect(std::uint32_t id, std::string_view text) noexcept {
    ClientSession* session = find(id);
    if (session == nullptr || session->connection == no_connection) {
        return false;
    }
    actions_.clear();
    session->machine.start_logout(risk::LogoutCause::by_operator, text, core_.now(), actions_);
    perform(*session, actions_);
    return true;
}

void ClientSide::log_out_all(std::string_view text) noexcept {
    for (ClientSession& session : sessions_) {
        const bool leaving = session.machine.state() == fix::Session::State::logging_out ||
                             session.machine.state() == fix::Session::State::closing;
        if (session.connection != no_connection && !leaving) {
            actions_.clear();
            if (session.machine.reading_paused()) {  // its logon is being checked: it is told why not
                session.machine.refuse_logon(risk::LogonVerdict::timed_out, text, core_.now(), actions_);
            } else {
                session.machine.start_logout(risk::LogoutCause::shutdown, text, core_.now(), actions_);
            }
            perform(session, actions_);
        }
    }
}

void ClientSide::perform(ClientSession& session, const fix::Actions& actions) noexcept {
    for (const fix::Action& action : actions) {
        perform(session, action);
    }
    if (!session.busy && has_own_work(session)) {
        session.busy = true;
        busy_.push_back(&session);
    }
}

void ClientSide::perform(ClientSession& session, const fix::Action& action) noexcept {
    switch (action.kind) {
        case fix::ActionKind::none:
            break;
        case fix::ActionKind::deliver:
            on_application(session, *action.message, action.arrival);
            break;
        case fix::ActionKind::received:
            journal_received(session, action);
            break;
        case fix::ActionKind::send:
            send_admin(session, action);
            break;
        case fix::ActionKind::business_reject: {
            refusal_ = {};
            refusal_.reference_number = action.reference_number;
            refusal_.reason = BusinessReason::unsupported_message_type;
            refusal_.reference_type = risk::Text<4>(action.message->type());
            refusal_.text = risk::Text<192>("This message type is not served here");
            refuse_business(session, *action.message, action.arrival, refusal_);
            break;
        }
        case fix::ActionKind::resend:
            session.resend.request(action.begin, action.end);
            break;
        case fix::ActionKind::sequence_moved: {
            risk::SequenceReset reset;
            reset.record.kind = risk::RecordKind::sequence_reset;
            reset.record.session = session.config->id;
            reset.facts.arrival = action.arrival;
            reset.facts.next_in = action.next_in;
            reset.facts.next_out = action.next_out;
            reset.facts.cause = action.reset_cause;
            if (action.next_in == 1) {
                session.note_reset(action.reset_cause);
            }
            if (action.next_out == 1) {
                core_.outgoing.reset(session.config->id);
                session.resend.clear();
            }
            core_.step(reset);
            break;
        }
        case fix::ActionKind::logon_attempt:
            attempt_logon(session, action);
            break;
        case fix::ActionKind::logon_result:
            record_logon_result(session, action.verdict, action.next_in, action.next_out);
            break;
        case fix::ActionKind::logged_out:
            record_logout(session, action);
            break;
        case fix::ActionKind::close:
            if (session.connection != no_connection) {
                core_.connections[session.connection]->close_when_flushed = true;
                core_.mark_dirty(session.connection);
            }
            break;
    }
}

void ClientSide::record_logout(ClientSession& session, const fix::Action& action) noexcept {
    risk::Logout logout;
    logout.record.kind = risk::RecordKind::logout;
    logout.record.session = session.config->id;
    logout.facts.next_in = action.next_in;
    logout.facts.next_out = action.next_out;
    logout.facts.cause = action.logout_cause;
    logout.person = session.person;
    core_.step(logout);
    core_.log(LogLevel::info, "client logged out", session.config->id,
              static_cast<std::int64_t>(action.logout_cause));
    if (session.config->cancel_on_disconnect) {
        risk::OpenFilter filter;
        filter.session = session.config->id;
        if (!mass_effects_.start(filter, risk::CancelOrigin::disconnect, core_.sequencer->last())) {
            core_.log(LogLevel::error, "too many mass cancels at once: orders of a session stay open",
                      session.config->id);
        }
    }
}

// --- commands

void ClientSide::on_application(ClientSession& session, const fix::Message& message,
                                const risk::Arrival& arrival) noexcept {
    const ClientContext context{session.config->id, session.person.user, session.person.address, arrival};
    const ClientCommand command = translate(message, context, storage_, refusal_);
    if (!command) {
        refuse_business(session, message, arrival, refusal_);
        return;
    }
    if (command.venue != risk::Venue::none) {
        const risk::Symbol symbol(message.value(55));
        const std::uint32_t row = core_.ledger.find_security(symbol);
        const risk::Venue listed = row != 0 ? core_.ledger.security(row).venue : risk::Venue::none;
        if (refuse_other_venue(message, command, listed, refusal_)) {
            refuse_business(session, message, arrival, refusal_);
            return;
        }
    }
    const risk::RecordKind kind = command.record->kind;
    if (arrival.message_number < session.sent_before &&
        (kind == risk::RecordKind::new_order || kind == risk::RecordKind::replace_order)) {
        refusal_ = {};
        refusal_.reference_number = arrival.message_number;
        refusal_.reason = BusinessReason::application_not_available;
        refusal_.reference_type = risk::Text<4>(message.type());
        refusal_.text = risk::Text<192>(
            "Not taken: it was sent before the gateway lost the end of its journal and may be at the "
            "exchange "
            "already. Ask your broker, then send it under a new number");
        refuse_business(session, message, arrival, refusal_);
        return;
    }
    bool was_masked = false;
    const auto raw = masked(message, mask_scratch_, was_masked);
    command.record->flags = was_masked ? 4 : 0;
    apply_command(session, command, raw);
}

void ClientSide::apply_command(ClientSession& session, const ClientCommand& command,
                               std::span<const std::byte> raw) noexcept {
    switch (command.record->kind) {
        case risk::RecordKind::new_order: {
            auto& order = command.as<risk::NewOrder>();
            complete_person(session, order.person, {});
            core_.step(order, raw);
            return;
        }
        case risk::RecordKind::replace_order: {
            auto& replace = command.as<risk::ReplaceOrder>();
            complete_person(session, replace.person, replace.facts.original_client_order_id);
            core_.step(replace, raw);
            return;
        }
        case risk::RecordKind::cancel_order: {
            auto& cancel = command.as<risk::CancelOrder>();
            complete_person(session, cancel.person, cancel.facts.original_client_order_id);
            core_.step(cancel, raw);
            return;
        }
        case risk::RecordKind::order_status: {
            auto& status = command.as<risk::OrderStatusRequest>();
            complete_person(session, status.person, status.facts.client_order_id);
            core_.step(status, raw);
            return;
        }
        case risk::RecordKind::mass_cancel: {
            auto& mass = command.as<risk::MassCancel>();
            const risk::Answered answered = core_.step(mass, raw);
            if (answered.decision.outcome == risk::Outcome::accepted) {
                if (!mass_effects_.start(filter_of(core_.ledger, mass), risk::CancelOrigin::mass_cancel,
                                         answered.decision.sequence)) {
                    core_.log(LogLevel::error, "too many mass cancels at once", session.config->id);
                }
            }
            return;
        }
        default:
            risk::require(false, "the translation makes commands only");
    }
}

void ClientSide::complete_person(ClientSession& session, risk::Person& person,
                                 const risk::ClientOrderId& original) noexcept {
    if (person.account.number == 0 && person.account.branch.empty() && !original.empty()) {
        const std::uint32_t slot = core_.ledger.find_order(session.config->id, original);
        if (slot != 0) {
            person.account = core_.ledger.account_key(core_.ledger.order(slot).account);
        }
    }
    const risk::AccountFound found = core_.ledger.find_account(person.account);
    if (found.account != 0) {
        person.investor = core_.ledger.investor_id(found.investor);
    }
}

void ClientSide::refuse_business(ClientSession& session, const fix::Message& message,
                                 const risk::Arrival& arrival, const BusinessReject& refusal) noexcept {
    fix::Action received;
    received.kind = fix::ActionKind::received;
    received.message = &message;
    received.arrival = arrival;
    received.next_in = session.machine.next_in();
    received.next_out = session.machine.next_out();
    const risk::Sequence cause = journal_received(session, received);

    // The message itself is what the journal keeps of it: a resend copies its body from there.
    std::array<char, Core::message_room> text;  // NOLINT: written by the encoder
    const fix::Now now = core_.now();
    const std::uint64_t number = session.machine.take_number(now);
    const ClientMessage out{text, &session.machine.header(), number, now.utc_ns, 0};
    const std::size_t length = encode_business_reject(encoder_, out, refusal);
    risk::SessionMessage sent;
    sent.record.kind = risk::RecordKind::session_sent;
    sent.record.session = session.config->id;
    sent.record.cause = cause;
    sent.facts.arrival.message_number = number;
    sent.facts.next_in = session.machine.next_in();
    sent.facts.next_out = session.machine.next_out();
    sent.facts.message_type = risk::Text<4>("j");
    core_.step(sent, std::as_bytes(std::span(text.data(), length)));
    core_.outgoing.add(session.config->id, number, core_.sequencer->last());
    const std::span<char> into = room(session);
    if (!into.empty()) {
        std::memcpy(into.data(), text.data(), length);
        send(session, length, core_.sequencer->last(), number);
    }
}

risk::Sequence ClientSide::journal_received(ClientSession& session, const fix::Action& action) noexcept {
    risk::SessionMessage received;
    received.record.kind = risk::RecordKind::session_received;
    received.record.session = session.config->id;
    received.facts.arrival = action.arrival;
    received.facts.next_in = action.next_in;
    received.facts.next_out = action.next_out;
    received.facts.reject_tag = static_cast<std::uint32_t>(action.reference_tag);
    received.facts.reject_reason =
        static_cast<std::uint16_t>(static_cast<std::int16_t>(action.reject_reason) + 1);
    std::span<const std::byte> raw;
    if (action.message != nullptr) {
        bool was_masked = false;
        raw = masked(*action.message, mask_scratch_, was_masked);
        received.record.flags = was_masked ? 4 : 0;
        received.facts.message_type = risk::Text<4>(action.message->type());
        received.facts.poss_dup = action.message->poss_dup() ? 1 : 0;
    }
    core_.step(received, raw);
    return core_.sequencer->last();
}

}  // namespace fairlead::gateway
