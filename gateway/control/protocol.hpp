// What passes between the control thread and the order thread: fixed requests and replies, fit for the
// Inbox, and how they look as JSON lines on the socket. No decision is made here: the order thread
// decides, and every request, also a denied one, becomes a Record there. Used by ControlServer, the
// order thread, and the `fairlead` program.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "config/gateway_config.hpp"
#include "gateway/control/user_store.hpp"
#include "risk/decision.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

struct Reload;

inline constexpr int control_protocol_version = 1;
inline constexpr std::size_t control_line_bytes_max = 4096;
inline constexpr std::size_t control_token_characters = 64;  // 32 random bytes, in hexadecimal

// How the server came to its answer before the order thread was asked; ControlFacts::denied.
enum class Denied : std::uint8_t { no = 0, no_right = 1, bad_credentials = 2, malformed = 3, failed = 4 };

// One request. Persons in `subject` are verified before it is handed over, unless `facts.denied` says
// otherwise; then the order thread writes a denied_request Record and replies with its sequence.
//
// What the order thread owes each verb (its reply goes back through ControlServer::reply):
//  status, session_list, limit_show, order_show   a user_event Record, then rows
//  limit_set    a limit_set Record. A raise (or lifting) without subject.approver is refused with
//               Reason::not_authorised: only the order thread knows the Limit in force
//  halt, resume a halt or resume Record
//  fill_adjust  a fill_adjusted Record
//  session_disconnect, stop, day_close, resolve, journal_resume   a user_event Record, then the act
//  propose, approve, reject, withdraw   their Records, then what they bring about
//  visit_...    a maintenance_visit Record; review_decide a review Record; then as below
//  password_change, user_..., totp_...   a user_event Record with `target` in its raw bytes; ControlServer
//  then has
//               the act done by its worker, and if that fails hands the request over again as denied
//  reload       a user_event Record; ControlServer then has the configuration read again and hands the
//  request
//               over once more, with what was read: a Record, then what changed is taken; or denied
struct ControlRequest {
    std::uint64_t request = 0;  // the server's number; every reply carries it back
    risk::ControlFacts facts;
    risk::Subject subject;         // who, approver, why; investor or account for limits and halts
    risk::LimitSetFacts limit;     // limit_set; scope, dimension (none = all), symbol for limit_show
    risk::HaltFacts halt;          // halt, resume
    risk::FillAdjustedFacts fill;  // fill_adjust
    risk::Sequence order_key = 0;  // order_show, resolve, fill_adjust
    risk::Sequence cause = 0;      // failed: the Record of what was asked and then not done
    std::uint32_t session = 0;     // session_disconnect; session or line
    std::uint32_t peer_user = 0;   // SO_PEERCRED of the socket: uid and pid of the asking process
    std::uint32_t peer_process = 0;
    risk::Resolution resolution = risk::Resolution::none;
    risk::UserName target;  // password_change, the verbs of users, visits and reviews: whom it is about
    // propose: `limit` or `halt`, and these. limit_set has expires_ns alone.
    risk::ProposalAct act = risk::ProposalAct::none;
    risk::UtcNs effective_ns = 0;  // 0 = at once
    risk::UtcNs expires_ns = 0;    // 0 = never; visit_open: its end
    risk::Sequence batch = 0;
    risk::Sequence proposal = 0;  // approve, reject, withdraw
    std::uint32_t members = 0;    // of the batch, as the asker has counted its open ones; 0 = this one alone
    bool all = false;             // proposal_list: also the answered ones that are remembered
    config::Role role = config::Role::none;  // user_add, user_set_role
    risk::VisitAct visit = risk::VisitAct::none;
    risk::ReviewDecision decision = risk::ReviewDecision::none;
    std::uint32_t half_year = 0;  // review_decide, by ControlServer
    risk::Text<32> ticket;        // visit_open
    Reload* reload = nullptr;     // of reload, once it was read; given back as ReloadOver
};

