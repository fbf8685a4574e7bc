// The order thread at work; see road.hpp.
#include "gateway/road.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace fairlead::gateway {
namespace {

constexpr std::uint64_t wakeup_token = UINT64_MAX;
constexpr risk::MonotonicNs timer_ns = 5'000'000;
constexpr risk::MonotonicNs close_wait_ns = 2 * fix::second_ns;
constexpr int idle_wait_ms = 5;
constexpr std::size_t inbox_items_per_pass = 64;
// Preparing a socket is some system calls: many connects at once wait for each other, not others for them.
constexpr std::size_t adopted_per_pass = 2;
// Reports of one line taken in one pass. They compete with nobody: each frees credit or tells a fact.
constexpr std::size_t line_messages_per_pass = 64;
constexpr std::uint32_t burst_passes_max = 16;

}  // namespace

Road::Road(Core& core, ClientSide& clients, VenueSide& venues, MassEffects& mass_effects,
           ControlSide& control, Inbox& inbox, int wakeup_fd)
    : core_(core),
      clients_(clients),
      venues_(venues),
      mass_effects_(mass_effects),
      control_(control),
      inbox_(inbox),
      journal_watch_(core),
      wakeup_fd_(wakeup_fd),
      order_(core.config.gateway.hold_ns),
      reader_(core.config.gateway.message_bytes_max),
      messages_(core.connections.size()) {
    listed_.reserve(core.connections.size());
    still_listed_.reserve(core.connections.size());
    turns_.reserve(core.connections.size());
    writing_.reserve(core.connections.size());
    risk::require(readiness_.add_wakeup(wakeup_fd, wakeup_token), "the wake-up descriptor can be watched");
}

void Road::run() noexcept {
    while (shutdown_ != Shutdown::done) {
        pass();
    }
}

bool Road::idle() const noexcept {
    return !worked_ && listed_.empty() && core_.dirty.empty() && !mass_effects_.active();
}

void Road::pass() noexcept {
    ++passes_;
    order_.begin_pass(core_.clock.utc_ns());
    const bool may_sleep = !core_.config.gateway.polling && idle();
    worked_ = false;
    more_behind_ = false;
    ask_who_is_ready(may_sleep);
    take_inbox();
    // What cannot be journaled must not be decided, so it is not read either.
    if (core_.sequencer->can_step() && venues_.has_room()) {
        note_standstill();
        gather();
        if (!turns_.empty()) {
            core_.clock.refresh();
        }
        if (turns_.size() > 1) {
            std::sort(turns_.begin(), turns_.end(), [](const Turn& a, const Turn& b) {
                return a.effective_ns != b.effective_ns ? a.effective_ns < b.effective_ns
                                                        : a.kernel_ns < b.kernel_ns;
            });
        }
        for (const Turn& turn : turns_) {
            if (!core_.sequencer->can_step()) {
                break;
            }
            if (turn.early) {
                take_early_turn(turn);
            } else {
                take_turn(turn);
            }
        }
        take_early_of_lines();
        if (venues_.has_room_for_made()) {
            mass_effects_.run();
        }
    }
    venues_.settle_doubt();
    venues_.release_waiting();
    // By the pass's time, which cost a look at the clock already; a step of UTC only brings timers early.
    if (order_.pass_ns() >= next_timer_utc_ns_ || order_.pass_ns() < next_timer_utc_ns_ - timer_ns) {
        next_timer_utc_ns_ = order_.pass_ns() + timer_ns;
        on_timers(core_.clock.monotonic_ns());
        show_statistics();
    }
    clients_.serve_resends();
    gather_writes();
}

// The first message of a burst is written at once. While more of it is already here, writes are gathered
// over ever more passes, so that a burst costs few system calls and nobody is late by more than a few
// messages' work.
void Road::gather_writes() noexcept {
    if (more_behind_ && ++unwritten_passes_ < burst_passes_) {
        return;
    }
    burst_passes_ = more_behind_ ? std::min(2 * burst_passes_, burst_passes_max) : 1;
    unwritten_passes_ = 0;
    flush();
}

// --- reading, and whose turn it is

