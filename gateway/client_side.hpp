// ClientSide: the client sessions of the gateway: logons, commands made into Records, answers encoded,
// resends, cancel on disconnect. It performs what the pure fix::Session says and journals each act first.
// It does not decide about orders (the Ledger) nor about turns (the Road). Order thread only.
#pragma once

#include <vector>

#include "gateway/control/auth.hpp"
#include "gateway/core.hpp"
#include "gateway/fix/resend_plan.hpp"
#include "gateway/history.hpp"
#include "gateway/mass_effects.hpp"
#include "gateway/orders/client_commands.hpp"
#include "risk/message_window.hpp"

namespace fairlead::gateway {

struct ClientSession {
    ClientSession(const config::SessionConfig& configuration, const fix::SessionConfig& machine_config)
        : config(&configuration), machine(machine_config) {}

    const config::SessionConfig* config;
    fix::Session machine;
    std::uint32_t connection = no_connection;
    risk::Person person;               // user and address; the account is the order's
    risk::Sequence logon_attempt = 0;  // Record of the attempt being checked
    std::uint32_t ticket = 0;          // tells this check from an earlier one
    bool outside_hours = false;        // that Logon came when the session may not log on
    fix::ResendPlan resend;
    bool history_asked = false;
    bool busy = false;                      // listed in ClientSide::busy
    bool was_logged_on = false;             // in replay: no logout Record yet
    risk::MonotonicNs check_asked_ns = 0;   // a logon is with the AuthWorker since then; 0 = none
    risk::MessageWindow inbound;            // messages of any kind, against inbound_rate
    risk::MonotonicNs paused_until_ns = 0;  // after going over it: no logon is checked before
    AuthRequest held_logon;                 // a logon that waits for that; ticket 0 = none

    // The journal's end was lost: what the client sent before it logged on again may have been sent on to a
    // venue then, so it is not taken again. Numbers below sent_before; 0 = nothing is in question.
    static constexpr std::uint64_t not_back_yet = UINT64_MAX;
    std::uint64_t sent_before = 0;
    std::uint64_t logon_number = 0;  // MsgSeqNum of the Logon being checked
    bool may_adopt = false;          // the client may have had messages of ours that are lost
    void note_logged_on() noexcept { sent_before = sent_before == not_back_yet ? logon_number : sent_before; }
    // Both sides begin at 1 again.
    void note_reset(risk::ResetCause cause) noexcept {
        const bool new_day = cause == risk::ResetCause::new_day;
        sent_before = sent_before == not_back_yet && !new_day ? sent_before : 0;
        may_adopt = may_adopt && !new_day;
    }
};

class ClientSide {
  public:
    ClientSide(Core& core, AuthWorker& auth, History& history, MassEffects& mass_effects);

    // --- from the Road
    // The message at the head of a connection that belongs to no session yet.
    void on_first_message(std::uint32_t connection, const fix::Message& message,
                          const risk::Arrival& arrival) noexcept;
    void on_message(std::uint32_t connection, const fix::Message& message,
                    const risk::Arrival& arrival) noexcept;
    void on_garbled(std::uint32_t connection) noexcept;
    // A message kept because it came before its number's turn; it is that session's only one of the pass.
    void on_early(ClientSession& session, risk::UtcNs effective_ns) noexcept;
    void on_disconnected(std::uint32_t connection, risk::LogoutCause cause) noexcept;
    void on_timer() noexcept;
    // A TLS handshake that failed is an attempt like one that came to a Logon.
    void on_handshake_refused(const HandshakeRefused& refused) noexcept;
    // Never logged on in time.
    void on_logon_timeout(std::uint32_t connection) noexcept;
    void serve_resends() noexcept;

    // --- from the Inbox
    void on_logon_checked(const AuthResult& result) noexcept;
    void on_history(HistoryAnswer& answer) noexcept;
    // False: no such session, or it is not connected.
    [[nodiscard]] bool disconnect(std::uint32_t session, std::string_view text) noexcept;
    void log_out_all(std::string_view text) noexcept;

    // --- from the Outbox
    [[nodiscard]] std::uint64_t take_number(std::uint32_t session, risk::Sequence sequence) noexcept;
    void deliver(const risk::Record& record, const risk::Answered& answered) noexcept;

