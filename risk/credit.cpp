#include "risk/credit.hpp"

#include <algorithm>

namespace fairlead::risk {

namespace {
__extension__ using Wide = __int128;
}

Amount product(Quantity quantity, Price price) noexcept {
    if (quantity < 0 || price < 0) {
        return -1;
    }
    const Wide wide = static_cast<Wide>(quantity) * price;
    return wide > order_amount_max ? -1 : static_cast<Amount>(wide);
}

Amount usage(const Exposure& exposure, Dimension dimension) noexcept {
    const Amount buy = exposure.executed_buy + exposure.open_buy;
    const Amount sell = exposure.executed_sell + exposure.open_sell;
    switch (dimension) {
        case Dimension::buy:
            return buy;
        case Dimension::sell:
            return sell;
        case Dimension::gross_day:
            return buy + sell;
        case Dimension::net:
            // Open buys never pay for open sells: each side may be the only one to fill.
            return std::max(buy - exposure.executed_sell, sell - exposure.executed_buy);
        case Dimension::offset:
            return exposure.offset;
        case Dimension::reported:
            return exposure.reported;
        case Dimension::none:
        case Dimension::symbol_long:
        case Dimension::symbol_short:
        case Dimension::order_value:
        case Dimension::sellable:
        case Dimension::message_rate:
            break;
    }
    return 0;
}

Amount reserve_replacing(Quantity leaves, Price worst, Quantity replaced_leaves,
                         Price replaced_worst) noexcept {
    const Amount fills_first =
        leaves * worst + std::max<Quantity>(replaced_leaves - leaves, 0) * replaced_worst;
    return std::max(fills_first, replaced_leaves * replaced_worst);
}

Reserve reserve_of(const Order& order) noexcept {
    const bool replacing = order.replace.command != 0;
    if (!order.open()) {
        const Quantity late = std::max<Quantity>(order.reported_filled - order.filled, 0);
        const Price worst = replacing ? std::max(order.worst, order.replace.worst) : order.worst;
        return {late * worst, late};
    }
    const Quantity leaves = order.leaves();
    if (!replacing) {
        return {leaves * order.worst, leaves};
    }
    const Quantity replaced = std::max<Quantity>(order.replace.quantity - order.filled, 0);
    return {reserve_replacing(leaves, order.worst, replaced, order.replace.worst),
            std::max(leaves, replaced)};
}

Price worst_price(Side side, OrderType order_type, Price price, bool strict, Price limit_up) noexcept {
    if (order_type == OrderType::market) {
        return limit_up;
    }
    // A sell may fill above its limit; strict accounts reserve for that, where a limit exists.
    return side == Side::sell && strict ? std::max(price, limit_up) : price;
}

}  // namespace fairlead::risk
