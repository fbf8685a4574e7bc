// Record: everything that can happen, one struct a kind, under one header. Nothing else moves state.
// Each struct is header + Facts (+ Person): Facts go to the journal's section 1 (public facts),
// Person to section 2, byte for byte, so they have no padding and every byte has one meaning.
// The bytes as received (section 3) are kept by the journal, not here: the Ledger decides on facts.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "risk/words.hpp"

namespace fairlead::risk {

// The numbers are the journal's record types (format version 1) and never change meaning.
enum class RecordKind : std::uint16_t {
    none = 0,
    genesis = 1,
    start = 2,
    stop = 3,
    clock = 4,
    level_change = 5,
    device_event = 6,
    key_change = 7,
    checkpoint_signed = 8,
    tick = 9,
    capacity = 10,  // how much the tables of this run hold, where that is not what the Ledger was told before
    logon_attempt = 16,
    logon_result = 17,
    logout = 18,            // logout or disconnect, client or venue side
    sequence_reset = 19,    // a message number moved otherwise than by one, with its cause
    session_received = 20,  // a session-level or refused message received: consumed a message number
    session_sent = 21,      // a session-level message sent: took an outgoing message number
    new_order = 32,
    replace_order = 33,
    cancel_order = 34,
    order_status = 35,
    mass_cancel = 36,
    released = 37,       // a command that waited for its line's rate got its line and number
    wait_expired = 38,   // a command waited past the age limit and is ended unsent
    halted_unsent = 39,  // a command waited when its order was halted and is ended unsent
    handed_to_socket = 48,
    in_doubt = 49,
    resolved = 50,
    venue_report = 64,
    venue_reject = 65,
    venue_session = 66,
    orphan_report = 67,
    fill_adjusted = 68,  // two persons book a venue's bust or correction of a fill
    proposal = 80,
    approval = 81,
    limit_set = 82,
    halt = 83,
    resume = 84,
    user_event = 85,
    denied_request = 86,
    limit_term = 87,   // a raise to come has an end; the limit set behind it reverts there
    usage_level = 88,  // the usage of a limit crossed a warning level, up or down
    day_start = 96,
    day_close = 97,
    incident = 112,
    maintenance_visit = 113,
    review = 114,
};

// What every Record begins with. Written by the Sequencer and by nobody else.
struct Record {
    Sequence sequence = 0;
    UtcNs utc_ns = 0;              // may step; a step is a Record of its own
    MonotonicNs monotonic_ns = 0;  // never falls within one boot
    Sequence cause = 0;            // the Record this one answers; 0 = none
    std::uint32_t session = 0;     // client session or venue line number, 0 = none
    RecordKind kind = RecordKind::none;
    std::uint16_t flags = 0;  // the journal header's flags: level, secrets masked, in doubt, replayed
};

// When and as what a message arrived. kernel_ns is the kernel's receive stamp of the read;
// effective_ns is the stamp it competed with (the arrival rule). Both UTC; 0 = no stamp given.
struct Arrival {
    UtcNs kernel_ns = 0;
    UtcNs effective_ns = 0;
    std::uint64_t message_number = 0;  // FIX MsgSeqNum (34) as received
};

// Who bears the order, who sent it, and from where.
struct Person {
    InvestorId investor;
    AccountKey account;
    UserName user;
    std::array<std::uint8_t, 16> address{};  // IPv6, or IPv4 mapped into it
    std::array<std::uint8_t, 12> reserved{};
};

enum : std::uint8_t {
    poss_resend_flag = 1,  // FIX PossResend (97) = Y
    poss_dup_flag = 2,     // FIX PossDupFlag (43) = Y
};

struct NewOrderFacts {
    Arrival arrival;
    Symbol symbol;
    ClientOrderId client_order_id;
    Quantity quantity = 0;       // shares
    Price price = 0;             // 0 for market orders
    UtcNs transact_time_ns = 0;  // TransactTime (60) as sent
    Side side = Side::none;
    OrderType order_type = OrderType::none;  // none: a type or TIF of FIX not traded here, to be refused
    TimeInForce time_in_force = TimeInForce::rest_of_day;
    SessionKind session_kind = SessionKind::regular;
    CreditType credit_type = CreditType::cash;
    Channel channel = Channel::none;
    std::uint8_t message_flags = 0;
    std::uint8_t reserved = 0;
};
struct NewOrder {
    Record record;
    NewOrderFacts facts;
    Person person;
};

// Quantity is the new total, fills included (FIX OrderQty); price 0 = unchanged market order.
struct ReplaceOrderFacts {
    Arrival arrival;
    Symbol symbol;
    ClientOrderId client_order_id;
    ClientOrderId original_client_order_id;
    Quantity quantity = 0;
    Price price = 0;
    UtcNs transact_time_ns = 0;
    Side side = Side::none;
    OrderType order_type = OrderType::none;
    std::uint8_t message_flags = 0;
    std::array<std::uint8_t, 5> reserved{};
};
struct ReplaceOrder {
    Record record;
    ReplaceOrderFacts facts;
    Person person;
};

// Why a cancel exists. Those the gateway makes itself name their order by key, not by ClOrdID.
enum class CancelOrigin : std::uint8_t {
    client = 0,
    mass_cancel = 1,
    disconnect = 2,
    halt = 3,
    limit_cut = 4
};

struct CancelOrderFacts {
    Arrival arrival;
    Symbol symbol;
    ClientOrderId client_order_id;
    ClientOrderId original_client_order_id;
    Sequence order_key = 0;  // 0 unless the gateway made this cancel
    UtcNs transact_time_ns = 0;
    Side side = Side::none;
    CancelOrigin origin = CancelOrigin::client;
    std::uint8_t message_flags = 0;
    std::array<std::uint8_t, 5> reserved{};
};
struct CancelOrder {
    Record record;
    CancelOrderFacts facts;
    Person person;
};

struct OrderStatusFacts {
    Arrival arrival;
    Symbol symbol;
    ClientOrderId client_order_id;  // of the order asked about
    Text<24> request_id;            // OrdStatusReqID (790), may be empty
    Side side = Side::none;
    std::array<std::uint8_t, 7> reserved{};
};
struct OrderStatusRequest {
    Record record;
    OrderStatusFacts facts;
    Person person;
};

// FIX MassCancelRequestType (530) as served: 1 one security, 7 all orders of the session.
enum class MassCancelKind : std::uint8_t { none = 0, symbol = '1', all = '7' };

struct MassCancelFacts {
    Arrival arrival;
    Symbol symbol;
    ClientOrderId client_order_id;
    UtcNs transact_time_ns = 0;
    Side side = Side::none;  // none = both
    MassCancelKind mass_kind = MassCancelKind::none;
    CancelOrigin origin = CancelOrigin::client;
    std::array<std::uint8_t, 5> reserved{};
};
struct MassCancel {
    Record record;
    MassCancelFacts facts;
    Person person;
};

// A command that waited for its venue line's rate left the queue (released), grew too old (wait_expired) or
// was overtaken by a halt (halted_unsent). record.cause names the command.
struct ReleasedFacts {
    Sequence command = 0;
    std::int64_t waited_ns = 0;
};
struct Released {
    Record record;
    ReleasedFacts facts;
};
struct WaitExpired {  // and halted_unsent
    Record record;
    ReleasedFacts facts;
};

// The bytes of outgoing venue messages first_number..last_number were handed to the line's socket.
struct HandedToSocketFacts {
    std::uint64_t first_number = 0;
    std::uint64_t last_number = 0;
    UtcNs departure_utc_ns = 0;
    MonotonicNs departure_monotonic_ns = 0;
};
struct HandedToSocket {
    Record record;
    HandedToSocketFacts facts;
};

// The bytes of a command may have reached the venue and nothing proves it either way.
struct InDoubtFacts {
    Sequence command = 0;  // New, Replace or Cancel
    Sequence order_key = 0;
};
struct InDoubt {
    Record record;
    InDoubtFacts facts;
};

enum class Resolution : std::uint8_t {
    none = 0,
    never_sent = 1,           // bytes proven not handed to the socket
    gap_filled = 2,           // the venue asked for its number: it has not processed it
    venue_does_not_know = 3,  // status request on the same line answered "order not found"
    venue_knows = 4,          // status answered with a state; the order lives on
    by_operator = 5,
    venue_did = 6,      // of a Replace: status answered with the terms it asked for
    venue_did_not = 7,  // of a Replace or Cancel: status answered with the order as it was before
};

// An in-doubt command settled. record.cause names the evidence (a venue Record), never time alone.
struct ResolvedFacts {
    Sequence command = 0;
    Sequence order_key = 0;
    Resolution resolution = Resolution::none;
    std::array<std::uint8_t, 7> reserved{};
};
struct Resolved {
    Record record;
    ResolvedFacts facts;
};

// A venue's ExecutionReport (8), read and mapped. order_key and command come from its ClOrdID;
// order_key is 0 where it is none of ours: then it is journaled as orphan_report, and command is the number
// in its ClOrdID, which is no command of this journal.
struct VenueReportFacts {
    Arrival arrival;
    Sequence order_key = 0;  // the New this order began with
    Sequence command = 0;    // the command its ClOrdID names
    ExecutionId execution_id;
    OrderNumber order_number;
    Symbol symbol;
    Quantity order_quantity = 0;   // shares, tag 38 as the venue means it for this ExecType
    Quantity leaves_quantity = 0;  // shares, tag 151: what is left at the venue
    Quantity filled_quantity = 0;  // shares, tag 14; -1 when absent
    Quantity last_quantity = 0;    // shares, tag 32, trades only
    Price price = 0;               // tag 44
    Price last_price = 0;          // tag 31, trades only
    UtcNs transact_time_ns = 0;
    AccountKey account;  // tag 1 and SenderSubID/TargetSubID as echoed
    // nnnn of "nnnn-TEXT", 0 = none. A leading letter counts from 10: "C014" (intraday odd lot) is 12014.
    std::uint16_t venue_code = 0;
    OrderStatus exec_type = OrderStatus::none;
    OrderStatus order_status = OrderStatus::none;
    Side side = Side::none;
    std::uint8_t message_flags = 0;
    SessionKind session_kind = SessionKind::regular;  // by AP-CODE
    std::uint8_t reserved = 0;
};
struct VenueReport {
    Record record;
    VenueReportFacts facts;
};
// Nothing of the order works at the venue any more, and not because all of it has filled.
[[nodiscard]] constexpr bool says_over(const VenueReportFacts& facts) noexcept {
    return facts.order_status == OrderStatus::cancelled || facts.order_status == OrderStatus::expired;
}

// A venue's OrderCancelReject (9), session Reject (3) or BusinessMessageReject (j) of one command.
struct VenueRejectFacts {
    Arrival arrival;
    Sequence order_key = 0;
    Sequence command = 0;
    std::uint64_t reference_number = 0;  // RefSeqNum (45) of 3 and j
    std::uint16_t venue_code = 0;
    char message_type = '9';         // '9', '3' or 'j'
    std::uint8_t reject_reason = 0;  // CxlRejReason, SessionRejectReason or BusinessRejectReason
    std::array<std::uint8_t, 4> reserved{};
};
struct VenueReject {
    Record record;
    VenueRejectFacts facts;
};

// A Limit in force from this Record on. Version = this Record's sequence.
struct LimitSetFacts {
    Amount value = 0;  // NTD/10,000, shares, or a count: by dimension. `unlimited` lifts it
    Symbol symbol;     // for the symbol dimensions; empty = every security
    Scope scope = Scope::none;
    Dimension dimension = Dimension::none;
    std::array<std::uint8_t, 6> reserved{};
};
// Whom an act of control is about, and whose act it is.
struct Subject {
    InvestorId investor;
    AccountKey account;  // branch alone for Scope::branch
    UserName user;       // who asked
    UserName approver;   // the second person, empty where one suffices
    Text<64> reason;
    std::array<std::uint8_t, 4> reserved{};
};
struct LimitSet {
    Record record;
    LimitSetFacts facts;
    Subject subject;
};

// A fill the venue has bust or corrected, booked by two persons: until then its credit stays used.
struct FillAdjustedFacts {
    Sequence order_key = 0;
    ExecutionId execution_id;  // the venue's
    Price price = 0;           // the corrected price; 0 = the fill is bust
};
struct FillAdjusted {
    Record record;
    FillAdjustedFacts facts;
    Subject subject;
};

struct HaltFacts {
    Symbol symbol;
    std::uint32_t session = 0;
    Scope scope = Scope::none;
    Venue venue = Venue::none;
    std::uint8_t cancel_open = 0;  // 1: open orders in scope are cancelled, one Record each
    std::uint8_t reserved = 0;
};
struct Halt {
    Record record;
    HaltFacts facts;
    Subject subject;
};
struct Resume {
    Record record;
    HaltFacts facts;
    Subject subject;
};

using Sha256 = std::array<std::uint8_t, 32>;
// Not a cryptographic hash: equal states have equal digests, and it is compared by our own replay only.
using StateDigest = std::array<std::uint64_t, 2>;

// A trading day begins with the reference data of these hashes; counters of the day are zero.
// Limits set earlier by control stay; opening limits fill only what was never set by control.
struct DayStartFacts {
    UtcNs origin_utc_ns = 0;  // local midnight of the day, or the demo's start: phases count from it
    std::uint32_t date = 0;   // yyyymmdd
    std::uint32_t reserved = 0;
    Sha256 securities{};
    Sha256 accounts{};
    Sha256 limits{};
    Sha256 inventory{};
    Sha256 calendar{};
    Sha256 rules{};
    Sha256 sessions{};  // which accounts each client session may trade for
};
struct DayStart {
    Record record;
    DayStartFacts facts;
};
struct DayClose {
    Record record;
};

template <class T>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<T>&& std::has_unique_object_representations_v<T>;

static_assert(is_plain<Record> && sizeof(Record) == 40);
static_assert(is_plain<Person> && sizeof(Person) == 64);
static_assert(is_plain<NewOrder> && sizeof(NewOrderFacts) == 88);
static_assert(is_plain<ReplaceOrder> && sizeof(ReplaceOrderFacts) == 112);
static_assert(is_plain<CancelOrder> && sizeof(CancelOrderFacts) == 104);
static_assert(is_plain<OrderStatusRequest> && is_plain<MassCancel>);
static_assert(is_plain<Released> && is_plain<WaitExpired> && is_plain<HandedToSocket>);
static_assert(is_plain<InDoubt> && is_plain<Resolved>);
static_assert(is_plain<VenueReport> && is_plain<VenueReject>);
static_assert(is_plain<LimitSet> && is_plain<Subject> && is_plain<Halt> && is_plain<Resume>);
static_assert(is_plain<DayStart> && is_plain<FillAdjusted>);

}  // namespace fairlead::risk