// Nobody was read for longer than an order may be old: this program was stopped, or the journal took nothing.
// Who is readable now may have been so since then, and is told by the kernel's stamp of its last bytes only.
void Road::note_standstill() noexcept {
    const risk::UtcNs before = std::exchange(gathered_ns_, order_.pass_ns());
    if (before == 0 || order_.pass_ns() - before <= venues_.age_limit_ns_min()) {
        return;
    }
    for (const std::uint32_t connection : listed_) {
        core_.connections[connection]->stood_still_ns = before;
    }
    core_.log(LogLevel::warning,
              "stood still, in ms: orders and replaces that came meanwhile are ended unsent", 0,
              (order_.pass_ns() - before) / 1'000'000);
}

// Everybody who is readable must be known before anybody is served, so a full answer is asked on. Not for
// ever: sockets that become ready again and again must not keep the pass from its work.
void Road::ask_who_is_ready(bool may_sleep) noexcept {
    const std::size_t asks_max = core_.connections.size() / Readiness::batch + 1;
    for (std::size_t asked = 0; asked < asks_max; ++asked) {
        const auto told = readiness_.ask(may_sleep && asked == 0 ? idle_wait_ms : 0);
        for (const Readiness::Event& event : told) {
            note_ready(event);
        }
        if (told.size() < Readiness::batch) {
            return;
        }
        ++epoll_questions_;
    }
}

void Road::note_ready(const Readiness::Event& event) noexcept {
    if (event.token == wakeup_token) {
        std::uint64_t count = 0;
        static_cast<void>(!::read(wakeup_fd_, &count, sizeof count));
        return;
    }
    const auto connection = static_cast<std::uint32_t>(event.token);
    Connection& peer = *core_.connections[connection];
    peer.closed_by_peer = peer.closed_by_peer || event.ended;
    if (event.readable) {
        peer.maybe_readable = true;
        list(connection);
    }
    if (event.writable && !peer.out().empty()) {
        core_.mark_dirty(connection);
    }
}

void Road::list(std::uint32_t connection) noexcept {
    Connection& peer = *core_.connections[connection];
    if (!peer.listed && peer.is_open()) {
        peer.listed = true;
        listed_.push_back(connection);
    }
}

void Road::gather() noexcept {
    turns_.clear();
    still_listed_.clear();
    for (const ClientSession* session : clients_.busy()) {
        if (session->connection != no_connection && session->machine.early_ready()) {
            turns_.push_back({order_.horizon_ns(), 0, session->connection, true});
        }
    }
    for (const std::uint32_t connection : listed_) {
        Connection& peer = *core_.connections[connection];
        if (!peer.is_open()) {
            peer.listed = false;  // the slot may be used again
            continue;
        }
        if (!look_at(connection)) {
            peer.listed = false;
            peer.stood_still_ns = 0;
            continue;
        }
        still_listed_.push_back(connection);
        if (peer.head() == Connection::Head::none) {
            continue;
        }
        // A head stamped after the horizon waits for the next pass: something earlier may still be unread
        // elsewhere. A venue's report competes with nobody. A session whose early messages are in turn has
        // had its turn with them.
        if (peer.owner == Owner::line || peer.effective_ns() <= order_.horizon_ns()) {
            const ClientSession* session =
                peer.owner == Owner::client ? clients_.find(peer.owner_index) : nullptr;
            if (session == nullptr || !session->machine.early_ready()) {
                turns_.push_back({peer.effective_ns(), peer.kernel_ns(), connection, false});
            }
        }
    }
    listed_.swap(still_listed_);
}

bool Road::look_at(std::uint32_t connection) noexcept {
    Connection& peer = *core_.connections[connection];
    if (peer.owner == Owner::client) {
        const ClientSession* session = clients_.find(peer.owner_index);
        if (session->machine.reading_paused()) {
            peer.stay_behind(order_.pass_ns());
            return true;  // its logon is being checked
        }
    }
    if (peer.owner == Owner::line && venue_waits_) {
        return true;  // unread: the venue keeps what the journal could not hold
    }
    if (peer.frame(reader_, messages_[connection], order_.horizon_ns()) != Connection::Head::none ||
        peer.unfinished()) {
        return true;
    }
    if (!peer.maybe_readable) {
        return false;
    }
    worked_ = true;
    const ReadResult result = peer.read();
    // A short read found the socket empty; what comes later is told as a new edge. But for the end: that
    // may have been told together with these bytes.
    peer.maybe_readable = !result.drained || peer.closed_by_peer;
    switch (result.status) {
        case ReadResult::Status::data:
            static_cast<void>(peer.frame(reader_, messages_[connection], order_.horizon_ns()));
            return peer.maybe_readable || peer.head() != Connection::Head::none || peer.unfinished();
        case ReadResult::Status::empty:
            return peer.maybe_readable;
        case ReadResult::Status::closed:
            peer.say_goodbye();
            [[fallthrough]];
        case ReadResult::Status::failed:
        case ReadResult::Status::cut_off:
        case ReadResult::Status::broken:
            end(connection, cause_of(result.status));
            return false;
    }
    return false;
}