struct StatusRow {
    risk::UtcNs utc_ns = 0;
    risk::Sequence sequence = 0;  // last Record
    risk::Sequence synced = 0;    // last Record on stable storage, as the keeper says
    std::uint32_t date = 0;       // trading day, yyyymmdd; 0 = none begun
    std::uint32_t orders = 0;     // accepted today
    std::uint32_t open = 0;
    std::uint32_t in_doubt = 0;
    std::uint32_t executions = 0;
    std::uint32_t sessions_on = 0;
    std::uint32_t sessions = 0;
    std::uint32_t lines_on = 0;
    std::uint32_t lines = 0;
    risk::Reason road_twse = risk::Reason::none;  // why new orders are refused; none = open
    risk::Reason road_tpex = risk::Reason::none;
    bool firm_halted = false;
    config::JournalLevel level = config::JournalLevel::process;
    risk::Sequence acked = 0;             // by as many standbys as are asked; at level `replica` only
    risk::Text<64> standbys;              // each one's state, at level `replica`
    bool takeover_waits = false;          // for two persons, since this host took over
    risk::Text<32> keeper;                // what it is doing
    std::int32_t spare_segments = -1;     // ready on the spare device; -1: there is none
    bool journal_waits = false;           // for two persons, since it went over to the spare
    std::uint64_t log_lines_dropped = 0;  // since the start: the writer of the log did not keep up
};

struct LimitRow {
    risk::Scope scope = risk::Scope::none;
    risk::Dimension dimension = risk::Dimension::none;
    bool given = false;
    bool usage_known = false;
    risk::Symbol symbol;
    risk::Amount value = 0;
    risk::Amount usage = 0;
    risk::Sequence version = 0;
    risk::UtcNs expires_ns = 0;  // it goes back then, to `base`; 0 = it stays
    risk::Amount base = 0;
};

struct SessionRow {
    std::uint32_t id = 0;
    bool venue_side = false;
    bool logged_on = false;
    risk::Venue venue = risk::Venue::none;
    risk::Text<16> sender_comp_id;  // the peer's, client side; ours, venue side
    risk::Text<16> target_comp_id;
    risk::UserName user;
    std::array<std::uint8_t, 16> address{};  // of the peer, mapped; zeros when not connected
    std::uint64_t next_in = 0;
    std::uint64_t next_out = 0;
    std::uint32_t waiting = 0;  // commands waiting for the line's rate
};

struct OrderRow {
    risk::Sequence order_key = 0;
    std::uint32_t session = 0;
    std::uint32_t line = 0;
    risk::Venue venue = risk::Venue::none;
    risk::Side side = risk::Side::none;
    risk::OrderType order_type = risk::OrderType::none;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    risk::SessionKind session_kind = risk::SessionKind::regular;
    risk::OrderStatus status = risk::OrderStatus::none;
    bool open = false;
    bool in_doubt = false;
    risk::Symbol symbol;
    risk::AccountKey account;
    risk::InvestorId investor;
    risk::ClientOrderId client_order_id;
    risk::OrderNumber order_number;
    risk::Quantity ordered = 0;
    risk::Quantity leaves = 0;
    risk::Quantity filled = 0;
    risk::Amount filled_amount = 0;
    risk::Price price = 0;
    risk::Amount reserve = 0;
};

enum class ProposalState : std::uint8_t {
    none = 0,
    open = 1,      // waits for a second person
    approved = 2,  // waits for its time, or for its turn
    in_force = 3,
    refused = 4,  // approved, and refused by the Ledger when its time had come
    rejected = 5,
    withdrawn = 6,
    lapsed = 7,
};

struct ProposalRow {
    risk::Sequence number = 0;
    risk::Sequence answer = 0;
    risk::Sequence effect = 0;
    risk::UtcNs made_ns = 0;
    risk::ProposalFacts facts;
    risk::Subject subject;
    risk::UserName answerer;
    risk::Text<64> answer_reason;
    risk::Amount in_force = -1;  // the limit as it is now; -1: not one of today's
    risk::Reason reason = risk::Reason::none;
    ProposalState state = ProposalState::none;
};

