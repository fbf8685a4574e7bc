// Session: one FIX conversation as a pure machine, client side (acceptor) or venue line (initiator).
// Events and the time go in, Actions come out; it reads no clock, no socket, no store. The gateway
// performs the actions in their order: it journals, encodes, sends. Not thread-safe; owned and called by
// the order thread. Message numbers are the gateway's to keep (restore), every change is an Action.
//
// The order of calls: on_connect, then for each message the Reader gave on_message, then, while
// early_ready(), on_early; on_timer at next_deadline() or any time; on_disconnect at the end, whoever
// closed. An Action's views are valid until the next call. Sending anything, a `send` action as much as
// an ExecutionReport, takes its number with take_number at the moment it is encoded.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/early_messages.hpp"
#include "gateway/fix/encoder.hpp"
#include "gateway/fix/message.hpp"
#include "gateway/fix/reader.hpp"
#include "risk/assert.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::fix {

// UTC judges SendingTime and is written; the monotonic clock runs the timers.
struct Now {
    risk::UtcNs utc_ns = 0;
    risk::MonotonicNs monotonic_ns = 0;
};

enum class ActionKind : std::uint8_t {
    none = 0,
    // A served application message in turn, good by the dictionary: make it a Record.
    deliver,
    // A session-level message, or one refused (reason, tag), used up its number: journal session_received.
    received,
    // Send a session-level message: take_number, journal session_sent, encode_admin.
    send,
    // A known application message not served here: consumed; answer BusinessMessageReject (reason 3).
    business_reject,
    // The peer wants messages begin..end again (both exist): give it to a ResendPlan.
    resend,
    // A number moved otherwise than by one (reset_cause): journal sequence_reset.
    sequence_moved,
    // A Logon came: journal logon_attempt. With verdict none: check the credentials, then accept_logon or
    // refuse_logon. With another verdict it is refused already, the answer follows. Initiator: our own
    // Logon is about to be sent (message null).
    logon_attempt,
    // A logon is settled: journal logon_result. Accepted: the conversation is open.
    logon_result,
    // It was open and is no more (logout_cause): journal logout.
    logged_out,
    // Flush what was sent, then end the connection. Always the last action.
    close,
};

// What happened, and every field a message of ours needs. next_in is the number expected after the action
// and those before it; next_out the one to be taken next, as of the event.
struct ActionHead {
    ActionKind kind = ActionKind::none;
    risk::LogonVerdict verdict = risk::LogonVerdict::none;
    risk::LogoutCause logout_cause = risk::LogoutCause::none;
    risk::ResetCause reset_cause = risk::ResetCause::none;
    const Message* message = nullptr;  // the message this is about; null = none
    risk::Arrival arrival;             // of that message
    std::uint64_t next_in = 0;
    std::uint64_t next_out = 0;

    // send: MsgType (35), and what that type carries
    char type = '\0';
    RejectReason reject_reason = RejectReason::none;  // received, send 3
    bool reset_flag = false;                          // send A; logon_attempt
    std::int64_t reference_tag = no_tag;              // received, send 3
    std::uint64_t reference_number = 0;               // send 3, business_reject
    std::uint64_t begin = 0;                          // send 2, resend
    std::uint64_t end = 0;                            // send 2 (0 = to the last), resend
    std::uint64_t next_expected = 0;                  // send A (789); 0 = absent
    std::uint32_t heartbeat_seconds = 0;              // send A, logon_attempt, logon_result
    std::string_view test_request_id;                 // send 0, 1
};
struct Action : ActionHead {
    risk::Text<160> text;  // Text (58)
};

class Actions {
  public:
    static constexpr std::size_t capacity = 16;