void Road::take_turn(const Turn& turn) noexcept {
    const std::uint32_t connection = turn.connection;
    Connection& peer = *core_.connections[connection];
    if (peer.head() == Connection::Head::none) {
        return;
    }
    if (!peer.is_open() || peer.close_when_flushed || peer.overflowed) {
        peer.take_head(order_.pass_ns());
        return;
    }
    worked_ = true;
    if (peer.head() == Connection::Head::oversize) {
        if (peer.owner == Owner::client) {
            clients_.on_garbled(connection);
        } else if (peer.owner == Owner::line) {
            venues_.on_garbled(connection);
        }
        peer.close_when_flushed = true;
        core_.mark_dirty(connection);
        return;
    }
    const fix::Message& message = messages_[connection];
    core_.stood_still_ns = peer.stood_still_ns;
    risk::Arrival arrival;
    arrival.kernel_ns = peer.kernel_ns();
    arrival.message_number = message.number();
    if (peer.owner == Owner::line) {
        arrival.effective_ns = turn.effective_ns;
        venues_.on_message(connection, message, arrival);
    } else {
        arrival.effective_ns = order_.release(turn.effective_ns);
        if (peer.owner == Owner::client) {
            clients_.on_message(connection, message, arrival);
        } else {
            clients_.on_first_message(connection, message, arrival);
        }
    }
    peer.take_head(order_.pass_ns());
    if (peer.owner == Owner::line) {
        take_line_messages(connection);
    } else {
        more_behind_ = more_behind_ || peer.has_pending_bytes();
    }
}

void Road::take_line_messages(std::uint32_t connection) noexcept {
    Connection& peer = *core_.connections[connection];
    if (!peer.has_pending_bytes()) {
        return;
    }
    const risk::UtcNs now = core_.clock.utc_ns();
    for (std::size_t i = 0; i < line_messages_per_pass && core_.sequencer->can_step(); ++i) {
        if (peer.close_when_flushed ||
            peer.frame(reader_, messages_[connection], now) != Connection::Head::ready) {
            return;
        }
        risk::Arrival arrival;
        arrival.kernel_ns = peer.kernel_ns();
        arrival.effective_ns = peer.effective_ns();
        arrival.message_number = messages_[connection].number();
        venues_.on_message(connection, messages_[connection], arrival);
        peer.take_head(order_.pass_ns());
    }
}

void Road::take_early_turn(const Turn& turn) noexcept {
    const Connection& peer = *core_.connections[turn.connection];
    core_.stood_still_ns = peer.stood_still_ns;
    ClientSession* session = peer.owner == Owner::client ? clients_.find(peer.owner_index) : nullptr;
    if (session != nullptr && session->connection == turn.connection && session->machine.early_ready()) {
        worked_ = true;
        clients_.on_early(*session, order_.release(turn.effective_ns));
    }
}

void Road::take_early_of_lines() noexcept {
    for (VenueLine& line : venues_.lines()) {
        for (std::size_t i = 0; i < line_messages_per_pass && line.connection != no_connection &&
                                line.machine.early_ready() && core_.sequencer->can_step();
             ++i) {
            worked_ = true;
            venues_.on_early(line);
        }
    }
}

// --- connections

