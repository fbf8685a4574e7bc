#include "bench/load/log_source.hpp"

#include <algorithm>

#include "bench/load/random.hpp"

namespace fairlead::load {
namespace {

using risk::Price;
using risk::Quantity;

constexpr std::int64_t minute_ns = 60'000'000'000;

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
    std::uint64_t value = seed;
    for (const char c : text) {
        value = mix(value ^ static_cast<unsigned char>(c));
    }
    return value;
}

// The exchange's own day, as the log's times have it.
struct LogPhase {
    std::int64_t from_ns;
    std::int64_t to_ns;
    risk::SessionKind kind;
    risk::Phase phase;
};
constexpr LogPhase log_phases[] = {
    {(std::int64_t{8} * 60 + 30) * minute_ns, std::int64_t{9} * 60 * minute_ns, risk::SessionKind::regular,
     risk::Phase::open_call},
    {std::int64_t{9} * 60 * minute_ns, (std::int64_t{13} * 60 + 25) * minute_ns, risk::SessionKind::regular,
     risk::Phase::continuous},
    {(std::int64_t{13} * 60 + 25) * minute_ns, (std::int64_t{13} * 60 + 30) * minute_ns,
     risk::SessionKind::regular, risk::Phase::close_call},
    {(std::int64_t{13} * 60 + 40) * minute_ns, (std::int64_t{14} * 60 + 30) * minute_ns,
     risk::SessionKind::after_hours_odd, risk::Phase::odd_lot},
};

std::string order_name(const OrderLogEntry& entry) {
    std::string name;
    name.append(entry.broker.view()).append("/").append(entry.number.view()).append("/");
    name.append(entry.symbol.view()).append(entry.side == risk::Side::buy ? "/B" : "/S");
    return name;
}

}  // namespace

LogSource::LogSource(const Market& market, std::vector<OrderLogEntry> entries, const LogOptions& options)
    : market_(market), options_(options), entries_(std::move(entries)) {
    std::stable_sort(entries_.begin(), entries_.end(), [](const OrderLogEntry& a, const OrderLogEntry& b) {
        return a.date != b.date ? a.date < b.date : a.time_ns < b.time_ns;
    });
    std::unordered_map<std::string, std::pair<Price, Price>> range;
    for (const OrderLogEntry& entry : entries_) {
        if (entry.price > 0) {
            auto& [low, high] =
                range.try_emplace(std::string(entry.symbol.view()), entry.price, entry.price).first->second;
            low = std::min(low, entry.price);
            high = std::max(high, entry.price);
        }
    }
    for (const auto& [symbol, prices] : range) {
        middle_.emplace(symbol, (prices.first + prices.second) / 2);
    }
    for (std::uint32_t session = 0; session < market_.session_count(); ++session) {
        if (!market_.accounts_of(session).empty()) {
            sessions_.push_back(session);
        }
    }
}

std::int64_t LogSource::due(const OrderLogEntry& entry) const {
    if (options_.clock == LogClock::none) {
        return 0;
    }
    if (options_.clock == LogClock::own) {
        const std::int64_t after = entry.time_ns - entries_.front().time_ns;
        return static_cast<std::int64_t>(static_cast<double>(after) / options_.speed);
    }
    const risk::Venue venue = market_.security(market_.find(entry.symbol)).venue;
    for (const LogPhase& log : log_phases) {
        if (entry.time_ns < log.from_ns || entry.time_ns >= log.to_ns) {
            continue;
        }
        for (const risk::PhaseRow& row : market_.phases()) {
            if (row.venue == venue && row.session_kind == log.kind && row.phase == log.phase) {
                const double part = static_cast<double>(entry.time_ns - log.from_ns) /
                                    static_cast<double>(log.to_ns - log.from_ns);
                return row.from_ns - options_.day_offset_ns +
                       static_cast<std::int64_t>(part * static_cast<double>(row.to_ns - row.from_ns));
            }
        }
    }
    return 0;
}