using ControlRow = std::variant<std::monostate, StatusRow, LimitRow, SessionRow, OrderRow, ProposalRow>;

// One reply carries at most one row; `more` says that another reply to the same request follows.
// A plain value: no heap, so the order thread may make it.
struct ControlReply {
    std::uint64_t request = 0;
    risk::Sequence sequence = 0;               // of the Record the request became
    risk::Reason reason = risk::Reason::none;  // why refused; none = done
    bool ok = false;
    bool more = false;
    risk::Text<512> text;  // what else a person should know, may be empty
    ControlRow row;
};
static_assert(std::is_trivially_copyable_v<ControlRequest> && std::is_trivially_copyable_v<ControlReply>);

// --- JSON lines ---

// A request as read from the socket, before anybody is verified. Passwords are wiped by the server.
struct ControlMessage {
    ControlRequest request;
    std::string user;
    std::string password;
    std::string approver;
    std::string approver_password;
    std::string new_password;
    std::string token;          // in place of user and password
    std::string totp;           // six digits of the second factor
    std::string approver_totp;  // the same of the approver
    bool session = false;       // login: answer with a token
    std::uint64_t id = 0;       // the client's own number, echoed
    std::string error;          // not empty: malformed, and why; verb and user as far as they could be read
};
// {"version":1,"id":1,"verb":"limit_set","user":"ann","password":"..","reason":"..",...}
[[nodiscard]] ControlMessage parse_control_line(std::string_view line);

// Empty, or the rule broken by asker or approver acting upon their own account. Asked by the parser, and
// again once a token has told who asks.
[[nodiscard]] std::string why_oneself(const ControlMessage& message);

// The word of a verb on the wire and in the rights table; none for an unknown word.
[[nodiscard]] std::string_view verb_name(risk::ControlVerb verb) noexcept;
[[nodiscard]] risk::ControlVerb parse_verb(std::string_view text) noexcept;
[[nodiscard]] std::string_view scope_name(risk::Scope scope) noexcept;
[[nodiscard]] risk::Scope parse_scope(std::string_view text) noexcept;
[[nodiscard]] std::string_view dimension_name(risk::Dimension dimension) noexcept;
[[nodiscard]] risk::Dimension parse_dimension(std::string_view text) noexcept;

// One JSON line without its newline.
// {"id":1,"ok":true,"sequence":7,"reason":"none","text":"","more":false,"row":{"kind":"limit",...}}
// `text` in place of the reply's own, where it is longer than that may be.
[[nodiscard]] std::string reply_line(const ControlReply& reply, std::uint64_t id, std::string_view text = {});
// {"id":1,"ok":false,"error":"no_right","text":"...","sequence":7,"more":false}: refused by the server
// itself; sequence 0: no Record was made (busy, timed_out, too_many_requests).
[[nodiscard]] std::string refusal_line(std::uint64_t id, std::string_view error, std::string_view text,
                                       risk::Sequence sequence);
// The same for a row that ControlServer makes itself.
[[nodiscard]] std::string user_line(const UserView& row, risk::Sequence sequence, bool more,
                                    std::uint64_t id);
// What a lasting logon is answered with.
struct TokenRow {
    std::string token;  // empty: none, since the password must be changed first
    config::Role role = config::Role::none;
    bool must_change = false;
    std::uint32_t idle_s = 0;
};
[[nodiscard]] std::string visit_line(const VisitView& row, risk::Sequence sequence, bool more,
                                     std::uint64_t id);
[[nodiscard]] std::string review_line(const ReviewView& row, risk::Sequence sequence, bool more,
                                      std::uint64_t id);
[[nodiscard]] std::string token_line(const TokenRow& row, risk::Sequence sequence, std::uint64_t id);
// Whether amounts of this dimension are NTD; else shares or commands.
[[nodiscard]] bool in_ntd(risk::Dimension dimension) noexcept;
// Whether the verb changes something, and so must say why.
[[nodiscard]] bool is_act(risk::ControlVerb verb) noexcept;

}  // namespace fairlead::gateway