void Road::take_inbox() noexcept {
    if (control_.stop_asked() && shutdown_ == Shutdown::no) {
        shutdown_ = Shutdown::asked;
    }
    if (inbox_.empty()) {
        return;
    }
    InboxItem item;
    std::size_t adopted = 0;
    for (std::size_t i = 0; i < inbox_items_per_pass && adopted < adopted_per_pass &&
                            core_.sequencer->can_step() && inbox_.pop(item);
         ++i) {
        worked_ = true;
        core_.clock.refresh();
        if (const auto* accepted = std::get_if<ConnectionAccepted>(&item)) {
            adopt(*accepted);
            ++adopted;
        } else if (const auto* connected = std::get_if<LineConnected>(&item)) {
            adopt(*connected);
        } else if (const auto* checked = std::get_if<AuthResult>(&item)) {
            clients_.on_logon_checked(*checked);
        } else if (const auto* request = std::get_if<ControlRequest>(&item)) {
            control_.on_request(*request);
        } else if (const auto* history = std::get_if<HistoryReady>(&item)) {
            clients_.on_history(*history->answer);
        } else if (const auto* refused = std::get_if<HandshakeRefused>(&item)) {
            clients_.on_handshake_refused(*refused);
        } else if (const auto* list = std::get_if<RevocationListRead>(&item)) {
            journal_watch_.on_revocation_list(*list);
        } else if (const auto* reading = std::get_if<ClockReading>(&item)) {
            journal_watch_.on_clock(*reading, core_.clock.monotonic_ns());
        } else if (std::holds_alternative<ShutdownAsked>(item) && shutdown_ == Shutdown::no) {
            shutdown_ = Shutdown::asked;
        }
    }
}

std::uint32_t Road::free_connection() noexcept {
    for (std::size_t tried = 0; tried < core_.connections.size(); ++tried) {
        const std::uint32_t slot = next_slot_;
        next_slot_ = (next_slot_ + 1) % static_cast<std::uint32_t>(core_.connections.size());
        const Connection& candidate = *core_.connections[slot];
        if (!candidate.is_open() && !candidate.dirty && !candidate.listed) {
            return slot;
        }
    }
    return no_connection;
}

bool Road::watch(std::uint32_t connection, int fd, const std::array<std::uint8_t, 16>& address,
                 bool& stamped) noexcept {
    Socket socket(fd);
    if (prepare_socket(fd, stamped) != 0 || !readiness_.add(fd, connection)) {
        return false;
    }
    Connection& peer = *core_.connections[connection];
    peer.open(std::move(socket), address, core_.clock.monotonic_ns());
    ++open_;
    peer.maybe_readable = true;  // what came before it was watched has no edge
    list(connection);
    return true;
}

void Road::adopt(const ConnectionAccepted& accepted) noexcept {
    const std::uint32_t connection = shutdown_ == Shutdown::no ? free_connection() : no_connection;
    bool stamped = false;
    if (connection == no_connection || !watch(connection, accepted.fd, accepted.address, stamped)) {
        if (connection == no_connection) {
            Socket refused(accepted.fd);
            core_.log(LogLevel::warning, "connection refused: no free connection slot");
        }
        core_.give_back(accepted.stream);
        return;
    }
    core_.connections[connection]->owner = Owner::pending_client;
    core_.connections[connection]->seal_with(accepted.stream, accepted.stamp_ns);
    if (!stamped) {
        journal_watch_.on_stamps_missing();
    }
    make_room(connection);
}

// Connections that say nothing must not keep others out: while slots are short, an address that has more than
// an eighth of them in silence loses, for each one more it opens, the two that have been silent longest.
void Road::make_room(std::uint32_t newcomer) noexcept {
    const std::size_t eighth = core_.connections.size() / 8;
    for (int lost = 0; lost < 2; ++lost) {
        if (open_ + eighth <= core_.connections.size() || !core_.sequencer->can_step()) {
            return;
        }
        const Connection& latest = *core_.connections[newcomer];
        std::uint32_t oldest = newcomer;
        std::size_t silent = 0;
        for (std::uint32_t i = 0; i < core_.connections.size(); ++i) {
            const Connection& peer = *core_.connections[i];
            if (peer.is_open() && peer.owner == Owner::pending_client && !peer.close_when_flushed &&
                peer.address() == latest.address()) {
                ++silent;
                oldest = peer.opened_ns() < core_.connections[oldest]->opened_ns() ? i : oldest;
            }
        }
        if (silent <= eighth || oldest == newcomer) {
            return;
        }
        clients_.on_logon_timeout(oldest);
    }
}

