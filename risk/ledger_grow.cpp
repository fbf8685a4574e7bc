// Growing: the tables of who replays a journal whose end is not known. Rows keep their numbers, and look-up
// tables are made anew from the rows, so no state moves. Off the order path: it takes heap and time.
#include <algorithm>

#include "risk/ledger.hpp"
#include "risk/ledger_keys.hpp"

namespace fairlead::risk {

namespace {

template <class Row>
void lengthen(std::vector<Row>& table, std::uint32_t rows) {
    table.resize(std::max<std::size_t>(table.size(), std::size_t{rows} + 1));
}

template <class HashOfRow>
void rebuild(FlatIndex& index, std::uint32_t rows_max, std::uint32_t rows_used, HashOfRow&& hash) {
    index = FlatIndex(rows_max);
    for (std::uint32_t row = 1; row <= rows_used; ++row) {
        index.insert(hash(row), row);
    }
}

bool grows(std::uint32_t& own, std::uint32_t asked) noexcept {
    const bool more = asked > own;
    own = std::max(own, asked);
    return more;
}

// Room for `used` rows and `more`: as it is, or doubled as often as it takes.
std::uint32_t doubled(std::uint32_t size, std::uint64_t used, std::uint64_t more) noexcept {
    std::uint64_t enough = std::max<std::uint64_t>(size, 16);
    while (enough < used + more) {
        enough *= 2;
    }
    return used + more <= size ? size
                               : static_cast<std::uint32_t>(std::min<std::uint64_t>(enough, UINT32_MAX / 4));
}

}  // namespace

Sizes Ledger::sizes_for_next(const Reference* next) const noexcept {
    constexpr std::uint64_t one = 1;
    Sizes sizes = sizes_;
    sizes.orders_max = doubled(sizes.orders_max, counts_.orders, one);
    // Each accepted command is one row; those of the room kept for cancels count as well.
    sizes.commands_max = doubled(sizes.commands_max, counts_.commands, one);
    sizes.executions_max = doubled(sizes.executions_max, counts_.executions, one);
    sizes.halts_max = doubled(sizes.halts_max, halt_rows_, one);
    const std::uint64_t inventory = next != nullptr ? next->inventory.size() : 0;
    const std::uint64_t opening = next != nullptr ? next->opening_limits.size() : 0;
    sizes.positions_max =
        doubled(sizes.positions_max, std::max(counts_.account_positions, counts_.investor_positions),
                inventory + one);
    // Those of control are carried over and may be of single securities as well.
    sizes.limits_max =
        doubled(sizes.limits_max, std::uint64_t{control_limit_rows_} + symbol_limit_rows_, opening + one);
    if (next != nullptr) {
        sizes.accounts_max = doubled(sizes.accounts_max, 0, next->accounts.size());
        sizes.investors_max = doubled(sizes.investors_max, 0, next->investors.size());
        sizes.securities_max = doubled(sizes.securities_max, 0, next->securities.size());
        sizes.branches_max =
            static_cast<std::uint32_t>(std::max<std::size_t>(sizes.branches_max, next->branches.size()));
        sizes.sessions_max = doubled(sizes.sessions_max, 0, next->sessions.size() + one);
    }
    return sizes;
}

void Ledger::grow(const Sizes& sizes) {
    const std::uint64_t seed = sizes_.hash_seed;
    if (grows(sizes_.accounts_max, sizes.accounts_max)) {
        lengthen(accounts_, sizes_.accounts_max);
        rebuild(account_index_, sizes_.accounts_max, account_rows_,
                [&](std::uint32_t row) { return hash_of(accounts_[row].key, seed); });
    }
    if (grows(sizes_.investors_max, sizes.investors_max)) {
        lengthen(investors_, sizes_.investors_max);
        lengthen(investor_windows_, sizes_.investors_max);
        rebuild(investor_index_, sizes_.investors_max, investor_rows_,
                [&](std::uint32_t row) { return hash_of(investors_[row].id, seed); });
    }
    if (grows(sizes_.securities_max, sizes.securities_max)) {
        lengthen(securities_, sizes_.securities_max);
        rebuild(security_index_, sizes_.securities_max, security_rows_,
                [&](std::uint32_t row) { return hash_of(securities_[row].symbol, seed); });
    }
    if (grows(sizes_.branches_max, sizes.branches_max)) {
        lengthen(branches_, sizes_.branches_max);
        rebuild(branch_index_, sizes_.branches_max, branch_rows_,
                [&](std::uint32_t row) { return hash_of(branches_[row].id, seed); });
    }
    if (grows(sizes_.sessions_max, sizes.sessions_max)) {
        lengthen(sessions_, sizes_.sessions_max);
        rebuild(session_index_, sizes_.sessions_max, session_rows_,
                [&](std::uint32_t row) { return hash_of(sessions_[row].id, seed); });
    }
    if (grows(sizes_.limits_max, sizes.limits_max)) {
        lengthen(control_limits_, sizes_.limits_max);
        lengthen(symbol_limits_, sizes_.limits_max);
        rebuild(control_limit_index_, sizes_.limits_max, control_limit_rows_,
                [&](std::uint32_t row) { return hash_of(control_limits_[row].key, seed); });
        rebuild(symbol_limit_index_, sizes_.limits_max, symbol_limit_rows_, [&](std::uint32_t row) {
            const SymbolLimit& at = symbol_limits_[row];
            return hash_of(SymbolKey{at.investor, at.security, static_cast<std::uint64_t>(at.dimension)},
                           seed);
        });
    }
    if (grows(sizes_.halts_max, sizes.halts_max)) {
        lengthen(halts_, sizes_.halts_max);
    }
    grow_day(sizes);
    bound_room();
}

// What a day fills.
void Ledger::grow_day(const Sizes& sizes) {
    const std::uint64_t seed = sizes_.hash_seed;
    if (grows(sizes_.positions_max, sizes.positions_max)) {
        const auto hash = [&](const Position& at) { return hash_of(PairKey{at.owner, at.security}, seed); };
        lengthen(account_positions_, sizes_.positions_max);
        lengthen(investor_positions_, sizes_.positions_max);
        rebuild(account_position_index_, sizes_.positions_max, counts_.account_positions,
                [&](std::uint32_t row) { return hash(account_positions_[row].position); });
        rebuild(investor_position_index_, sizes_.positions_max, counts_.investor_positions,
                [&](std::uint32_t row) { return hash(investor_positions_[row].position); });
    }
    const bool more_orders = grows(sizes_.orders_max, sizes.orders_max);
    if (more_orders) {
        lengthen(orders_, sizes_.orders_max);
    }
    if (grows(sizes_.commands_max, sizes.commands_max) || more_orders) {
        const std::uint32_t rows = sizes_.commands_max + sizes_.orders_max;
        lengthen(commands_, rows);
        command_index_ = FlatIndex(rows);
        client_index_ = FlatIndex(rows);
        for (std::uint32_t row = 1; row <= counts_.commands; ++row) {
            const CommandState& at = commands_[row];
            index_command(row, hashes_of(at.command, at.session, at.client_order_id));
        }
    }
    if (grows(sizes_.executions_max, sizes.executions_max)) {
        lengthen(executions_, sizes_.executions_max);
        rebuild(execution_index_, sizes_.executions_max, counts_.executions, [&](std::uint32_t row) {
            const ExecutionState& at = executions_[row];
            return hash_of(ExecutionKey{at.execution_id, at.order, 0}, seed);
        });
    }
}

}  // namespace fairlead::risk