    Action& add(ActionKind kind) noexcept {
        risk::require(size_ < capacity, "one event causes few actions");
        Action& action = items_[size_++];
        // A text that no action names is empty by its first character: most have none.
        static_cast<ActionHead&>(action) = ActionHead{};
        action.text.bytes[0] = '\0';
        action.kind = kind;
        return action;
    }
    void clear() noexcept { size_ = 0; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const Action* begin() const noexcept { return items_.data(); }
    [[nodiscard]] const Action* end() const noexcept { return items_.data() + size_; }
    [[nodiscard]] const Action& operator[](std::size_t index) const noexcept { return items_[index]; }

  private:
    std::size_t size_ = 0;
    std::array<Action, capacity> items_;
};

enum class Role : std::uint8_t { acceptor = 0, initiator = 1 };

struct SessionConfig {
    Role role = Role::acceptor;
    std::string begin_string = "FIX.4.4";
    std::string our_comp_id;
    std::string peer_comp_id;
    std::uint32_t heartbeat_seconds = 30;     // initiator: what we ask for
    std::uint32_t heartbeat_seconds_min = 1;  // acceptor: what a client may ask for
    std::uint32_t heartbeat_seconds_max = 3600;
    std::int64_t sending_time_tolerance_ns = 120 * second_ns;
    std::int64_t logon_wait_ns = 10 * second_ns;   // from connect to Logon, or Logon to its answer
    std::int64_t logout_wait_ns = 2 * second_ns;   // for the answer to our Logout
    std::int64_t resend_wait_ns = 30 * second_ns;  // for progress, before the gap is asked for again
    std::uint32_t resend_asks_max = 3;             // without progress; then the session ends
    // ResendRequests of the peer that are answered within resend_span_ns; one more ends the session. 0 = any.
    std::uint32_t resend_requests_max = 0;
    bool reset_permitted = false;            // ResetSeqNumFlag (141) = Y from the peer
    bool reset_at_logon = false;             // both sides begin at 1 with every logon
    std::uint32_t early_messages_max = 256;  // kept while a gap is open
    std::uint32_t early_bytes_max = 64 * 1024;
    Reader reader{};  // for the early messages: the same limits as the connection's
};

// What an initiator's Logon carries beside the standard fields. Views are used during on_connect and
// until its `send` action is encoded.
struct LogonFields {
    std::string_view raw_data;  // 95/96
    std::string_view user;      // 553
    std::string_view password;  // 554
};

inline constexpr std::int64_t resend_span_ns = 10 * second_ns;

class Session {
  public:
    explicit Session(const SessionConfig& config);

    // Numbers from the journal: at start, at a new day, by an operator. Only while disconnected.
    void restore(std::uint64_t next_in, std::uint64_t next_out) noexcept;

    // An acceptor's, for Logons to come.
    void set_logon_limits(std::uint32_t heartbeat_seconds_min, std::uint32_t heartbeat_seconds_max,
                          std::int64_t logon_wait_ns) noexcept {
        config_.heartbeat_seconds_min = heartbeat_seconds_min;
        config_.heartbeat_seconds_max = heartbeat_seconds_max;
        config_.logon_wait_ns = logon_wait_ns;
    }

    // The peer has had messages of ours that the journal lost: the next one takes this number. Never down.
    void raise_next_out(std::uint64_t next_out) noexcept;

    // --- events
    // The acceptor's begins its wait for a Logon; the initiator's sends one (fields: see logon_fields()).
    void on_connect(Now now, const LogonFields& fields, Actions& actions) noexcept;
    void on_message(const Message& message, const risk::Arrival& arrival, Now now, Actions& actions) noexcept;
    // The Reader skipped bytes, or found an oversized message (oversize: always ends in a close).
    void on_garbled(bool oversize, Now now, Actions& actions) noexcept;
    void on_timer(Now now, Actions& actions) noexcept;
    // The connection is gone, by whoever's will.
    void on_disconnect(risk::LogoutCause cause, Actions& actions) noexcept;

    // --- a message that came before its turn, now in turn: process them one at a time, so that no one
    // else waits behind many. `scratch` is filled with the message. effective_ns: its effective arrival now
    // that it is in turn; 0 = as when it came.
    [[nodiscard]] bool early_ready() const noexcept;
    void on_early(Message& scratch, Now now, Actions& actions, risk::UtcNs effective_ns = 0) noexcept;

