// Candidate: a command on its way through the check list. Private to the Ledger's own source files.
#pragma once

#include "risk/ledger.hpp"

namespace fairlead::risk {

struct Ledger::Candidate {
    OrderTerms terms;
    CommandHashes hashes;
    std::uint32_t session = 0;  // rows; 0 = unknown
    std::uint32_t account = 0;
    std::uint32_t investor = 0;
    std::uint32_t branch = 0;
    std::uint32_t security = 0;
    std::uint32_t account_position = 0;  // 0 = none yet
    std::uint32_t investor_position = 0;
    std::uint32_t duplicate = 0;  // row of the command that has the client id already
    UtcNs utc_ns = 0;
    bool over_session_rate = false;
    bool over_investor_rate = false;
    bool is_new = false;
    Price worst = 0;   // what a share is reserved at
    Amount value = 0;  // of the whole order; -1 = beyond any sum kept here
    Amount added = 0;  // to the order's reserve, NTD/10,000
    Quantity added_quantity = 0;
    // The amount dimension nearest to its Limit so far.
    Amount headroom = unlimited;
};

// Whether these terms are those of the last order accepted for the account in the security.
inline bool repeats(const AccountPosition& last, const OrderTerms& terms) noexcept {
    return last.repeat_key != 0 && last.repeat_side == terms.side && last.repeat_type == terms.order_type &&
           last.repeat_time_in_force == terms.time_in_force &&
           last.repeat_session_kind == terms.session_kind && last.repeat_price == terms.price &&
           last.repeat_quantity == terms.quantity;
}

// Records in the Decision which numbers refused, or came nearest.
inline void note_usage(Decision& decision, Scope scope, Dimension dimension, Amount before, Amount after,
                       Amount limit) noexcept {
    decision.scope = scope;
    decision.dimension = dimension;
    decision.usage_before = before;
    decision.usage_after = after;
    decision.limit = limit;
}

}  // namespace fairlead::risk
