// The credit formulas: what an order reserves and what a set of counters uses of a Limit. Pure
// functions of numbers; the Ledger keeps the counters, the tests check the bound by brute force.
#pragma once

#include "risk/order.hpp"
#include "risk/words.hpp"

namespace fairlead::risk {

// No single order or fill may be worth more (900 thousand million NTD): a product above is refused, so
// that no sum of a day can leave 64 bits.
inline constexpr Amount order_amount_max = Amount{1} << 53;
// No gross sum of one scope may go above by an acceptance.
inline constexpr Amount usage_max = Amount{1} << 60;

// Counters of one scope, NTD/10,000: executed today, and open = the sum of R over its orders.
struct Exposure {
    Amount executed_buy = 0;
    Amount executed_sell = 0;
    Amount open_buy = 0;
    Amount open_sell = 0;
    // Sum over securities of the smaller side, executed + open: the part of the day's business that
    // offsets itself (margin offset, day trade). Kept for accounts and investors.
    Amount offset = 0;
    // Sum of the amounts of accepted commands, never reduced. Kept for the firm.
    Amount reported = 0;
    // The last accepted command that raised these counters: named to whoever comes too late.
    Sequence last_raise = 0;
};

// quantity x price, or -1 when above order_amount_max or negative.
[[nodiscard]] Amount product(Quantity quantity, Price price) noexcept;

// Usage of an amount dimension: buy, sell, gross_day, net, offset, reported; 0 for the others.
[[nodiscard]] Amount usage(const Exposure& exposure, Dimension dimension) noexcept;

// R of an open order with a pending replace (absolute new total, fills count against it):
// max(L0 P + max(L1 - L0, 0) P1, L1 P1). Fills come at P first, then at P1; the sum is convex in the
// number of fills, so its maximum stands at one end.
[[nodiscard]] Amount reserve_replacing(Quantity leaves, Price worst, Quantity replaced_leaves,
                                       Price replaced_worst) noexcept;

struct Reserve {
    Amount amount = 0;
    Quantity quantity = 0;
};
// R of any order in any state. A pending cancel never lowers it; an ended order keeps
// (K - C) x P for the fills its venue has reported and not yet shown.
[[nodiscard]] Reserve reserve_of(const Order& order) noexcept;

// The price a share is reserved at. `limit_up` is the day's upper limit, 0 = none.
[[nodiscard]] Price worst_price(Side side, OrderType order_type, Price price, bool strict,
                                Price limit_up) noexcept;

}  // namespace fairlead::risk