void Road::adopt(const LineConnected& connected) noexcept {
    VenueLine* line = venues_.find(connected.line);
    if (line == nullptr || line->state != LineState::connecting || shutdown_ != Shutdown::no) {
        Socket unwanted(connected.fd);
        return;
    }
    if (connected.fd < 0) {
        venues_.on_connect_failed(*line, connected.error);
        return;
    }
    const std::uint32_t connection = free_connection();
    bool stamped = false;
    if (connection == no_connection || !watch(connection, connected.fd, {}, stamped)) {
        venues_.on_connect_failed(*line, 0);
        return;
    }
    venues_.on_connected(*line, connection);
}

void Road::end(std::uint32_t connection, risk::LogoutCause cause) noexcept {
    Connection& peer = *core_.connections[connection];
    if (!peer.is_open()) {
        return;
    }
    readiness_.remove(peer.fd());
    if (peer.owner == Owner::client) {
        clients_.on_disconnected(connection, cause);
    } else if (peer.owner == Owner::line) {
        venues_.on_disconnected(connection, cause);
    }
    peer.close();
    core_.give_back(peer.take_stream());
    --open_;
}

// --- writing

void Road::flush() noexcept {
    if (core_.dirty.empty()) {
        return;
    }
    const risk::Sequence gate = core_.journal.gate();
    writing_.swap(core_.dirty);  // both were reserved in full
    core_.dirty.clear();
    for (const std::uint32_t connection : writing_) {
        core_.connections[connection]->dirty = false;
        if (core_.connections[connection]->is_open()) {
            write(connection, gate);
        }
    }
}

void Road::write(std::uint32_t connection, risk::Sequence gate) noexcept {
    Connection& peer = *core_.connections[connection];
    if (peer.overflowed) {
        end(connection, risk::LogoutCause::slow_reader);
        return;
    }
    const std::span<const char> bytes = peer.out().sendable(gate);
    if (!bytes.empty()) {
        worked_ = true;
        const WriteResult result = peer.write(bytes);
        if (result.error != 0) {
            end(connection, risk::LogoutCause::disconnected);
            return;
        }
        const std::uint64_t number = peer.out().sent(result.length);
        if (peer.owner == Owner::line && number != 0) {
            venues_.on_departed(connection, number);
        }
        if (result.length < bytes.size()) {
            return;  // the socket is full: its next edge marks the connection again
        }
    }
    if (peer.out().empty()) {
        // Closed with bytes unread, a connection is reset, and a peer still sending may never see the reason.
        if (peer.close_when_flushed && !peer.linger) {
            peer.say_goodbye();
            end(connection, risk::LogoutCause::disconnected);
        } else if (peer.close_when_flushed && !peer.half_closed) {
            peer.half_closed = true;
            peer.say_goodbye();
            end_writing(peer.fd());
        }
        return;
    }
    core_.mark_dirty(connection);  // behind the gate still
}

// --- time

void Road::on_timers(risk::MonotonicNs now) noexcept {
    if (!core_.sequencer->can_step()) {
        return;
    }
    core_.clock.settle();
    core_.clock.refresh();
    clients_.on_timer();
    venues_.on_timer();
    control_.work();
    journal_watch_.look(now);
    venue_waits_ = journal_watch_.venue_must_wait();
    if (journal_watch_.clients_must_go()) {
        clients_.log_out_all("The journal has no room: come back later");
    }
    const risk::MonotonicNs logon_wait = std::int64_t{core_.config.gateway.logon_timeout_s} * fix::second_ns;
    for (std::uint32_t i = 0; i < core_.connections.size(); ++i) {
        Connection& peer = *core_.connections[i];
        // Who does not read what is waiting for it, or does not close after us, is not waited for.
        if (peer.is_open() && peer.close_when_flushed) {
            peer.closing_ns = peer.closing_ns == 0 ? now : peer.closing_ns;
            if (now - peer.closing_ns > close_wait_ns) {
                end(i, risk::LogoutCause::disconnected);
                continue;
            }
        }
        if (peer.is_open() && peer.owner == Owner::pending_client && !peer.close_when_flushed &&
            now - peer.opened_ns() > logon_wait) {
            clients_.on_logon_timeout(i);
        }
    }
    advance_shutdown(now);
}

}  // namespace fairlead::gateway