    // --- at start and for control
    // The journal has lost its end; also in replay.
    void on_end_lost() noexcept;
    [[nodiscard]] ClientSession* find(std::uint32_t id) noexcept;
    [[nodiscard]] std::vector<ClientSession>& sessions() noexcept { return sessions_; }
    // Sessions that have work of their own: early messages kept, or a resend. A pass asks these only, so
    // that it costs the same at any number of sessions.
    [[nodiscard]] std::span<ClientSession* const> busy() const noexcept { return busy_; }
    // Core::config has changed: what was copied from it at the start is copied again.
    void follow_configuration() noexcept;
    // A new trading day: both sides begin at 1. Only while nobody is connected.
    void start_day() noexcept;

  private:
    [[nodiscard]] ClientSession* find(std::string_view peer, std::string_view ours) noexcept;
    // By the certificate: none to ask for, or the session's own.
    [[nodiscard]] static risk::LogonVerdict judge_certificate(const ClientSession& session,
                                                              const Connection& peer) noexcept;
    void record_refusal(risk::LogonAttempt& attempt, std::span<const std::byte> raw,
                        risk::LogonVerdict verdict) noexcept;
    // Every attempt is a Record, also one that no session stands behind.
    void refuse_unbound(std::uint32_t connection, const fix::Message* message, const risk::Arrival& arrival,
                        std::uint32_t session, risk::LogonVerdict verdict) noexcept;
    void perform(ClientSession& session, const fix::Actions& actions) noexcept;
    void perform(ClientSession& session, const fix::Action& action) noexcept;
    // client_limits.cpp: false: over its rate of messages of any kind, and logged out for it.
    [[nodiscard]] bool admit_inbound(ClientSession& session, std::uint32_t messages,
                                     std::uint64_t number) noexcept;
    [[nodiscard]] bool may_check_logon(ClientSession& session) noexcept;
    // Has the credentials checked, now or once the session's pause is over.
    void check_logon(ClientSession& session, AuthRequest& request) noexcept;
    void check_held_logon(ClientSession& session) noexcept;
    void on_application(ClientSession& session, const fix::Message& message,
                        const risk::Arrival& arrival) noexcept;
    void apply_command(ClientSession& session, const ClientCommand& command,
                       std::span<const std::byte> raw) noexcept;
    void complete_person(ClientSession& session, risk::Person& person,
                         const risk::ClientOrderId& original) noexcept;
    void refuse_business(ClientSession& session, const fix::Message& message, const risk::Arrival& arrival,
                         const BusinessReject& refusal) noexcept;
    risk::Sequence journal_received(ClientSession& session, const fix::Action& action) noexcept;
    void send_admin(ClientSession& session, const fix::Action& action) noexcept;
    void attempt_logon(ClientSession& session, const fix::Action& action) noexcept;
    void record_logon_result(ClientSession& session, risk::LogonVerdict verdict, std::uint64_t next_in,
                             std::uint64_t next_out) noexcept;
    void adopt_number(ClientSession& session, const fix::Message& logout) noexcept;
    void record_password_change(std::uint32_t session, const risk::UserName& user) noexcept;
    void record_logout(ClientSession& session, const fix::Action& action) noexcept;
    void serve_resend(ClientSession& session) noexcept;
    [[nodiscard]] static bool has_own_work(const ClientSession& session) noexcept {
        return session.resend.active() ||
               (session.connection != no_connection && session.machine.early_ready());
    }
    // Takes the message just encoded into the session's connection; 0 length: nothing was encoded.
    void send(ClientSession& session, std::size_t length, risk::Sequence gate, std::uint64_t number) noexcept;
    [[nodiscard]] std::span<char> room(ClientSession& session) noexcept;
    void drop(ClientSession& session, risk::LogoutCause cause) noexcept;

    Core& core_;
    AuthWorker& auth_;
    History& history_;
    MassEffects& mass_effects_;
    std::vector<ClientSession> sessions_;
    std::vector<ClientSession*> busy_;       // in the order they became so; reserved in full
    std::vector<std::uint32_t> slot_by_id_;  // index into sessions_ + 1; 0 = none
    fix::Actions actions_;
    fix::Encoder encoder_;
    fix::Message early_message_;
    CommandStorage storage_;
    BusinessReject refusal_;
    std::vector<char> mask_scratch_;
};

}  // namespace fairlead::gateway