    // --- the gateway's decisions
    // Credentials were good. The numbers are judged here: it may still end in a refusal.
    void accept_logon(Now now, Actions& actions) noexcept;
    // A Logout with this text, then close. The text does not help guessing.
    void refuse_logon(risk::LogonVerdict verdict, std::string_view text, Now now, Actions& actions) noexcept;
    // Logout from our side: operator, shutdown, end of day. Ends without one if not logged on.
    void start_logout(risk::LogoutCause cause, std::string_view text, Now now, Actions& actions) noexcept;
    // Logout with the reason, then close: nothing more of this conversation is taken.
    void log_out_at_once(risk::LogoutCause cause, std::string_view text, Actions& actions) noexcept;
    // The number of the message now encoded. Also restarts the heartbeat interval.
    [[nodiscard]] std::uint64_t take_number(Now now) noexcept;

    // --- state
    enum class State : std::uint8_t {
        disconnected,
        awaiting_logon,  // acceptor: connected, nothing said
        checking_logon,  // acceptor: waiting for accept_logon or refuse_logon
        logon_sent,      // initiator
        logged_on,
        logging_out,  // our Logout is sent, or the acceptor's close awaited
        closing,      // close was asked for
    };
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool logged_on() const noexcept { return state_ == State::logged_on; }
    // While credentials are checked nothing more should be read from the connection.
    [[nodiscard]] bool reading_paused() const noexcept { return state_ == State::checking_logon; }
    [[nodiscard]] std::uint64_t next_in() const noexcept { return next_in_; }
    [[nodiscard]] std::uint64_t next_out() const noexcept { return next_out_; }
    [[nodiscard]] bool gap_open() const noexcept { return gap_target_ != 0; }
    [[nodiscard]] std::uint32_t heartbeat_seconds() const noexcept { return heartbeat_seconds_; }
    // Monotonic; INT64_MAX = none.
    [[nodiscard]] risk::MonotonicNs next_deadline() const noexcept;
    [[nodiscard]] const HeaderTemplate& header() const noexcept { return header_; }
    [[nodiscard]] const LogonFields& logon_fields() const noexcept { return logon_fields_; }
    [[nodiscard]] const SessionConfig& config() const noexcept { return config_; }

  private:
    // What a Logon said, kept while its credentials are checked.
    struct PendingLogon {
        risk::Arrival arrival;
        std::uint64_t number = 0;
        std::uint64_t next_expected = 0;  // 789, 0 = not sent
        std::uint32_t heartbeat_seconds = 0;
        bool reset = false;
        bool poss_dup = false;
    };
    struct Incoming {
        const Message* message;
        const risk::Arrival* arrival;
        std::uint64_t number;
        bool early;   // its arrival was judged when it came
        bool served;  // a ResendRequest answered when it came
    };

