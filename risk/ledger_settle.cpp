// The Ledger's counters. Every change of a reserve or an executed amount passes through `shift`, so an
// account, its branch, its investor, the firm and both positions move together or not at all. Also the
// rows that orders hang on: positions, the tree of open prices, the ids of commands.
#include "risk/ledger.hpp"
#include "risk/ledger_keys.hpp"

namespace fairlead::risk {

namespace {

// Executed amounts come from venues, so they are capped instead of trusted: four of these still fit.
constexpr Amount executed_max = Amount{1} << 60;

void add_capped(Amount& to, Amount amount) noexcept {
    to = std::min(to + amount, executed_max);
}

void add_open(Amount& to, Amount amount) noexcept {
    to += amount;
    require(to >= 0, "no open sum is ever negative");
}

void add(Exposure& exposure, Side side, Amount executed, Amount open) noexcept {
    add_capped(side == Side::buy ? exposure.executed_buy : exposure.executed_sell, executed);
    add_open(side == Side::buy ? exposure.open_buy : exposure.open_sell, open);
}

// Returns by how much the offsetting part has changed.
Amount add(Position& position, Side side, Quantity executed, Amount executed_amount, Quantity open,
           Amount open_amount) noexcept {
    const Amount before = position.offset();
    if (side == Side::buy) {
        position.bought += executed;
        add_capped(position.executed_buy, executed_amount);
        add_open(position.open_bought, open);
        add_open(position.open_buy, open_amount);
    } else {
        position.sold += executed;
        add_capped(position.executed_sell, executed_amount);
        add_open(position.open_sold, open);
        add_open(position.open_sell, open_amount);
    }
    return position.offset() - before;
}

std::uint64_t priority(std::uint32_t slot) noexcept {
    return fold(slot * 0x9E3779B97F4A7C15ULL, 0xD6E8FEB86659FD93ULL);
}

std::size_t side_place(Side side) noexcept {
    return side == Side::buy ? 0 : 1;
}

}  // namespace

void Ledger::shift(Order& order, Quantity executed, Amount executed_amount, Quantity open,
                   Amount open_amount) noexcept {
    AccountState& account = accounts_[order.account];
    InvestorState& investor = investors_[order.investor];
    AccountPosition& held = account_positions_[order.account_position];
    add(account.exposure, order.side, executed_amount, open_amount);
    add(branches_[account.branch].exposure, order.side, executed_amount, open_amount);
    add(investor.exposure, order.side, executed_amount, open_amount);
    add(firm_.exposure, order.side, executed_amount, open_amount);
    account.exposure.offset += add(held.position, order.side, executed, executed_amount, open, open_amount);
    investor.exposure.offset += add(investor_positions_[order.investor_position].position, order.side,
                                    executed, executed_amount, open, open_amount);
    switch (order.credit_type) {
        case CreditType::cash:
            held.cash_bought += order.side == Side::buy ? executed : 0;
            [[fallthrough]];
        case CreditType::margin_agency:
        case CreditType::margin_own:
            held.delivered += order.side == Side::sell ? executed + open : 0;
            break;
        case CreditType::borrowed_short:
        case CreditType::borrowed_short_exempt:
            held.borrowed += order.side == Side::sell ? executed + open : 0;
            break;
        case CreditType::short_agency:
        case CreditType::short_own:
            break;
    }
}

void Ledger::recompute(Order& order) noexcept {
    execute(order, 0, 0);
}

void Ledger::execute(Order& order, Quantity quantity, Amount amount) noexcept {
    order.filled += quantity;
    order.filled_amount += amount;
    if ((order.flags & order_old_price_fills) != 0 && order.open() && order.filled >= order.reported_filled) {
        order.worst = worst_of(order, order.price);
        order.flags = static_cast<std::uint8_t>(order.flags & ~order_old_price_fills);
    }
    const Reserve reserve = reserve_of(order);
    require(reserve.amount >= 0 && reserve.quantity >= 0, "a reserve is never negative");
    shift(order, quantity, amount, reserve.quantity - order.reserve_quantity, reserve.amount - order.reserve);
    order.reserve = reserve.amount;
    order.reserve_quantity = reserve.quantity;
    place_in_book(order);
}

void Ledger::end_order(Order& order, OrderStatus status) noexcept {
    require(order.open(), "an order ends once");
    order.ended = status;
    set_doubt(order, order_new_in_doubt, false);
    --counts_.open;
    open_marks_.clear(slot_of(order));
    --sessions_[find_session(order.session)].open_orders;
    recompute(order);
}

void Ledger::set_doubt(Order& order, std::uint8_t flag, bool doubtful) noexcept {
    const bool before = order.in_doubt();
    order.flags = static_cast<std::uint8_t>(doubtful ? order.flags | flag : order.flags & ~flag);
    counts_.in_doubt += static_cast<std::uint32_t>(order.in_doubt()) - static_cast<std::uint32_t>(before);
}

void Ledger::report_raise(const Order& order, Sequence command, Amount added, Decision& decision) noexcept {
    const AccountState& account = accounts_[order.account];
    accounts_[order.account].exposure.last_raise = command;
    branches_[account.branch].exposure.last_raise = command;
    investors_[order.investor].exposure.last_raise = command;
    firm_.exposure.last_raise = command;
    const Amount before = firm_.exposure.reported;
    add_capped(firm_.exposure.reported, added);
    const auto crossed = [&](Amount level) { return before < level && firm_.exposure.reported >= level; };
    const RuleSet& rules = reference_->rules;
    decision.flags =
        static_cast<std::uint8_t>(decision.flags | (crossed(rules.firm_warning_1) ? limit_warning_1 : 0) |
                                  (crossed(rules.firm_warning_2) ? limit_warning_2 : 0));
}

std::uint32_t Ledger::slot_of(const Order& order) const noexcept {
    return static_cast<std::uint32_t>(&order - orders_.data());
}

// --- The tree of open prices: a treap by (price, slot), its shape fixed by the slots alone. ---

bool Ledger::before_in_book(std::uint32_t a, std::uint32_t b) const noexcept {
    const Order& left = orders_[a];
    const Order& right = orders_[b];
    return left.book_price != right.book_price ? left.book_price < right.book_price : a < b;
}

void Ledger::remove_from_book(Order& order) noexcept {
    if ((order.flags & order_in_book) == 0) {
        return;
    }
    order.flags = static_cast<std::uint8_t>(order.flags & ~order_in_book);
    const std::uint32_t slot = slot_of(order);
    std::uint32_t* link = &investor_positions_[order.investor_position]
                               .book[static_cast<std::size_t>(order.session_kind)][side_place(order.side)];
    while (*link != slot) {
        require(*link != 0, "an order in the book is found there");
        link = before_in_book(slot, *link) ? &orders_[*link].left : &orders_[*link].right;
    }
    std::uint32_t left = order.left;
    std::uint32_t right = order.right;
    while (left != 0 && right != 0) {
        if (priority(left) > priority(right)) {
            *link = left;
            link = &orders_[left].right;
            left = *link;
        } else {
            *link = right;
            link = &orders_[right].left;
            right = *link;
        }
    }
    *link = left != 0 ? left : right;
    order.left = 0;
    order.right = 0;
}

void Ledger::place_in_book(Order& order) noexcept {
    if (order.leaves() == 0) {
        remove_from_book(order);
        return;
    }
    const bool buy = order.side == Side::buy;
    Price price = order.price;
    if (order.order_type == OrderType::market || order.session_kind == SessionKind::after_hours_fixed) {
        price = buy ? price_max + 1 : 0;  // trades with anything opposite
    } else if (order.replace.command != 0) {
        price = buy ? std::max(price, order.replace.price) : std::min(price, order.replace.price);
    }
    if ((order.flags & order_in_book) != 0 && order.book_price == price) {
        return;
    }
    remove_from_book(order);
    order.book_price = price;
    order.flags = static_cast<std::uint8_t>(order.flags | order_in_book);
    const std::uint32_t slot = slot_of(order);
    std::uint32_t* link = &investor_positions_[order.investor_position]
                               .book[static_cast<std::size_t>(order.session_kind)][side_place(order.side)];
    while (*link != 0 && priority(*link) > priority(slot)) {
        link = before_in_book(slot, *link) ? &orders_[*link].left : &orders_[*link].right;
    }
    std::uint32_t rest = *link;
    *link = slot;
    std::uint32_t* left = &order.left;
    std::uint32_t* right = &order.right;
    while (rest != 0) {
        if (before_in_book(rest, slot)) {
            *left = rest;
            left = &orders_[rest].right;
            rest = *left;
        } else {
            *right = rest;
            right = &orders_[rest].left;
            rest = *right;
        }
    }
    *left = 0;
    *right = 0;
}

std::uint32_t Ledger::best_open(std::uint32_t investor_position, SessionKind kind, Side side) const noexcept {
    std::uint32_t slot =
        investor_positions_[investor_position].book[static_cast<std::size_t>(kind)][side_place(side)];
    std::uint32_t best = slot;
    while (slot != 0) {
        best = slot;
        slot = side == Side::buy ? orders_[slot].right : orders_[slot].left;
    }
    return best;
}

// --- Rows by key. ---

std::uint32_t Ledger::find_account_position(std::uint32_t account, std::uint32_t security) const noexcept {
    return account_position_index_.find(hash_of(PairKey{account, security}, sizes_.hash_seed),
                                        [&](std::uint32_t row) {
                                            const Position& at = account_positions_[row].position;
                                            return at.owner == account && at.security == security;
                                        });
}

std::uint32_t Ledger::find_investor_position(std::uint32_t investor, std::uint32_t security) const noexcept {
    return investor_position_index_.find(hash_of(PairKey{investor, security}, sizes_.hash_seed),
                                         [&](std::uint32_t row) {
                                             const Position& at = investor_positions_[row].position;
                                             return at.owner == investor && at.security == security;
                                         });
}

std::uint32_t Ledger::ensure_account_position(std::uint32_t account, std::uint32_t security) noexcept {
    const std::uint32_t row = find_account_position(account, security);
    return row != 0 ? row : add_account_position(account, security);
}

std::uint32_t Ledger::add_account_position(std::uint32_t account, std::uint32_t security) noexcept {
    require(counts_.account_positions < sizes_.positions_max, "room for a position is checked before");
    const std::uint32_t row = ++counts_.account_positions;
    account_positions_[row].position.owner = account;
    account_positions_[row].position.security = security;
    account_position_index_.insert(hash_of(PairKey{account, security}, sizes_.hash_seed), row);
    return row;
}

std::uint32_t Ledger::ensure_investor_position(std::uint32_t investor, std::uint32_t security) noexcept {
    const std::uint32_t row = find_investor_position(investor, security);
    return row != 0 ? row : add_investor_position(investor, security);
}

std::uint32_t Ledger::add_investor_position(std::uint32_t investor, std::uint32_t security) noexcept {
    require(counts_.investor_positions < sizes_.positions_max, "room for a position is checked before");
    const std::uint32_t row = ++counts_.investor_positions;
    investor_positions_[row].position.owner = investor;
    investor_positions_[row].position.security = security;
    investor_position_index_.insert(hash_of(PairKey{investor, security}, sizes_.hash_seed), row);
    return row;
}

Ledger::CommandHashes Ledger::hashes_of(Sequence command, std::uint32_t session,
                                        const ClientOrderId& id) const noexcept {
    return {hash_of(command, sizes_.hash_seed), hash_of(ClientKey{id, session, 0}, sizes_.hash_seed)};
}

void Ledger::remember_command(const CommandState& command, const CommandHashes& hashes) noexcept {
    // Beyond the commands of the capacity there is room for a cancel or reduction of every order; one beyond
    // that passes without being remembered, since it must pass.
    if (counts_.commands >= std::uint64_t{capacity_.commands} + capacity_.orders ||
        counts_.commands + 1 == commands_.size()) {
        return;
    }
    const std::uint32_t row = ++counts_.commands;
    commands_[row] = command;
    index_command(row, hashes);
}

void Ledger::index_command(std::uint32_t row, const CommandHashes& hashes) noexcept {
    command_index_.insert(hashes.command, row);
    if (commands_[row].session != 0) {
        client_index_.insert(hashes.client, row);
    }
}

void Ledger::prefetch_command(const CommandHashes& hashes) const noexcept {
    client_index_.prefetch(hashes.client);
    command_index_.prefetch(hashes.command);
    __builtin_prefetch(&commands_[counts_.commands + 1 < commands_.size() ? counts_.commands + 1 : 0], 1);
}

std::uint32_t Ledger::find_command(std::uint32_t session, const ClientOrderId& id,
                                   std::uint64_t hash) const noexcept {
    return client_index_.find(hash, [&](std::uint32_t row) {
        return commands_[row].session == session && commands_[row].client_order_id == id;
    });
}

std::uint32_t Ledger::find_command(std::uint32_t session, const ClientOrderId& id) const noexcept {
    return find_command(session, id, hash_of(ClientKey{id, session, 0}, sizes_.hash_seed));
}

std::uint32_t Ledger::find_execution(std::uint32_t slot, const ExecutionId& id) const noexcept {
    return execution_index_.find(
        hash_of(ExecutionKey{id, slot, 0}, sizes_.hash_seed), [&](std::uint32_t row) {
            return executions_[row].order == slot && executions_[row].execution_id == id;
        });
}

bool Ledger::remember_execution(const ExecutionState& execution) noexcept {
    if (find_execution(execution.order, execution.execution_id) != 0) {
        return false;
    }
    // Out of room, a fill still counts: counting one twice would be the lesser harm than losing it, and
    // new orders have been refused since the table filled.
    if (counts_.executions < room_.executions) {
        executions_[++counts_.executions] = execution;
        execution_index_.insert(
            hash_of(ExecutionKey{execution.execution_id, execution.order, 0}, sizes_.hash_seed),
            counts_.executions);
    }
    return true;
}

void Ledger::describe(const Order& order, Decision& decision) const noexcept {
    decision.order_key = order.key;
    decision.order_slot = slot_of(order);
    decision.client_session = order.session;
    decision.order_status = order.status();
    decision.ordered = order.quantity;
    decision.leaves = order.leaves();
    decision.filled = order.filled;
    decision.filled_amount = order.filled_amount;
    decision.price = order.price;
    decision.reserve_after = order.reserve;
    decision.side = order.side;
    decision.order_type = order.order_type;
    decision.time_in_force = order.time_in_force;
    decision.session_kind = order.session_kind;
    decision.credit_type = order.credit_type;
    decision.venue = order.venue;
    decision.symbol = securities_[order.security].symbol;
    decision.account = accounts_[order.account].key;
}

}  // namespace fairlead::risk
