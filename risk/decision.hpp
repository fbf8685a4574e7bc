// Decision: the Ledger's answer to one Record. Fixed bytes, journaled as section 4 beside the Record,
// and compared byte for byte in replay. Enough stands in it to encode the client's report again
// without asking the Ledger, which is how resends are made.
#pragma once

#include <cstdint>

#include "risk/reason.hpp"
#include "risk/record.hpp"

namespace fairlead::risk {

enum class Outcome : std::uint8_t {
    none = 0,
    noted = 1,      // nothing to decide: state moved or did not, nobody is answered
    accepted = 2,   // a command that may go to the venue, or a control act in force
    refused = 3,    // a command refused by `reason`: nothing reserved, nothing sent
    applied = 4,    // a venue event applied to its order
    duplicate = 5,  // a venue event seen before: recorded, nothing changed
    orphan = 6,     // a venue event for no order of ours
    restated = 7,   // PossResend of a known order, status request: answered with the current state
};

// What the client is told, if anything.
enum class Answer : std::uint8_t {
    none = 0,
    execution_report = 1,
    cancel_reject = 2,
    mass_cancel_report = 3,
    business_reject = 4,
};

enum : std::uint8_t {
    late_fill_flag = 1,    // a fill after the order was ended, settled from the late-fill reserve
    overfill_flag = 2,     // filled beyond the ordered quantity: alarm, new orders of the investor halted
    improvement_flag = 4,  // a sell filled above its reserving price
    limit_warning_1 = 8,   // firm counter crossed its first warning level with this Record
    limit_warning_2 = 16,  // ... its second
};

struct Decision {
    Sequence sequence = 0;             // of the Record answered
    Sequence order_key = 0;            // sequence of the order's New; 0 = no order
    std::uint32_t order_slot = 0;      // the order's place in the Ledger today; 0 = none
    std::uint32_t client_session = 0;  // session the answer goes to
    Reason reason = Reason::none;
    std::uint16_t venue_code = 0;
    Outcome outcome = Outcome::none;
    Answer answer = Answer::none;
    // ExecType (150) of the answer. Of a cancel_reject: pending_replace or pending_cancel, whichever
    // request was refused (it becomes CxlRejResponseTo, 434).
    OrderStatus exec_type = OrderStatus::none;
    OrderStatus order_status = OrderStatus::none;  // OrdStatus (39) after this Record
    // The order after this Record.
    Quantity ordered = 0;
    Quantity leaves = 0;
    Quantity filled = 0;
    Amount filled_amount = 0;  // sum of price x quantity over its fills
    Price price = 0;
    Quantity last_quantity = 0;
    Price last_price = 0;
    // Credit: of the check that refused, or of the tightest binding dimension when accepted.
    Amount usage_before = 0;
    Amount usage_after = 0;
    Amount limit = 0;
    Sequence limit_version = 0;  // sequence of the Record that set the limit
    Amount reserve_before = 0;   // the order's own R, investor's amount dimensions
    Amount reserve_after = 0;
    std::uint64_t checks_passed = 0;  // bit n: check n of the ordered list passed
    Sequence related = 0;  // the order that won a race, the duplicate's first, the order self-matched
    Dimension dimension = Dimension::none;
    Scope scope = Scope::none;
    Side side = Side::none;
    OrderType order_type = OrderType::none;
    TimeInForce time_in_force = TimeInForce::rest_of_day;
    SessionKind session_kind = SessionKind::regular;
    CreditType credit_type = CreditType::cash;
    std::uint8_t flags = 0;
    Venue venue = Venue::none;
    std::array<std::uint8_t, 7> reserved{};
    Symbol symbol;
    ClientOrderId client_order_id;           // 11 of the answer
    ClientOrderId original_client_order_id;  // 41 of the answer, empty = absent
    AccountKey account;
};

static_assert(is_plain<Decision> && sizeof(Decision) == 232);

}  // namespace fairlead::risk