    // session.cpp
    void on_logged_on(const Incoming& in, Now now, Actions& actions) noexcept;
    [[nodiscard]] bool identity_holds(const Incoming& in, Now now, Actions& actions) noexcept;
    [[nodiscard]] bool poss_dup_holds(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_too_high(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_too_low(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_in_turn(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_session_message(const Incoming& in, char type, Now now, Actions& actions) noexcept;
    void on_resend_request(const Incoming& in, bool in_turn, Now now, Actions& actions) noexcept;
    [[nodiscard]] bool asked_too_often(Now now) noexcept;
    void on_gap_fill(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_reset(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_logout(const Incoming& in, Now now, Actions& actions) noexcept;
    void on_second_logon(const Incoming& in, Now now, Actions& actions) noexcept;
    void consume(const Incoming& in, Actions& actions, const Fault& fault = {}) noexcept;
    void reject(const Incoming& in, const Fault& fault, Actions& actions,
                std::string_view text = {}) noexcept;
    void send_reject(const Incoming& in, const Fault& fault, Actions& actions,
                     std::string_view text = {}) noexcept;
    void ask_for_missing(Now now, Actions& actions) noexcept;
    void settle_gap(Now now, Actions& actions) noexcept;
    void send_logout(std::string_view text, Actions& actions) noexcept;
    void send_test_request(Now now, Actions& actions) noexcept;
    void end(risk::LogoutCause cause, Actions& actions) noexcept;
    void log_out_and_end(std::string_view text, Actions& actions) noexcept;
    Action& add(ActionKind kind, Actions& actions) noexcept;
    // session_logon.cpp
    struct LogonJudgement {
        risk::LogonVerdict verdict = risk::LogonVerdict::none;
        bool answered = true;  // with a Logout; else the connection is only ended
        risk::Text<160> text;
    };
    [[nodiscard]] LogonJudgement judge_identity(const Message& message, Now now) const noexcept;
    [[nodiscard]] LogonJudgement judge_logon(const Message& message, PendingLogon& pending) const noexcept;
    void on_first_message(const Message& message, const risk::Arrival& arrival, Now now,
                          Actions& actions) noexcept;
    void on_logon_answer(const Message& message, const risk::Arrival& arrival, Now now,
                         Actions& actions) noexcept;
    void settle_logon(Now now, Actions& actions) noexcept;
    void end_logon(const LogonJudgement& judgement, const Message* message, Actions& actions) noexcept;
    void reset_numbers(risk::ResetCause cause, Actions& actions) noexcept;
    void forget_gap() noexcept;

    SessionConfig config_;
    HeaderTemplate header_;
    LogonFields logon_fields_;
    EarlyMessages early_;
    State state_ = State::disconnected;
    bool test_request_out_ = false;
    risk::LogoutCause logout_cause_ = risk::LogoutCause::none;
    std::uint64_t next_in_ = 1;
    std::uint64_t next_out_ = 1;
    std::uint64_t gap_target_ = 0;    // the gap is filled once next_in_ has reached this; 0 = no gap
    std::uint64_t highest_seen_ = 0;  // of the messages that came too early
    std::uint32_t resend_asks_ = 0;
    std::uint32_t resend_requests_ = 0;  // of the peer, since
    risk::MonotonicNs resend_requests_ns_ = 0;
    std::uint32_t heartbeat_seconds_ = 0;
    PendingLogon pending_;
    risk::MonotonicNs last_received_ns_ = 0;
    risk::MonotonicNs last_sent_ns_ = 0;
    risk::MonotonicNs test_request_ns_ = 0;
    risk::MonotonicNs progress_ns_ = 0;    // of the gap: asked for, or a message of it came
    risk::MonotonicNs wait_until_ns_ = 0;  // end of a logon or logout wait
    std::array<char, 32> test_request_id_{};
    std::uint64_t test_requests_ = 0;
};

// --- helpers around a session

// Who a connection's first message says it is, so that the gateway can find the Session. ok is false for
// what no session would ever answer: not a Logon, or CompIDs missing. The second logon of a CompID already
// logged on is the gateway's to end: close its connection without an answer, so that no number is used.
struct FirstMessage {
    bool ok = false;
    std::string_view sender;  // 49: the peer
    std::string_view target;  // 56: us
    risk::LogonVerdict verdict = risk::LogonVerdict::none;
};
[[nodiscard]] FirstMessage examine_first(const Message& message) noexcept;

// Room that every session-level message of ours fits into.
inline constexpr std::size_t admin_message_max = 1024;

// Encodes a `send` action; 0 = it did not fit (never with admin_message_max bytes). `number` is the one
// take_number gave. A Reject turns the routing fields of the message it answers round.
[[nodiscard]] std::size_t encode_admin(Encoder& encoder, std::span<char> out, const Session& session,
                                       const Action& action, std::uint64_t number, Now now) noexcept;

// OnBehalfOf to DeliverTo and back (CompID, SubID, LocationID), empty ones left out. Call right after
// Encoder::begin: they are header fields.
void add_turned_routing(Encoder& encoder, const Message& message) noexcept;

// A gap fill of a resend: number with PossDup, NewSeqNo. Takes no number of the session.
[[nodiscard]] std::size_t encode_gap_fill(Encoder& encoder, std::span<char> out, const HeaderTemplate& header,
                                          std::uint64_t number, std::uint64_t new_number,
                                          risk::UtcNs sending_time_ns) noexcept;

}  // namespace fairlead::fix
