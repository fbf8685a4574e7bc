// The Records that are not about one order: sessions, venue lines, the program and its host.
// The Ledger acts on VenueSession and DeviceEvent only (they open and close the road); the rest it
// notes, so that their place in the order is as fixed as an order's.
#pragma once

#include "risk/record.hpp"

namespace fairlead::risk {

// Every attempt, before it is answered. The password is in no field and masked in the bytes kept.
struct LogonAttemptFacts {
    Arrival arrival;
    std::uint32_t heartbeat_seconds = 0;
    std::uint8_t reset_numbers = 0;    // ResetSeqNumFlag (141) = Y
    std::uint8_t password_change = 0;  // NewPassword (925) given
    std::uint8_t venue_side = 0;       // 1: our own logon to a venue line
    std::uint8_t reserved = 0;
};
struct LogonAttempt {
    Record record;
    LogonAttemptFacts facts;
    Person person;
};

enum class LogonVerdict : std::uint8_t {
    none = 0,
    accepted = 1,
    malformed = 2,        // not a Logon first, wrong version, impossible fields
    unknown_session = 3,  // CompIDs name no session
    bad_credentials = 4,  // unknown user and wrong password alike
    address_not_allowed = 5,
    already_logged_on = 6,
    locked = 7,
    outside_hours = 8,
    reset_not_permitted = 9,
    number_too_low = 10,
    password_expired = 11,
    sending_time = 12,
    timed_out = 13,  // connected and never logged on
    refused_by_venue = 14,
    new_password_refused = 15,
    left = 16,              // the client went away while its credentials were checked
    account_disabled = 17,  // the password was right, the account is off: by staff, idle, ended
    still_checking = 18,    // an earlier logon of the session was still being checked
    not_certified = 19,     // the password was right, the client's program has no certificate in force
    // On a TLS listener. All but other_certificate: the handshake failed, no byte of a message was taken.
    no_certificate = 20,  // none was shown, or the session must come by TLS and did not
    certificate_untrusted = 21,
    certificate_expired = 22,  // or not yet valid
    certificate_revoked = 23,
    other_certificate = 24,  // a good one, and not the one its session must come with
    old_tls_version = 25,
    early_data = 26,  // asked for; it could be sent again by anybody
    handshake_stalled = 27,
    handshake_failed = 28,  // no TLS, broken TLS, or the client did not like ours
};

// Answers the attempt named by record.cause. Numbers are those in force after it.
struct LogonResultFacts {
    std::uint64_t next_in = 0;   // message number expected next
    std::uint64_t next_out = 0;  // message number to be sent next, before the Logon answer is sent
    LogonVerdict verdict = LogonVerdict::none;
    std::uint8_t venue_side = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct LogonResult {
    Record record;
    LogonResultFacts facts;
    Person person;
};

enum class LogoutCause : std::uint8_t {
    none = 0,
    by_peer = 1,       // Logout received
    by_us = 2,         // Logout sent for a protocol reason
    disconnected = 3,  // FIN, RST or error
    heartbeat_lost = 4,
    by_operator = 5,
    slow_reader = 6,  // outgoing buffer full
    shutdown = 7,
    crash_recovery = 8,  // was logged on when the gateway died; closed by the next start
    over_rate = 9,       // more messages in a second than the session may send
    cut_off = 10,        // TLS: the connection ended without close_notify, what was sent last may be missing
    broken_record = 11,  // TLS: bytes that nobody with the connection's keys has sent
};
struct LogoutFacts {
    std::uint64_t next_in = 0;
    std::uint64_t next_out = 0;
    LogoutCause cause = LogoutCause::none;
    std::uint8_t venue_side = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct Logout {
    Record record;
    LogoutFacts facts;
    Person person;
};

enum class ResetCause : std::uint8_t {
    none = 0,
    gap_fill_received = 1,
    reset_received = 2,
    reset_at_logon = 3,
    by_operator = 4,
    new_day = 5,
    // The peer has had more messages of ours than the journal holds after the loss of its end (an Incident):
    // our number goes up to the peer's, never down. next_in stays.
    adopted_after_loss = 6,
};
struct SequenceResetFacts {
    Arrival arrival;
    std::uint64_t next_in = 0;
    std::uint64_t next_out = 0;
    ResetCause cause = ResetCause::none;
    std::uint8_t venue_side = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct SequenceReset {
    Record record;
    SequenceResetFacts facts;
};

// A session-level message, or an application message refused by the session rules, received (kind
// session_received) or sent (session_sent). message_number of `arrival` is its own number.
struct SessionMessageFacts {
    Arrival arrival;
    std::uint64_t next_in = 0;  // after this message
    std::uint64_t next_out = 0;
    Text<4> message_type;             // 35
    std::uint32_t reject_tag = 0;     // RefTagID of the Reject it caused or is
    std::uint16_t reject_reason = 0;  // SessionRejectReason + 1; 0 = none
    std::uint8_t venue_side = 0;
    std::uint8_t poss_dup = 0;
    std::array<std::uint8_t, 4> reserved{};
};
struct SessionMessage {
    Record record;
    SessionMessageFacts facts;
};

// A venue line opened for orders or closed. While no line of a venue is open its new orders are refused.
struct VenueSessionFacts {
    Venue venue = Venue::none;
    std::uint8_t open = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct VenueSession {
    Record record;  // session = line
    VenueSessionFacts facts;
};

enum class DeviceCause : std::uint8_t {
    none = 0,
    keeper_lost = 1,
    keeper_lag = 2,
    front_full = 3,
    disk_error = 4,
    disk_space = 5,
    sync_slow = 6,
    clock_untrusted = 7,
    recovered = 8,
    operator_close = 9,
    // The journal's device failed and it goes on on the spare; `value` is the number of the first segment
    // there. Closes orders for good: no recovery and no restart opens them again, only spare_resumed does,
    // the Record of two persons' word (its cause is their request).
    spare_ready = 10,
    spare_resumed = 11,
    // The kernel gives no receive stamps: arrivals are times of reading until the next start. Closes nothing.
    stamps_missing = 12,
    // Which list of revoked client certificates is in force from here on: `value` certificates are on it, the
    // Record's raw bytes say which list it is. Refused: the file could not be used, the list before stays.
    revocation_list = 13,
    revocation_list_refused = 14,
    // Level `replica`: too few standbys have acknowledged what was published; `value` is for how long, in ns.
    standby_lost = 17,
    // This journal was a standby's: its host takes over, `value` is the epoch of its first records. No venue
    // line is connected and no order taken until takeover_granted, the Record of two persons' word (its cause
    // is their request).
    taken_over = 18,
    takeover_granted = 19,
};
// Orders closed: new orders and increases are refused with Reason::journal_unavailable (or
// clock_untrusted), cancels and reductions pass.
struct DeviceEventFacts {
    std::int64_t value = 0;  // lag in bytes or ns, errno, offset in ns: by cause
    DeviceCause cause = DeviceCause::none;
    std::uint8_t orders_closed = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct DeviceEvent {
    Record record;
    DeviceEventFacts facts;
};

struct StartFacts {
    Sha256 program{};
    Sha256 configuration{};
    std::array<std::uint8_t, 16> boot_id{};
    std::uint64_t replayed_records = 0;
    StateDigest state_digest{};  // of the Ledger after replay
};
struct Start {
    Record record;
    StartFacts facts;
};

// How much of a day is taken in before Reason::capacity_orders and capacity_positions refuse. It is part of
// every such Decision, so a replay needs it, whatever room the replaying program has itself.
struct CapacityFacts {
    std::uint32_t orders = 0;
    std::uint32_t commands = 0;
    std::uint32_t executions = 0;
    std::uint32_t positions = 0;  // of accounts; as many again of investors
    std::uint32_t limits = 0;     // set by control; as many again of one security
    std::uint32_t halts = 0;
    auto operator<=>(const CapacityFacts&) const = default;
};
struct Capacity {
    Record record;
    CapacityFacts facts;
};

struct StopFacts {
    StateDigest state_digest{};
};
struct Stop {
    Record record;
    StopFacts facts;
};

struct ClockFacts {
    std::int64_t offset_ns = 0;  // UTC against monotonic since the last Record, beyond elapsed time
    std::uint8_t synchronised = 0;
    std::array<std::uint8_t, 7> reserved{};
};
struct Clock {
    Record record;
    ClockFacts facts;
};

// A control request that was refused, or one that only reads: who asked for what.
enum class ControlVerb : std::uint8_t {
    none = 0,
    status = 1,
    limit_show = 2,
    limit_set = 3,
    halt = 4,
    resume = 5,
    session_list = 6,
    session_disconnect = 7,
    order_show = 8,
    stop = 9,
    day_close = 10,
    login = 11,
    resolve = 12,
    journal_resume = 13,
    // Of users: the Record's raw bytes are the name of the user it is about.
    password_change = 14,
    user_list = 15,
    user_disable = 16,
    user_enable = 17,
    user_unlock = 18,
    user_reset = 19,
    fill_adjust = 20,
    logout = 21,  // of a token of the control socket: asked for, or idle too long (the reason says so)
    propose = 22,
    approve = 23,
    reject = 24,
    withdraw = 25,
    proposal_list = 26,
    // Of users, as above: the raw bytes name the user.
    user_add = 27,
    user_set_role = 28,
    totp_enrol = 29,
    totp_confirm = 30,
    totp_remove = 31,
    review_list = 32,
    review_decide = 33,
    visit_list = 34,
    visit_open = 35,
    visit_close = 36,
    visit_sign = 37,
    // Asked for; and, with that Record as its cause, done (the raw bytes are the new configuration's SHA-256
    // and what changed) or, denied, not done (the raw bytes are file, field and value).
    reload = 38,
};
struct ControlFacts {
    ControlVerb verb = ControlVerb::none;
    std::uint8_t denied = 0;  // 1: no right to it, 2: bad credentials, 3: malformed or impossible,
                              // 4: recorded, and then not done
    std::array<std::uint8_t, 6> reserved{};
};
struct ControlEvent {  // user_event or denied_request
    Record record;
    ControlFacts facts;
    Subject subject;
};

// What one person asks for and another one must approve: a limit, or a resume.
enum class ProposalAct : std::uint8_t { none = 0, limit_set = 1, resume = 2 };
struct ProposalFacts {
    LimitSetFacts limit;     // limit_set
    HaltFacts halt;          // resume
    UtcNs effective_ns = 0;  // 0 = as soon as approved
    UtcNs expires_ns = 0;    // of a raise: when it goes back; 0 = never
    Sequence batch = 0;      // the first proposal of its batch; 0 = alone, or the first itself
    ProposalAct act = ProposalAct::none;
    std::uint8_t alone = 0;  // 1: a lowering at a later time, which needs no second person
    std::array<std::uint8_t, 6> reserved{};
};
struct Proposal {
    Record record;
    ProposalFacts facts;
    Subject subject;  // user = who proposes
};

enum class ApprovalVerdict : std::uint8_t {
    none = 0,
    approved = 1,
    rejected = 2,
    withdrawn = 3,  // by who proposed
    lapsed = 4,     // nobody answered in time: by the gateway itself
};
// Answers a proposal, or with `whole_batch` every open one of its batch. record.cause = the proposal. What is
// then done has this Record as its cause, one Record for each proposal, in their order.
struct ApprovalFacts {
    Sequence proposal = 0;
    ApprovalVerdict verdict = ApprovalVerdict::none;
    std::uint8_t whole_batch = 0;
    std::array<std::uint8_t, 6> reserved{};
};
struct Approval {
    Record record;
    ApprovalFacts facts;
    Subject subject;  // user = who proposed, approver = who answers
};

// Stands before a LimitSet that raises for a time only: what the limit goes back to, and when. record.cause =
// the proposal.
struct LimitTermFacts {
    LimitSetFacts back;  // value = what it goes back to
    UtcNs expires_ns = 0;
};
struct LimitTerm {
    Record record;
    LimitTermFacts facts;
    Subject subject;
};

// What the gateway did of itself at a level, by configuration.
enum class LadderStep : std::uint8_t { none = 0, warn = 1, slow = 2, block = 3, block_and_cancel = 4 };
struct UsageLevelFacts {
    Amount usage = 0;
    Amount limit = 0;
    Sequence limit_version = 0;
    std::uint16_t permille = 0;  // the level's set (rising) or clear (falling) mark
    Dimension dimension = Dimension::none;
    std::uint8_t level = 0;  // the level it stands at now: 0 = below all, 1 = the lowest
    std::uint8_t rising = 0;
    LadderStep step = LadderStep::none;
    Scope scope = Scope::none;  // whose limit; none, as it was written of old: the investor's
    std::uint8_t reserved = 0;
};
struct UsageLevel {
    Record record;
    UsageLevelFacts facts;
    Subject subject;  // investor or account by scope; a branch by its account's branch
};

// A vendor's visit: the raw bytes are the vendor's name.
enum class VisitAct : std::uint8_t { none = 0, opened = 1, closed = 2, signed_off = 3 };
struct VisitFacts {
    UtcNs until_ns = 0;  // of an opening: the vendor may look until then
    Text<32> ticket;
    VisitAct act = VisitAct::none;
    std::array<std::uint8_t, 7> reserved{};
};
struct Visit {
    Record record;
    VisitFacts facts;
    Subject subject;  // reason = the purpose, or what was found
};

// A decision of the half-yearly review of rights: the raw bytes are the reviewed user's name.
enum class ReviewDecision : std::uint8_t { none = 0, kept = 1, removed = 2 };
struct ReviewFacts {
    std::uint32_t half_year = 0;  // yyyymm of its first month
    ReviewDecision decision = ReviewDecision::none;
    std::array<std::uint8_t, 3> reserved{};
};
struct Review {
    Record record;
    ReviewFacts facts;
    Subject subject;
};

enum class IncidentCause : std::uint8_t {
    none = 0,
    // The front is gone and the journal does not end with a Stop: Records of level `process` may be missing
    // behind this place, and what they allowed may be at the venues. From here on a command's ClOrdID at the
    // venue is its sequence + identifier_shift, so that no number is given twice.
    journal_end_lost = 1,
    // A peer has had messages of ours that the journal does not hold. record.session = session or line; the
    // cause is the Record of what the peer said.
    peer_ahead = 2,
    // The program or its configuration is not on the list of those approved: this run ends here.
    not_approved = 3,
    // A venue has refused our_number orders of a line one after the other: a Halt of the venue follows.
    // record.session = line.
    venue_refuses_all = 4,
};
struct IncidentFacts {
    std::uint64_t our_number = 0;   // peer_ahead: of our Logon; venue_refuses_all: refusals in a row
    std::uint64_t peer_number = 0;  // peer_ahead: the number the peer expects
    std::uint64_t identifier_shift = 0;
    IncidentCause cause = IncidentCause::none;
    std::uint8_t level = 0;  // of the Records before: 0 process, 1 disk
    std::uint8_t venue_side = 0;
    std::array<std::uint8_t, 5> reserved{};
};
struct Incident {
    Record record;
    IncidentFacts facts;
};

static_assert(is_plain<Incident>);
static_assert(is_plain<LogonAttempt> && is_plain<LogonResult> && is_plain<Logout>);
static_assert(is_plain<SequenceReset> && is_plain<SessionMessage> && is_plain<VenueSession>);
static_assert(is_plain<DeviceEvent> && is_plain<Start> && is_plain<Stop> && is_plain<Clock>);
static_assert(is_plain<ControlEvent>);
static_assert(is_plain<Proposal> && is_plain<Approval> && is_plain<LimitTerm> && is_plain<UsageLevel>);
static_assert(is_plain<Visit> && is_plain<Review>);

}  // namespace fairlead::risk
