// The profile's choices, from the time of the next command down to its price and quantity.
#include "bench/load/profile.hpp"

#include <algorithm>
#include <cmath>

namespace fairlead::load {
namespace {

using risk::Amount;
using risk::Phase;
using risk::Price;
using risk::Quantity;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t slice_ns = 1'000'000;          // the rate is taken as constant this long
constexpr std::int64_t change_after_ns = 20'000'000;  // a client looks at its order before it changes it
constexpr std::size_t open_max = 4096;
constexpr std::size_t recent_max = 256;
constexpr int tries_max = 12;

}  // namespace

std::string check(const ProfileOptions& options) {
    if (!(options.rate_per_second > 0 && options.rate_per_second <= 1e6)) {
        return "--rate: above 0, at most 1000000 commands a second";
    }
    if (!(options.seconds > 0 && options.seconds <= 86'400)) {
        return "--seconds: above 0, at most 86400";
    }
    if (options.replace_per_mille + options.cancel_per_mille > 900) {
        return "--replaces and --cancels: together at most 900 thousandths";
    }
    std::uint32_t shares = options.market_per_mille + options.immediate_per_mille +
                           options.fill_or_kill_per_mille + options.odd_lot_per_mille;
    if (shares > 1000) {
        return "--market, --ioc, --fok and --odd-lots: together at most 1000 thousandths";
    }
    shares = 0;
    for (const std::uint32_t share : options.fault_per_mille) {
        shares += share;
    }
    return shares > 1000 ? "--bad: together at most 1000 thousandths" : "";
}

Profile::Profile(const Market& market, const ProfileOptions& options)
    : market_(market),
      options_(options),
      random_(mix(options.seed)),
      end_ns_(static_cast<std::int64_t>(options.seconds * static_cast<double>(second_ns))) {
    poorest_.resize(market_.session_count(), 0);
    for (std::uint32_t session = 0; session < market_.session_count(); ++session) {
        Amount least = risk::unlimited;
        for (const AccountIndex account : market_.accounts_of(session)) {
            const Amount allowance =
                std::min(market_.allowance_of_account(account),
                         market_.allowance_of_investor(market_.account(account).investor));
            if (poorest_[session] == 0 || allowance < least) {
                poorest_[session] = account;
                least = allowance;
            }
        }
        if (poorest_[session] != 0) {
            sessions_.push_back(session);
        }
    }
    for (std::uint32_t i = 0; i < market_.reference().investors.size(); ++i) {
        investor_left_.push_back(market_.allowance_of_investor(i));
    }
    open_.reserve(open_max);
    recent_.reserve(recent_max);
}

void Profile::begin_run(double rate_per_second, double seconds) {
    options_.rate_per_second = rate_per_second;
    options_.seconds = seconds;
    end_ns_ = static_cast<std::int64_t>(seconds * static_cast<double>(second_ns));
    time_ns_ = 0;
    orders_ = 0;
    open_.clear();
    recent_.clear();
    recent_next_ = 0;
}

std::uint64_t Profile::expected_count() const {
    return static_cast<std::uint64_t>(options_.rate_per_second * options_.seconds);
}

double Profile::rate_at(std::int64_t time_ns) const {
    const double rate = options_.rate_per_second;
    switch (options_.shape) {
        case Shape::steady:
            return rate;
        case Shape::burst:
            return time_ns % second_ns < second_ns / 10 ? 5.5 * rate : 0.5 * rate;
        case Shape::open: {
            // 0.4 of the rate stays; the other 0.6 arrives as a falling exponential over six decay times.
            const double decay_s = options_.seconds / 6;
            const double peak = 0.6 * options_.seconds / (decay_s * (1 - std::exp(-6.0)));
            return rate * (0.4 + peak * std::exp(-static_cast<double>(time_ns) /
                                                 static_cast<double>(second_ns) / decay_s));
        }
    }
    return rate;
}

// Moves to the next arrival. The shape's rate is integrated, so that its mean is the rate asked for.
bool Profile::advance() {
    double wanted = -std::log(random_.unit());
    while (time_ns_ < end_ns_) {
        const double rate = rate_at(time_ns_) / static_cast<double>(second_ns);
        const std::int64_t slice = slice_ns - time_ns_ % slice_ns;
        if (rate * static_cast<double>(slice) >= wanted) {
            time_ns_ += std::max<std::int64_t>(1, static_cast<std::int64_t>(wanted / rate));
            return time_ns_ < end_ns_;
        }
        wanted -= rate * static_cast<double>(slice);
        time_ns_ += slice;
    }
    return false;
}

bool Profile::next(PlannedCommand& command) {
    if (sessions_.empty()) {
        return false;
    }
    while (advance()) {
        command = PlannedCommand{};
        command.due_ns = time_ns_;
        const std::uint64_t draw = random_.below(1000);
        const bool cancel = draw < options_.cancel_per_mille;
        const bool change = draw < options_.cancel_per_mille + options_.replace_per_mille;
        if (change && make_change(command, cancel)) {
            return true;
        }
        command = PlannedCommand{};
        command.due_ns = time_ns_;
        if (make_new(command)) {
            return true;
        }
        // Nothing is taken in this phase: the arrival passes unused.
    }
    return false;
}

Profile::PhaseNow Profile::phase_of(risk::Venue venue) const {
    if (!options_.follow_phases) {
        return {};
    }
    const std::int64_t day_ns = options_.day_offset_ns + time_ns_;
    return {market_.phase(venue, risk::SessionKind::regular, day_ns),
            market_.phase(venue, risk::SessionKind::intraday_odd_lot, day_ns)};
}

bool Profile::make_new(PlannedCommand& command) {
    std::uint64_t draw = random_.below(1000);
    Fault fault = Fault::none;
    for (std::size_t i = 1; i < fault_count && fault == Fault::none; ++i) {
        if (draw < options_.fault_per_mille[i]) {
            fault = static_cast<Fault>(i);
        } else {
            draw -= options_.fault_per_mille[i];
        }
    }
    const std::int64_t due_ns = command.due_ns;
    if (fault == Fault::none || !make_bad(command, fault)) {
        command = PlannedCommand{};
        command.due_ns = due_ns;
        if (!make_good(command)) {
            return false;
        }
    }
    command.order = orders_++;
    remember(command);
    return true;
}

bool Profile::make_good(PlannedCommand& command) {
    PlannedCommand uncovered;
    bool found = false;
    for (int i = 0; i < tries_max; ++i) {
        command.session = sessions_[random_.below(sessions_.size())];
        const std::vector<AccountIndex>& accounts = market_.accounts_of(command.session);
        command.account = accounts[random_.below(accounts.size())];
        const bool odd_lot = random_.chance(options_.odd_lot_per_mille);
        if (!choose_instrument(command, odd_lot)) {
            continue;
        }
        const PhaseNow phase = phase_of(market_.security(command.security).venue);
        if (odd_lot ? phase.odd_lot != Phase::odd_lot : phase.regular == Phase::closed) {
            continue;
        }
        command.session_kind = odd_lot ? risk::SessionKind::intraday_odd_lot : risk::SessionKind::regular;
        choose_kind(command, phase.regular);
        if (commit(command)) {
            return true;
        }
        uncovered = command;
        found = true;
    }
    // Credit is used up as far as can be told from here; whether it is, fills and cancels decide.
    command = uncovered;
    command.expectation = Expectation::either;
    return found;
}

// Buys and sells of one investor in one security never meet, so that none is refused as a self-match.
bool Profile::sells_here(std::uint32_t investor, SecurityIndex security) const {
    return (mix(options_.seed ^ (static_cast<std::uint64_t>(investor) << 32) ^ security) & 1U) != 0;
}

bool Profile::choose_instrument(PlannedCommand& command, bool odd_lot) {
    command.price = 0;
    if (random_.chance(options_.sell_per_mille) && choose_sell(command, odd_lot)) {
        return true;
    }
    return choose_buy(command, odd_lot);
}

bool Profile::choose_sell(PlannedCommand& command, bool odd_lot) {
    auto found = holdings_left_.find(command.account);
    if (found == holdings_left_.end()) {
        found = holdings_left_.emplace(command.account, market_.holdings_of(command.account)).first;
    }
    std::vector<Holding>& holdings = found->second;
    if (holdings.empty()) {
        return false;
    }
    const Holding& holding = holdings[random_.below(holdings.size())];
    const risk::SecurityRow& security = market_.security(holding.security);
    const std::uint32_t investor = market_.account(command.account).investor;
    if (!sells_here(investor, holding.security) ||
        (odd_lot && (security.flags & risk::security_no_odd_lot) != 0)) {
        return false;
    }
    const auto most = odd_lot ? std::min<Quantity>(holding.held, security.lot - 1)
                              : std::min<Quantity>(holding.held / security.lot, 10);
    if (most < 1) {
        return false;
    }
    const auto amount = static_cast<Quantity>(1 + random_.below(static_cast<std::uint64_t>(most)));
    command.side = risk::Side::sell;
    command.security = holding.security;
    command.quantity = odd_lot ? amount : amount * security.lot;
    return true;
}

// Trading crowds on few securities: the cube makes an eighth of them half of the flow.
bool Profile::choose_buy(PlannedCommand& command, bool odd_lot) {
    const std::vector<SecurityIndex>& plain = market_.plain_securities();
    if (plain.empty()) {
        return false;
    }
    const double u = 1.0 - random_.unit();
    const auto place = static_cast<std::size_t>(u * u * u * static_cast<double>(plain.size()));
    // Spread the popular ones over the file, so that both venues have some.
    const SecurityIndex index = plain[place * 7919 % plain.size()];
    const risk::SecurityRow& security = market_.security(index);
    if (sells_here(market_.account(command.account).investor, index) || (odd_lot && security.lot <= 1)) {
        return false;
    }
    command.side = risk::Side::buy;
    command.security = index;
    command.quantity =
        odd_lot ? static_cast<Quantity>(1 + random_.below(static_cast<std::uint64_t>(security.lot - 1)))
                : security.lot * static_cast<Quantity>(1 + random_.below(random_.chance(900) ? 5 : 20));
    return true;
}

// A call auction, and every odd-lot session, takes limit orders for the rest of the day only.
void Profile::choose_kind(PlannedCommand& command, Phase phase) {
    command.type = risk::OrderType::limit;
    command.time_in_force = risk::TimeInForce::rest_of_day;
    if (command.session_kind == risk::SessionKind::regular && phase == Phase::continuous) {
        std::uint64_t draw = random_.below(1000);
        if (draw < options_.market_per_mille) {
            command.type = risk::OrderType::market;
            command.time_in_force = risk::TimeInForce::immediate_or_cancel;
        } else if ((draw -= options_.market_per_mille) < options_.immediate_per_mille) {
            command.time_in_force = risk::TimeInForce::immediate_or_cancel;
        } else if (draw - options_.immediate_per_mille < options_.fill_or_kill_per_mille) {
            command.time_in_force = risk::TimeInForce::fill_or_kill;
        }
    }
    command.price = command.type == risk::OrderType::market ? 0 : price_around_reference(command.security);
}

// Within two per cent of the reference, most of it within one, so that buys and sells meet.
Price Profile::price_around_reference(SecurityIndex index) {
    const Price reference = market_.security(index).reference;
    const auto spread = static_cast<std::int64_t>(random_.below(201) + random_.below(201)) - 200;
    const Price price = reference + reference * spread / 10'000;
    return spread < 0 ? market_.legal_at_or_above(index, price) : market_.legal_at_or_below(index, price);
}

// Takes the order's worth from what account and investor may commit, and its shares; neither ever comes
// back, so an order called good stays good whatever fills. Counted at the day's upper limit, the dearest it
// can become.
bool Profile::commit(const PlannedCommand& command) {
    const risk::SecurityRow& security = market_.security(command.security);
    const Amount value = security.limit_up * command.quantity;
    const std::uint32_t investor = market_.account(command.account).investor;
    Amount& used = account_used_[command.account];
    const Amount allowance = market_.allowance_of_account(command.account);
    Quantity& symbol_used = symbol_used_[(static_cast<std::uint64_t>(investor) << 32) | command.security];
    if (value > market_.order_value_max(command.account) || value > investor_left_[investor] ||
        command.quantity > market_.symbol_max(investor) - symbol_used ||
        (allowance != risk::unlimited && value > allowance - used)) {
        return false;
    }
    if (investor_left_[investor] != risk::unlimited) {
        investor_left_[investor] -= value;
    }
    used += value;
    symbol_used += command.quantity;
    if (command.side == risk::Side::sell) {
        for (Holding& holding : holdings_left_[command.account]) {
            holding.held -= holding.security == command.security ? command.quantity : 0;
        }
    }
    return true;
}

bool Profile::make_bad(PlannedCommand& command, Fault fault) {
    const std::vector<SecurityIndex>& plain = market_.plain_securities();
    if (plain.empty()) {
        return false;
    }
    command.session = sessions_[random_.below(sessions_.size())];
    const std::vector<AccountIndex>& accounts = market_.accounts_of(command.session);
    command.account = accounts[random_.below(accounts.size())];
    command.security = plain[random_.below(plain.size())];
    const risk::SecurityRow& security = market_.security(command.security);
    if (phase_of(security.venue).regular == Phase::closed) {
        return false;
    }
    command.quantity = security.lot;
    command.price = market_.legal_at_or_below(command.security, security.reference);
    command.expectation = Expectation::refuse;
    command.fault = fault;
    switch (fault) {
        case Fault::none:
            return false;
        case Fault::over_limit:
            return make_over_limit(command);
        case Fault::off_tick:
            command.price += market_.tick_at(security.tick_class, command.price) / 2;
            return true;
        case Fault::over_price_limit:
            command.price = security.limit_up + market_.tick_at(security.tick_class, security.limit_up);
            return true;
        case Fault::unknown_security:
            command.symbol = risk::Symbol("ZZ" + std::to_string(1000 + random_.below(9000)));
            if (market_.find(command.symbol) != 0) {
                return false;
            }
            command.security = 0;
            return true;
        case Fault::wrong_lot:
            command.quantity = security.lot + security.lot / 2;
            return security.lot > 1;
        case Fault::duplicate_identifier: {
            if (recent_.empty()) {
                return false;
            }
            const PlannedCommand& earlier = recent_[random_.below(recent_.size())];
            command.session = earlier.session;
            command.account = earlier.account;
            command.original = earlier.order;
            return true;
        }
        case Fault::over_quantity:
            command.quantity = security.lot * (market_.reference().rules.board_lots_max + 1);
            return true;
    }
    return false;
}

// The session's poorest account asks for as much as one order may be, of a security dear enough.
bool Profile::make_over_limit(PlannedCommand& command) {
    command.account = poorest_[command.session];
    const std::uint32_t investor = market_.account(command.account).investor;
    const Amount allowance =
        std::min({market_.allowance_of_investor(investor), market_.allowance_of_account(command.account),
                  market_.order_value_max(command.account)});
    const std::vector<SecurityIndex>& plain = market_.plain_securities();
    const std::size_t from = random_.below(plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const SecurityIndex index = plain[(from + i) % plain.size()];
        const risk::SecurityRow& security = market_.security(index);
        const Quantity most = security.lot * market_.reference().rules.board_lots_max;
        const Price price = market_.legal_at_or_below(index, security.reference);
        // A lower bound of 499 lots at this price; both factors are far from overflow.
        if (price * most > allowance && !sells_here(investor, index)) {
            command.security = index;
            command.quantity = most;
            command.price = price;
            return phase_of(security.venue).regular != Phase::closed;
        }
    }
    return false;
}

bool Profile::make_change(PlannedCommand& command, bool cancel) {
    if (open_.empty()) {
        return false;
    }
    const std::size_t place = random_.below(open_.size());
    OpenOrder& target = open_[place];
    const PlannedCommand& order = target.command;
    const risk::SecurityRow& security = market_.security(order.security);
    const bool odd_lot = order.session_kind != risk::SessionKind::regular;
    const PhaseNow phase = phase_of(security.venue);
    if (time_ns_ - order.due_ns < change_after_ns || (!cancel && target.replaced) ||
        (odd_lot ? phase.odd_lot : phase.regular) == Phase::closed) {
        return false;
    }
    const std::int64_t due_ns = command.due_ns;
    command = order;
    command.due_ns = due_ns;
    command.expectation = Expectation::either;
    if (cancel) {
        command.kind = CommandKind::cancel;
        open_[place] = open_.back();
        open_.pop_back();
        return true;
    }
    const Quantity unit = odd_lot ? 1 : security.lot;
    const auto units = static_cast<std::uint64_t>(order.quantity / unit);
    if (units > 1 && (odd_lot || random_.chance(500))) {
        command.kind = CommandKind::replace_quantity;
        command.quantity = unit * static_cast<Quantity>(1 + random_.below(units - 1));
    } else if (!odd_lot) {
        command.kind = CommandKind::replace_price;
        const auto steps = static_cast<std::int64_t>(1 + random_.below(3));
        command.price = market_.step(order.security, order.price, random_.chance(500) ? steps : -steps);
        if (command.price == order.price) {
            return false;
        }
    } else {
        return false;
    }
    target.replaced = true;
    return true;
}

void Profile::remember(const PlannedCommand& command) {
    if (command.fault != Fault::none) {
        return;
    }
    if (recent_.size() < recent_max) {
        recent_.push_back(command);
    } else {
        recent_[recent_next_++ % recent_max] = command;
    }
    if (command.type == risk::OrderType::limit && command.time_in_force == risk::TimeInForce::rest_of_day) {
        if (open_.size() < open_max) {
            open_.push_back({command, false});
        } else {
            open_[random_.below(open_max)] = {command, false};
        }
    }
}

}  // namespace fairlead::load