bool LogSource::next(PlannedCommand& command) {
    while (place_ < entries_.size() && !sessions_.empty()) {
        const OrderLogEntry& entry = entries_[place_++];
        command = PlannedCommand{};
        if (entry.is_new() ? make_new(entry, command) : make_change(entry, command)) {
            last_due_ns_ = std::max(last_due_ns_, due(entry));
            command.due_ns = last_due_ns_;
            return true;
        }
    }
    return false;
}

Price LogSource::map_price(SecurityIndex index, Price price) {
    const risk::SecurityRow& security = market_.security(index);
    if (options_.price == LogPrice::kept || price == 0) {
        return price;
    }
    const Price middle = middle_.at(std::string(security.symbol.view()));
    const Price scaled = security.reference + (price - middle) * security.reference / middle;
    const bool outside = (security.limit_up > 0 && scaled > security.limit_up) ||
                         (security.limit_down > 0 && scaled < security.limit_down);
    omissions_.price_moved += outside ? 1 : 0;
    return scaled < security.reference ? market_.legal_at_or_above(index, scaled)
                                       : market_.legal_at_or_below(index, scaled);
}

bool LogSource::make_new(const OrderLogEntry& entry, PlannedCommand& command) {
    if (entry.trade_type == TradeType::block) {
        ++omissions_.block_trade;
        return false;
    }
    command.security = market_.find(entry.symbol);
    if (command.security == 0) {
        ++omissions_.unknown_security;
        return false;
    }
    const risk::SecurityRow& security = market_.security(command.security);
    if ((security.flags & risk::security_suspended) != 0 || security.reference == 0) {
        ++omissions_.untradable_security;
        return false;
    }
    const std::uint64_t broker = hash(entry.broker.view(), 1);
    command.session = sessions_[broker % sessions_.size()];
    const std::vector<AccountIndex>& accounts = market_.accounts_of(command.session);
    const std::string_view investor_type(&entry.investor_type, 1);
    command.account = accounts[hash(investor_type, hash(entry.printer.view(), broker)) % accounts.size()];
    command.side = entry.side;
    command.channel = entry.channel;
    command.credit_type = entry.credit_type;
    const unsigned allowed = market_.account(command.account).credit_types;
    if ((allowed >> static_cast<unsigned>(entry.credit_type) & 1U) == 0) {
        command.credit_type = risk::CreditType::cash;
        ++omissions_.credit_type_changed;
    }
    if (entry.trade_type == TradeType::odd_lot) {
        command.session_kind = risk::SessionKind::after_hours_odd;
        command.quantity = std::min<Quantity>(entry.quantity, security.lot - 1);
    } else {
        const Quantity lots =
            std::clamp<Quantity>(entry.quantity / security.lot, 1, market_.reference().rules.board_lots_max);
        command.quantity = lots * security.lot;
    }
    command.price = map_price(command.security, entry.price);
    command.type = command.price == 0 ? risk::OrderType::market : risk::OrderType::limit;
    command.expectation = Expectation::either;
    command.order = orders_++;
    shown_.insert_or_assign(order_name(entry), ShownOrder{command, command.quantity});
    return true;
}

bool LogSource::make_change(const OrderLogEntry& entry, PlannedCommand& command) {
    const auto found = shown_.find(order_name(entry));
    if (found == shown_.end()) {
        ++omissions_.order_not_shown;
        return false;
    }
    ShownOrder& order = found->second;
    command = order.command;
    command.expectation = Expectation::either;
    const Quantity lot =
        command.session_kind == risk::SessionKind::regular ? market_.security(command.security).lot : 1;
    const Quantity cut = std::max<Quantity>(lot, entry.quantity - entry.quantity % lot);
    if (entry.is_cancel() || cut >= order.left) {
        command.kind = CommandKind::cancel;
        shown_.erase(found);
        return true;
    }
    command.kind = CommandKind::replace_quantity;
    command.quantity = cut;
    order.left -= cut;
    return true;
}

}  // namespace fairlead::load
