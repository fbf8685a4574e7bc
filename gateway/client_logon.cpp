// The client sessions, from the first message to the verdict on the Logon; see client_side.hpp. Passwords are
// verified and changed by the workers of AuthWorker; what they find comes back through the Inbox.
#include "gateway/client_side.hpp"
#include "gateway/fix/sentence.hpp"
#include "gateway/orders/venue_logon.hpp"

namespace fairlead::gateway {

namespace {

risk::LogonVerdict verdict_of(AuthVerdict verdict) noexcept {
    switch (verdict) {
        case AuthVerdict::accepted:
            return risk::LogonVerdict::accepted;
        case AuthVerdict::locked:
            return risk::LogonVerdict::locked;
        case AuthVerdict::must_change:
            return risk::LogonVerdict::password_expired;
        case AuthVerdict::disabled:
            return risk::LogonVerdict::account_disabled;
        case AuthVerdict::change_refused:
            return risk::LogonVerdict::new_password_refused;
        case AuthVerdict::not_certified:
            return risk::LogonVerdict::not_certified;
        case AuthVerdict::failed:
        case AuthVerdict::bad_credentials:
        case AuthVerdict::none:
            break;
    }
    return risk::LogonVerdict::bad_credentials;
}

// What a client is told about a refused logon: nothing that helps guessing.
constexpr std::string_view refused_text = "Logon refused";

}  // namespace

void ClientSide::on_first_message(std::uint32_t connection, const fix::Message& message,
                                  const risk::Arrival& arrival) noexcept {
    const fix::FirstMessage first = fix::examine_first(message);
    if (!first.ok) {
        refuse_unbound(connection, &message, arrival, 0, first.verdict);
        return;
    }
    ClientSession* session = find(first.sender, first.target);
    if (session == nullptr) {
        refuse_unbound(connection, &message, arrival, 0, risk::LogonVerdict::unknown_session);
        return;
    }
    Connection& peer = *core_.connections[connection];
    const risk::LogonVerdict by_certificate = judge_certificate(*session, peer);
    if (by_certificate != risk::LogonVerdict::none) {
        refuse_unbound(connection, &message, arrival, session->config->id, by_certificate);
        return;
    }
    if (session->connection != no_connection) {
        refuse_unbound(connection, &message, arrival, session->config->id,
                       risk::LogonVerdict::already_logged_on);
        return;
    }
    bool allowed = session->config->allowed_addresses.empty();
    for (const config::AddressRange& range : session->config->allowed_addresses) {
        allowed = allowed || range.contains(peer.address());
    }
    if (!allowed) {
        refuse_unbound(connection, &message, arrival, session->config->id,
                       risk::LogonVerdict::address_not_allowed);
        return;
    }
    peer.owner = Owner::client;
    peer.owner_index = session->config->id;
    session->connection = connection;
    session->person.address = peer.address();
    session->resend.clear();
    session->history_asked = false;
    actions_.clear();
    session->machine.on_connect(core_.now(), {}, actions_);
    perform(*session, actions_);
    on_message(connection, message, arrival);
}

// A session with a name comes by TLS and under that name only; one without comes by a plain listener only.
// Asked before anything the password could tell.
risk::LogonVerdict ClientSide::judge_certificate(const ClientSession& session,
                                                 const Connection& peer) noexcept {
    const std::string& name = session.config->tls_name;
    if (peer.stream() == nullptr) {
        return name.empty() ? risk::LogonVerdict::none : risk::LogonVerdict::no_certificate;
    }
    return !name.empty() && peer.stream()->peer_name() == name ? risk::LogonVerdict::none
                                                               : risk::LogonVerdict::other_certificate;
}

void ClientSide::refuse_unbound(std::uint32_t connection, const fix::Message* message,
                                const risk::Arrival& arrival, std::uint32_t session,
                                risk::LogonVerdict verdict) noexcept {
    Connection& peer = *core_.connections[connection];
    risk::LogonAttempt attempt;
    attempt.record.kind = risk::RecordKind::logon_attempt;
    attempt.record.session = session;
    attempt.facts.arrival = arrival;
    attempt.person.address = peer.address();
    std::span<const std::byte> raw;
    if (message != nullptr) {
        bool was_masked = false;
        raw = masked(*message, mask_scratch_, was_masked);
        attempt.record.flags = was_masked ? 4 : 0;
        attempt.person.user = risk::UserName(message->value(553));
    }
    record_refusal(attempt, raw, verdict);
    peer.close_when_flushed = true;
    core_.mark_dirty(connection);
}

void ClientSide::on_handshake_refused(const HandshakeRefused& refused) noexcept {
    risk::LogonAttempt attempt;
    attempt.record.kind = risk::RecordKind::logon_attempt;
    attempt.person.address = refused.address;
    attempt.person.user = refused.name;
    record_refusal(attempt, {}, refused.verdict);
}

void ClientSide::record_refusal(risk::LogonAttempt& attempt, std::span<const std::byte> raw,
                                risk::LogonVerdict verdict) noexcept {
    core_.step(attempt, raw);
    risk::LogonResult result;
    result.record.kind = risk::RecordKind::logon_result;
    result.record.session = attempt.record.session;
    result.record.cause = core_.sequencer->last();
    result.facts.verdict = verdict;
    result.person = attempt.person;
    core_.step(result);
    core_.log(LogLevel::warning, "logon refused", attempt.record.session, static_cast<std::int64_t>(verdict));
}

void ClientSide::on_logon_timeout(std::uint32_t connection) noexcept {
    refuse_unbound(connection, nullptr, {}, 0, risk::LogonVerdict::timed_out);
}

void ClientSide::attempt_logon(ClientSession& session, const fix::Action& action) noexcept {
    const fix::Message& message = *action.message;
    risk::LogonAttempt attempt;
    attempt.record.kind = risk::RecordKind::logon_attempt;
    attempt.record.session = session.config->id;
    attempt.facts.arrival = action.arrival;
    attempt.facts.heartbeat_seconds = action.heartbeat_seconds;
    attempt.facts.reset_numbers = action.reset_flag ? 1 : 0;
    attempt.facts.password_change = message.has(925) ? 1 : 0;
    attempt.person = session.person;
    attempt.person.user = risk::UserName(message.value(553));
    bool was_masked = false;
    const auto raw = masked(message, mask_scratch_, was_masked);
    attempt.record.flags = was_masked ? 4 : 0;
    core_.step(attempt, raw);
    session.logon_attempt = core_.sequencer->last();
    session.logon_number = action.arrival.message_number;
    if (action.verdict != risk::LogonVerdict::none) {
        return;  // refused already: the result follows
    }
    // The session is bound to its user: another user's good password is a bad credential here. The work
    // is done all the same, so that the time tells nothing.
    if (!may_check_logon(session)) {
        fix::Actions refusal;
        session.machine.refuse_logon(risk::LogonVerdict::still_checking,
                                     "An earlier logon is still being checked, try again", core_.now(),
                                     refusal);
        perform(session, refusal);
        return;
    }
    ++session.ticket;
    session.outside_hours = !config::within_hours(session.config->hours, core_.now().utc_ns);
    AuthRequest request;
    request.ticket = std::uint64_t{session.config->id} << 32 | session.ticket;
    request.source = session.person.address;
    request.client = risk::Text<16>(session.config->sender_comp_id);
    const bool right_user = message.value(553) == session.config->user;
    request.set(right_user ? message.value(553) : std::string_view{}, message.value(554));
    if (message.has(925) && !session.outside_hours) {
        request.task = AuthTask::verify_and_change;
        request.new_password.set(message.value(925));
    }
    check_logon(session, request);
}

void ClientSide::on_logon_checked(const AuthResult& result) noexcept {
    ClientSession* session = find(static_cast<std::uint32_t>(result.ticket >> 32));
    if (session != nullptr) {
        session->check_asked_ns = 0;
    }
    if (result.changed) {
        record_password_change(static_cast<std::uint32_t>(result.ticket >> 32), result.user);
    }
    if (session == nullptr || session->ticket != static_cast<std::uint32_t>(result.ticket) ||
        session->connection == no_connection || !session->machine.reading_paused()) {
        return;  // the client has gone away meanwhile; the attempt's Record stands, its result with it
    }
    actions_.clear();
    const bool right = result.verdict == AuthVerdict::accepted ||
                       result.verdict == AuthVerdict::must_change ||
                       result.verdict == AuthVerdict::not_certified;
    fix::Sentence text;
    text.add(refused_text);
    if (right && session->outside_hours) {
        text.add(": outside the hours of this session");
        session->machine.refuse_logon(risk::LogonVerdict::outside_hours, text.text().view(), core_.now(),
                                      actions_);
    } else if (result.verdict == AuthVerdict::accepted && result.role == config::Role::client) {
        session->machine.accept_logon(core_.now(), actions_);
    } else {
        // Only who knows the password is told what is wrong with it.
        if (result.verdict == AuthVerdict::must_change || result.verdict == AuthVerdict::change_refused ||
            result.verdict == AuthVerdict::not_certified) {
            text.add(": ").add(result.text.view());
        }
        session->machine.refuse_logon(verdict_of(result.verdict), text.text().view(), core_.now(), actions_);
    }
    perform(*session, actions_);
}

// The change is stored already, also when its session has gone meanwhile.
void ClientSide::record_password_change(std::uint32_t session, const risk::UserName& user) noexcept {
    risk::ControlEvent event;
    event.record.kind = risk::RecordKind::user_event;
    event.record.session = session;
    const ClientSession* asked = find(session);
    event.record.cause = asked != nullptr ? asked->logon_attempt : 0;
    event.facts.verb = risk::ControlVerb::password_change;
    event.subject.user = user;
    core_.step(event, std::as_bytes(std::span(user.view())));
}

void ClientSide::record_logon_result(ClientSession& session, risk::LogonVerdict verdict,
                                     std::uint64_t next_in, std::uint64_t next_out) noexcept {
    const bool accepted = verdict == risk::LogonVerdict::accepted;
    if (accepted) {
        session.note_logged_on();
    }
    risk::LogonResult result;
    result.record.kind = risk::RecordKind::logon_result;
    result.record.session = session.config->id;
    result.record.cause = session.logon_attempt;
    result.facts.verdict = verdict;
    result.facts.next_in = next_in;
    result.facts.next_out = next_out;
    result.person = session.person;
    core_.step(result);
    core_.log(accepted ? LogLevel::info : LogLevel::warning, accepted ? "client logged on" : "logon refused",
              session.config->id, static_cast<std::int64_t>(verdict), session.config->user);
}

void ClientSide::on_end_lost() noexcept {
    for (ClientSession& session : sessions_) {
        session.sent_before = ClientSession::not_back_yet;
        session.may_adopt = true;
    }
}

// The client leaves because our number is too low for it: it has had messages the journal lost. Its number is
// adopted by a Record, so that its next logon holds; what lies between is nothing it has to be sent again.
void ClientSide::adopt_number(ClientSession& session, const fix::Message& logout) noexcept {
    const std::uint64_t expected = expected_number(logout.value(58));
    const std::uint64_t next_out = session.machine.next_out();
    if (expected <= next_out || expected - next_out > ahead_max) {
        return;
    }
    const std::string_view text = logout.text();
    risk::Incident incident;
    incident.record.kind = risk::RecordKind::incident;
    incident.record.session = session.config->id;
    incident.record.cause = core_.sequencer->last();
    incident.facts.cause = risk::IncidentCause::peer_ahead;
    incident.facts.our_number = next_out;
    incident.facts.peer_number = expected;
    incident.facts.identifier_shift = core_.venue_ids.shift();
    core_.step(incident, std::as_bytes(std::span(text)));
    session.machine.raise_next_out(expected);
    risk::SequenceReset adopted;
    adopted.record.kind = risk::RecordKind::sequence_reset;
    adopted.record.session = session.config->id;
    adopted.record.cause = core_.sequencer->last();
    adopted.facts.next_in = session.machine.next_in();
    adopted.facts.next_out = expected;
    adopted.facts.cause = risk::ResetCause::adopted_after_loss;
    core_.step(adopted);
    core_.log(LogLevel::error, "INCIDENT: a client has had messages the journal lost; its number is adopted",
              session.config->id, static_cast<std::int64_t>(expected));
}

}  // namespace fairlead::gateway
