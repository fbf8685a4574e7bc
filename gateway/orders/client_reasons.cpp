#include "gateway/orders/client_reasons.hpp"

#include "gateway/orders/venue_status.hpp"

namespace fairlead::gateway {
namespace {

using risk::Decision;
using risk::Dimension;
using risk::Reason;
using risk::Scope;

// FIX 4.4 values of 103, 102 and 532.
enum OrderReject : std::uint8_t {
    order_option = 0,
    order_unknown_symbol = 1,
    order_closed = 2,
    order_exceeds_limit = 3,
    order_too_late = 4,
    order_unknown_order = 5,
    order_duplicate = 6,
    order_stale = 8,
    order_unsupported = 11,
    order_quantity = 13,
    order_unknown_account = 15,
    order_other = 99,
};
enum CancelReject : std::uint8_t {
    cancel_too_late = 0,
    cancel_unknown_order = 1,
    cancel_option = 2,
    cancel_pending = 3,
    cancel_duplicate = 6,
    cancel_other = 99,
};
enum MassReject : std::uint8_t { mass_not_supported = 0, mass_security = 1, mass_other = 99 };

constexpr ReasonCodes codes(OrderReject order, CancelReject cancel = cancel_other,
                            BusinessReason business = BusinessReason::other,
                            MassReject mass = mass_other) noexcept {
    return {order, cancel, mass, business};
}

std::string_view scope_name(Scope scope) noexcept {
    switch (scope) {
        case Scope::firm:
            return "firm ";
        case Scope::branch:
            return "branch ";
        case Scope::investor:
            return "investor ";
        case Scope::account:
            return "account ";
        case Scope::session:
            return "session ";
        case Scope::none:
        case Scope::venue:
        case Scope::symbol:
            break;
    }
    return "";
}

bool counts_shares(Dimension dimension) noexcept {
    return dimension == Dimension::symbol_long || dimension == Dimension::symbol_short ||
           dimension == Dimension::sellable;
}

// "investor limit 1,000,000, used 900,000 after order 000000000012, this order 200,000 NTD"
void write_credit(const Decision& decision, ReasonSentence& out) noexcept {
    const bool shares = counts_shares(decision.dimension);
    const auto value = [&](risk::Amount amount) {
        if (shares) {
            out.add_grouped(amount);
        } else {
            out.add_amount(amount);
        }
    };
    out.add(scope_name(decision.scope));
    if (decision.limit == risk::unlimited) {
        out.add("no limit");
    } else {
        out.add("limit ");
        value(decision.limit);
    }
    if (decision.dimension != Dimension::order_value) {
        out.add(", used ");
        value(decision.usage_before);
        if (decision.related != 0) {
            // Whoever lost a race for the last of a Limit reads who won it.
            out.add(" after order ").add_padded(decision.related, 12);
        }
    }
    if (decision.usage_after != decision.usage_before) {
        out.add(", this order ");
        value(decision.usage_after - decision.usage_before);
    }
    out.add(shares ? " shares" : " NTD");
}

void write_price(const Decision& decision, ReasonSentence& out) noexcept {
    out.add("price ").add_price(decision.price);
    if (decision.limit > 0 && decision.limit != risk::unlimited) {
        out.add(decision.reason == Reason::price_not_tick          ? ", tick "
                : decision.reason == Reason::short_below_reference ? ", reference price "
                                                                   : ", limit ");
        out.add_price(decision.limit);
    }
}

void write_quantity(const Decision& decision, ReasonSentence& out) noexcept {
    out.add("quantity ").add_grouped(decision.ordered);
    if (decision.limit > 0 && decision.limit != risk::unlimited) {
        out.add(decision.reason == Reason::quantity_not_lot ? ", lot " : ", limit ")
            .add_grouped(decision.limit);
    }
    out.add(" shares");
}

// The values behind a reason's sentence; false when it has none to show. Long, and read as a table: one case
// for each group of reasons.
bool write_values(const Decision& decision, ReasonSentence& out) noexcept {
    switch (decision.reason) {
        case Reason::order_value_too_large:
        case Reason::sellable_short:
        case Reason::credit_buy:
        case Reason::credit_sell:
        case Reason::credit_gross_day:
        case Reason::credit_net:
        case Reason::credit_offset:
        case Reason::credit_symbol_long:
        case Reason::credit_symbol_short:
        case Reason::credit_reported:
            write_credit(decision, out);
            return true;
        case Reason::day_trade_not_allowed:
            if (decision.dimension != Dimension::sellable) {
                return false;
            }
            write_credit(decision, out);
            return true;
        case Reason::price_not_tick:
        case Reason::price_above_limit:
        case Reason::price_below_limit:
        case Reason::price_collar_reference:
        case Reason::price_collar_last:
        case Reason::short_below_reference:
            write_price(decision, out);
            return true;
        case Reason::quantity_not_positive:
        case Reason::quantity_not_lot:
        case Reason::quantity_too_large:
        case Reason::odd_lot_range:
            write_quantity(decision, out);
            return true;
        case Reason::session_message_rate:
        case Reason::investor_message_rate:
            if (decision.limit <= 0 || decision.limit == risk::unlimited) {
                return false;
            }
            out.add("limit ").add_grouped(decision.limit).add(" a second");
            return true;
        case Reason::duplicate_client_order_id:
        case Reason::repeated_order:
        case Reason::self_match:
            if (decision.related == 0) {
                return false;
            }
            out.add("order ").add_padded(decision.related, 12);
            return true;
        case Reason::quantity_up:
        case Reason::quantity_below_filled:
            out.add("ordered ").add_grouped(decision.ordered).add(", filled ").add_grouped(decision.filled);
            out.add(" shares");
            return true;
        case Reason::account_unknown:
        case Reason::account_disabled:
        case Reason::account_halted:
            if (decision.account.branch.empty()) {
                return false;
            }
            out.add("account ").add(decision.account.branch.view()).add("-");
            out.add_padded(decision.account.number, 7);
            return true;
        case Reason::security_unknown:
        case Reason::security_suspended:
        case Reason::symbol_halted:
            if (decision.symbol.empty()) {
                return false;
            }
            out.add("security ").add(decision.symbol.view());
            return true;
        case Reason::venue_refused:
        case Reason::venue_cancelled:
        case Reason::venue_cut: {
            if (decision.venue_code == 0) {
                return false;
            }
            const std::array<char, 4> text = venue_code_text(decision.venue_code);
            out.add(decision.venue == risk::Venue::tpex ? "TPEx " : "TWSE ");
            out.add({text.data(), text.size()}).add(", ");
            const VenueStatus& status = venue_status(decision.venue, decision.venue_code);
            out.add(status.english.substr(0, status.english.size() - 1));  // its full stop comes later
            return true;
        }
        default:
            return false;
    }
}

}  // namespace

// Exhaustive, without a default: a Reason added without a mapping does not compile.
ReasonCodes reason_codes(Reason reason) noexcept {
    using enum BusinessReason;
    switch (reason) {
        case Reason::day_not_started:
        case Reason::session_closed:
            return codes(order_closed, cancel_option, application_not_available);
        case Reason::journal_unavailable:
        case Reason::clock_untrusted:
        case Reason::venue_line_down:
            return codes(order_option, cancel_option, application_not_available);
        case Reason::firm_halted:
        case Reason::venue_halted:
        case Reason::investor_halted:
        case Reason::account_halted:
        case Reason::symbol_halted:
        case Reason::session_halted:
        case Reason::account_disabled:
        case Reason::investor_disabled:
        case Reason::investor_not_qualified:
        case Reason::self_match:
        case Reason::never_sent:
        case Reason::venue_refused:
        case Reason::venue_cancelled:
        case Reason::venue_cut:
            return codes(order_option, cancel_option);
        case Reason::account_unknown:
            return codes(order_unknown_account);
        case Reason::session_not_allowed:
            return codes(order_unknown_account, cancel_other, not_authorised);
        case Reason::not_authorised:
            return codes(order_option, cancel_option, not_authorised);
        case Reason::security_unknown:
            return codes(order_unknown_symbol, cancel_other, unknown_security, mass_security);
        case Reason::security_suspended:
            return codes(order_option, cancel_option, BusinessReason::other, mass_other);
        case Reason::side_mismatch:
            return codes(order_other, cancel_other);
        case Reason::order_type_not_allowed:
        case Reason::credit_type_not_allowed:
        case Reason::day_trade_not_allowed:
        case Reason::session_kind_not_allowed:
        case Reason::short_below_reference:
        case Reason::phase_order_type:
        case Reason::price_missing:
        case Reason::price_on_market_order:
            return codes(order_unsupported);
        case Reason::quantity_not_positive:
        case Reason::quantity_not_lot:
        case Reason::quantity_too_large:
        case Reason::odd_lot_range:
            return codes(order_quantity);
        case Reason::price_not_tick:
        case Reason::price_above_limit:
        case Reason::price_below_limit:
        case Reason::price_collar_reference:
        case Reason::price_collar_last:
            return codes(order_other);
        case Reason::session_message_rate:
        case Reason::investor_message_rate:
            return codes(order_option, cancel_option, throttle);
        case Reason::duplicate_client_order_id:
            return codes(order_duplicate, cancel_duplicate);
        case Reason::repeated_order:
            return codes(order_duplicate, cancel_other);
        case Reason::order_value_too_large:
        case Reason::sellable_short:
        case Reason::credit_buy:
        case Reason::credit_sell:
        case Reason::credit_gross_day:
        case Reason::credit_net:
        case Reason::credit_offset:
        case Reason::credit_symbol_long:
        case Reason::credit_symbol_short:
        case Reason::credit_reported:
        case Reason::amount_overflow:
            return codes(order_exceeds_limit);
        case Reason::order_unknown:
            return codes(order_unknown_order, cancel_unknown_order, unknown_id);
        case Reason::too_late:
        case Reason::quantity_below_filled:
            return codes(order_too_late, cancel_too_late);
        case Reason::replace_pending:
        case Reason::cancel_pending:
        case Reason::order_unacknowledged:
            return codes(order_other, cancel_pending);
        case Reason::original_superseded:
            return codes(order_unknown_order, cancel_unknown_order);
        case Reason::replace_both:
        case Reason::replace_nothing:
        case Reason::quantity_up:
        case Reason::replace_market_price:
        case Reason::odd_lot_price_change:
            return codes(order_unsupported, cancel_other);
        case Reason::order_in_doubt:
            return codes(order_option, cancel_option);
        case Reason::capacity_orders:
        case Reason::capacity_positions:
            return codes(order_option, cancel_option, application_not_available);
        case Reason::wait_expired:
            return codes(order_stale, cancel_option);
        case Reason::execution_unknown:
        case Reason::limit_invalid:
        case Reason::not_halted:
        case Reason::none:
            break;
    }
    return codes(order_other);
}

std::uint8_t venue_cancel_reject(risk::Venue venue, std::uint16_t venue_code) noexcept {
    switch (venue_status(venue, venue_code).meaning) {
        case VenueMeaning::order_not_found:
            return cancel_unknown_order;
        case VenueMeaning::no_leaves:
        case VenueMeaning::session_closed:
            return cancel_too_late;
        default:
            return cancel_option;
    }
}

void write_reason(const Decision& decision, ReasonSentence& out) noexcept {
    if (decision.reason == Reason::none) {
        if ((decision.flags & risk::late_fill_flag) != 0) {
            out.add("Filled after the order had ended.");
        } else if ((decision.flags & risk::overfill_flag) != 0) {
            out.add("Filled beyond the ordered quantity.");
        }
        return;
    }
    const std::string_view english = risk::reason_text(decision.reason).english;
    const bool full_stop = !english.empty() && english.back() == '.';
    out.add(full_stop ? english.substr(0, english.size() - 1) : english);
    ReasonSentence values;
    if (write_values(decision, values)) {
        out.add(": ").add(values.view());
    }
    out.add(".");
}

}  // namespace fairlead::gateway
