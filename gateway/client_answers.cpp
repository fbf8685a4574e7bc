// The other half of ClientSide: what goes to the clients, the first time and again. See client_side.hpp.
#include "gateway/client_side.hpp"
#include "gateway/orders/client_reports.hpp"

namespace fairlead::gateway {

// --- messages to the client

void ClientSide::send_admin(ClientSession& session, const fix::Action& action) noexcept {
    const fix::Now now = core_.now();
    const std::uint64_t number = session.machine.take_number(now);
    risk::SessionMessage sent;
    sent.record.kind = risk::RecordKind::session_sent;
    sent.record.session = session.config->id;
    sent.facts.arrival.message_number = number;
    sent.facts.next_in = session.machine.next_in();
    sent.facts.next_out = session.machine.next_out();
    sent.facts.message_type = risk::Text<4>(std::string_view(&action.type, 1));
    sent.facts.reject_tag = static_cast<std::uint32_t>(action.reference_tag);
    sent.facts.reject_reason =
        static_cast<std::uint16_t>(static_cast<std::int16_t>(action.reject_reason) + 1);
    core_.step(sent);
    core_.outgoing.add(session.config->id, number, 0);
    const std::span<char> into = room(session);
    if (!into.empty()) {
        send(session, fix::encode_admin(encoder_, into, session.machine, action, number, now),
             core_.sequencer->last(), number);
    }
}

std::uint64_t ClientSide::take_number(std::uint32_t id, risk::Sequence sequence) noexcept {
    ClientSession* session = find(id);
    if (session == nullptr) {
        return 0;  // a session that today's configuration no longer has
    }
    const std::uint64_t number = session->machine.take_number(core_.now());
    if (!core_.outgoing.add(id, number, sequence)) {
        core_.log(LogLevel::error, "no room left to remember outgoing messages: a resend gap-fills them", id);
    }
    return number;
}

void ClientSide::deliver(const risk::Record& record, const risk::Answered& answered) noexcept {
    ClientSession* session = find(answered.routing.client_session);
    if (session == nullptr || !session->machine.logged_on()) {
        return;  // its number is taken: the client asks for it when it is back
    }
    const std::span<char> into = room(*session);
    if (into.empty()) {
        return;
    }
    const ClientMessage out{into, &session->machine.header(), answered.routing.client_number, record.utc_ns,
                            0};
    send(*session, encode_answer(encoder_, out, record, answered.decision, answered.routing), record.sequence,
         answered.routing.client_number);
}

std::span<char> ClientSide::room(ClientSession& session) noexcept {
    if (session.connection == no_connection) {
        return {};
    }
    const std::span<char> into = core_.room(session.connection);
    if (into.empty() && !core_.connections[session.connection]->overflowed) {
        core_.connections[session.connection]->overflowed = true;
        core_.mark_dirty(session.connection);
        core_.log(LogLevel::warning, "client does not read: connection ended", session.config->id);
    }
    return into;
}

void ClientSide::send(ClientSession& session, std::size_t length, risk::Sequence gate,
                      std::uint64_t number) noexcept {
    if (length == 0) {
        core_.log(LogLevel::error, "a message could not be encoded", session.config->id,
                  static_cast<std::int64_t>(number));
        return;
    }
    core_.commit(session.connection, length, gate, number);
}

// --- resends

void ClientSide::serve_resends() noexcept {
    for (ClientSession* session : busy_) {
        if (session->resend.active() && !session->history_asked && session->machine.logged_on()) {
            serve_resend(*session);
        }
        session->busy = has_own_work(*session);
    }
    std::erase_if(busy_, [](const ClientSession* session) { return !session->busy; });
}

void ClientSide::serve_resend(ClientSession& session) noexcept {
    // Live traffic goes first: nothing is sent again while much is waiting to leave.
    Connection& peer = *core_.connections[session.connection];
    if (peer.out().size() > peer.out().capacity() / 4) {
        return;
    }
    HistoryRequest request;
    request.session = session.config->id;
    request.generation = peer.generation();
    request.header = &session.machine.header();
    const auto is_application = [&](std::uint64_t number) {
        return core_.outgoing.find(session.config->id, number) != 0;
    };
    while (request.count < HistoryRequest::items_max) {
        const fix::ResendPlan::Step step = session.resend.next(is_application);
        if (step.kind == fix::ResendPlan::StepKind::none || step.kind == fix::ResendPlan::StepKind::more) {
            break;
        }
        HistoryItem& item = request.items[request.count++];
        item.number = step.number;
        item.new_number = step.new_number;
        item.sequence = step.kind == fix::ResendPlan::StepKind::application
                            ? core_.outgoing.find(session.config->id, step.number)
                            : 0;
    }
    if (request.count == 0) {
        return;
    }
    if (history_.ask(request)) {
        session.history_asked = true;
    } else {
        session.resend.request(request.items[0].number, session.machine.next_out() - 1);
    }
}

void ClientSide::on_history(HistoryAnswer& answer) noexcept {
    ClientSession* session = find(answer.session);
    const bool current = session != nullptr && session->connection != no_connection &&
                         core_.connections[session->connection]->generation() == answer.generation;
    if (current) {
        session->history_asked = false;
        std::size_t at = 0;
        for (const HistoryAnswer::Piece& piece : answer.pieces) {
            const std::span<char> into = room(*session);
            if (into.empty()) {
                break;
            }
            std::memcpy(into.data(), answer.bytes.data() + at, piece.length);
            send(*session, piece.length, piece.gate, 0);
            at += piece.length;
        }
        if (!answer.complete) {
            // Its gap would stay, and everything behind it unheard: the client asks again with its next
            // logon.
            core_.log(LogLevel::error, "a resend could not be read from the journal: client logged out",
                      answer.session);
            actions_.clear();
            session->machine.start_logout(risk::LogoutCause::by_us,
                                          "Messages asked for again could not be read from the journal: log "
                                          "on again to ask for the rest, or ask your broker",
                                          core_.now(), actions_);
            perform(*session, actions_);
        }
    }
    history_.give_back(answer);
}

void ClientSide::start_day() noexcept {
    for (ClientSession& session : sessions_) {
        risk::require(session.connection == no_connection, "a day starts while no client is connected");
        session.machine.restore(1, 1);
        session.note_reset(risk::ResetCause::new_day);
        core_.outgoing.reset(session.config->id);
        risk::SequenceReset reset;
        reset.record.kind = risk::RecordKind::sequence_reset;
        reset.record.session = session.config->id;
        reset.facts.next_in = reset.facts.next_out = 1;
        reset.facts.cause = risk::ResetCause::new_day;
        core_.step(reset);
    }
}

}  // namespace fairlead::gateway
