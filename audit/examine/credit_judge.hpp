// What a command would add to each counter, against the Limits of any Ledger: the Limits it was checked
// against (explain), or proposed ones (what-if). A second opinion, written from the credit rules and from
// what a Ledger lets itself be asked; it decides nothing, and explain compares it with the journaled
// Decision.
#pragma once

#include <optional>
#include <vector>

#include "risk/ledger.hpp"

namespace fairlead::audit {

// A New, or a Replace of the price, with the rows it concerns as they were before it.
struct AskedCredit {
    risk::OrderTerms terms;  // of a Replace: the order's with the new price
    std::uint32_t account = 0;
    std::uint32_t investor = 0;
    std::uint32_t branch = 0;
    std::uint32_t security = 0;
    risk::Price worst = 0;              // what a share is reserved at, NTD/10,000
    risk::Amount value = 0;             // of the whole order; -1 = beyond any sum
    risk::Amount added = 0;             // to the order's reserve, NTD/10,000; of a Replace never below 0
    risk::Quantity added_quantity = 0;  // shares; 0 for a Replace
    bool is_new = false;
};
// Nothing: another kind of record, an order, account or security that is not known, or a Replace that leaves
// the price. `ledger` has not seen the record yet.
[[nodiscard]] std::optional<AskedCredit> asked_credit(const risk::Ledger& ledger, const risk::Record& record);

// One Limit and its counter, before the command and with it.
struct CreditUse {
    risk::Scope scope = risk::Scope::none;
    risk::Dimension dimension = risk::Dimension::none;
    risk::LimitInForce limit;
    risk::Amount before = 0;
    risk::Amount with = 0;
    bool by_rule = false;  // the firm's order_value_max of the rules, which is no Limit
    [[nodiscard]] bool exceeded() const noexcept { return with > before && with > limit.value; }
};
// The Limits that the check compares, in the order in which it does. Empty for a check without Limits.
// `limits` tells the Limits, `ledger` the counters; both have the same day's rows.
[[nodiscard]] std::vector<CreditUse> credit_uses(const risk::Ledger& ledger, const risk::Ledger& limits,
                                                 const AskedCredit& asked, risk::Check check);

struct CreditRefusal {
    risk::Reason reason = risk::Reason::none;
    CreditUse use;
};
// The first Limit that refuses: order_value, account, branch, investor, symbol, firm, as the check list has
// it.
[[nodiscard]] std::optional<CreditRefusal> judge_credit(const risk::Ledger& ledger,
                                                        const risk::Ledger& limits, const AskedCredit& asked);

// The reason a Limit of this dimension refuses with.
[[nodiscard]] risk::Reason refusal_of(risk::Dimension dimension) noexcept;

}  // namespace fairlead::audit
