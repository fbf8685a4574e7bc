#include "risk/checks.hpp"

#include <algorithm>

namespace fairlead::risk {

namespace {

bool limit_rest_of_day(const OrderTerms& terms) noexcept {
    return terms.order_type == OrderType::limit && terms.time_in_force == TimeInForce::rest_of_day;
}

bool off_by_more(Price price, Price anchor, std::int64_t basis_points, Price tick) noexcept {
    const Price distance = price > anchor ? price - anchor : anchor - price;
    // Prices have 30 bits and basis points are configured small: no overflow.
    return distance > tick && distance * 10'000 > anchor * basis_points;
}

// The farthest price within the collar on the side the order's price is on: one tick is never too far.
Price collar_edge(Price price, Price anchor, std::int64_t basis_points, Price tick) noexcept {
    const Price width = std::max(anchor * basis_points / 10'000, tick);
    return price > anchor ? anchor + width : anchor - width;
}

bool is_short(CreditType type) noexcept {
    return type == CreditType::short_agency || type == CreditType::short_own;
}
bool is_borrowed(CreditType type) noexcept {
    return type == CreditType::borrowed_short || type == CreditType::borrowed_short_exempt;
}

}  // namespace

Reason check_tradable(const OrderTerms& terms, const SecurityState& security, std::uint16_t account_flags,
                      std::uint8_t credit_types) noexcept {
    const bool innovation = (security.flags & security_innovation) != 0;
    if ((security.flags & security_suspended) != 0) {
        return Reason::security_suspended;
    }
    if (static_cast<std::size_t>(terms.session_kind) >= session_kind_count) {
        return Reason::session_kind_not_allowed;
    }
    if (is_odd_lot(terms.session_kind) && ((security.flags & security_no_odd_lot) != 0 || innovation)) {
        return Reason::session_kind_not_allowed;
    }
    const auto credit = static_cast<unsigned>(terms.credit_type);
    if (credit >= credit_type_count || (credit_types >> credit & 1U) == 0) {
        return Reason::credit_type_not_allowed;
    }
    const bool no_credit =
        innovation || (security.flags & (security_no_margin | security_full_delivery)) != 0;
    if (terms.credit_type != CreditType::cash && no_credit &&
        (innovation || !is_borrowed(terms.credit_type))) {
        return Reason::credit_type_not_allowed;
    }
    if (is_borrowed(terms.credit_type) && terms.side != Side::sell) {
        return Reason::credit_type_not_allowed;
    }
    if (innovation && (account_flags & account_qualified) == 0) {
        return Reason::investor_not_qualified;
    }
    return Reason::none;
}

Reason check_order_type(const OrderTerms& terms, const SecurityState& security) noexcept {
    const bool known_type = terms.order_type == OrderType::market || terms.order_type == OrderType::limit;
    const bool known_time = terms.time_in_force == TimeInForce::rest_of_day ||
                            terms.time_in_force == TimeInForce::immediate_or_cancel ||
                            terms.time_in_force == TimeInForce::fill_or_kill;
    if (!known_type || !known_time || (terms.side != Side::buy && terms.side != Side::sell)) {
        return Reason::order_type_not_allowed;
    }
    // Without an upper limit a market order has no worst price, so it cannot be reserved for.
    if (terms.order_type == OrderType::market &&
        ((security.flags & security_no_price_limit) != 0 || security.limit_up == 0)) {
        return Reason::order_type_not_allowed;
    }
    const bool called_only =
        (security.flags & (security_disposition | security_periodic_call | security_full_delivery)) != 0;
    if ((called_only || is_odd_lot(terms.session_kind)) && !limit_rest_of_day(terms)) {
        return Reason::order_type_not_allowed;
    }
    if (terms.session_kind == SessionKind::after_hours_fixed &&
        terms.time_in_force != TimeInForce::rest_of_day) {
        return Reason::order_type_not_allowed;
    }
    return Reason::none;
}

Reason check_phase(const OrderTerms& terms, Phase phase) noexcept {
    switch (phase) {
        case Phase::closed:
            return Reason::session_closed;
        case Phase::open_call:
        case Phase::close_call:
            return limit_rest_of_day(terms) ? Reason::none : Reason::phase_order_type;
        case Phase::continuous:
        case Phase::odd_lot:      // limit rest-of-day only, by check_order_type
        case Phase::fixed_price:  // rest-of-day only, by check_order_type
            return Reason::none;
    }
    return Reason::session_closed;
}

Reason check_quantity(const OrderTerms& terms, const SecurityState& security, const RuleSet& rules) noexcept {
    if (terms.quantity <= 0) {
        return Reason::quantity_not_positive;
    }
    if (is_odd_lot(terms.session_kind)) {
        return terms.quantity < security.lot ? Reason::none : Reason::odd_lot_range;
    }
    if (terms.quantity % security.lot != 0) {
        return Reason::quantity_not_lot;
    }
    return terms.quantity / security.lot > rules.board_lots_max ? Reason::quantity_too_large : Reason::none;
}

Price tick_at(const TickTable& ticks, TickClass tick_class, Price price) noexcept {
    for (const TickRow& row : ticks.rows[static_cast<std::size_t>(tick_class)]) {
        if (price < row.below) {
            return row.tick;
        }
    }
    return 0;
}

Reason check_tick(const OrderTerms& terms, const SecurityState& security, const TickTable& ticks) noexcept {
    if (terms.order_type == OrderType::market) {
        return terms.price == 0 ? Reason::none : Reason::price_on_market_order;
    }
    if (terms.price <= 0) {
        return Reason::price_missing;
    }
    if (terms.price > price_max) {
        return Reason::price_above_limit;
    }
    const Price tick = tick_at(ticks, security.tick_class, terms.price);
    return tick > 0 && terms.price % tick == 0 ? Reason::none : Reason::price_not_tick;
}

Reason check_price_limit(const OrderTerms& terms, const SecurityState& security) noexcept {
    if (terms.order_type == OrderType::limit) {
        if (security.limit_up != 0 && terms.price > security.limit_up) {
            return Reason::price_above_limit;
        }
        if (security.limit_down != 0 && terms.price < security.limit_down) {
            return Reason::price_below_limit;
        }
    }
    if (terms.side == Side::sell) {
        const bool below = terms.order_type == OrderType::market || terms.price < security.reference;
        const bool barred_short =
            (security.flags & security_no_short_below) != 0 && is_short(terms.credit_type);
        const bool barred_borrowed =
            (security.flags & security_no_sbl_below) != 0 && terms.credit_type == CreditType::borrowed_short;
        if (below && (barred_short || barred_borrowed)) {
            return Reason::short_below_reference;
        }
    }
    return Reason::none;
}

Reason check_collar(const OrderTerms& terms, const SecurityState& security, const RuleSet& rules,
                    const TickTable& ticks) noexcept {
    if (terms.order_type != OrderType::limit) {
        return Reason::none;
    }
    const Price tick = tick_at(ticks, security.tick_class, terms.price);
    if (rules.collar_reference_bp > 0 && security.reference > 0 &&
        off_by_more(terms.price, security.reference, rules.collar_reference_bp, tick)) {
        return Reason::price_collar_reference;
    }
    if (rules.collar_last_bp > 0 && security.last > 0 &&
        off_by_more(terms.price, security.last, rules.collar_last_bp, tick)) {
        return Reason::price_collar_last;
    }
    return Reason::none;
}

Amount bound_behind(Reason reason, const OrderTerms& terms, const SecurityState& security,
                    const RuleSet& rules, const TickTable& ticks) noexcept {
    switch (reason) {
        case Reason::quantity_not_lot:
            return security.lot;
        case Reason::odd_lot_range:
            return security.lot - 1;
        case Reason::quantity_too_large:
            return Amount{rules.board_lots_max} * security.lot;
        case Reason::price_not_tick:
            return tick_at(ticks, security.tick_class, terms.price);
        case Reason::price_above_limit:
            return security.limit_up != 0 ? security.limit_up : price_max;
        case Reason::price_below_limit:
            return security.limit_down;
        case Reason::price_collar_reference:
            return collar_edge(terms.price, security.reference, rules.collar_reference_bp,
                               tick_at(ticks, security.tick_class, terms.price));
        case Reason::price_collar_last:
            return collar_edge(terms.price, security.last, rules.collar_last_bp,
                               tick_at(ticks, security.tick_class, terms.price));
        case Reason::short_below_reference:
            return security.reference;
        default:
            return 0;
    }
}

}  // namespace fairlead::risk
