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

// A table and its look-up table.
template <class Row, class HashOfRow>
void widen(std::uint32_t& own, std::uint32_t asked, std::vector<Row>& table, FlatIndex& index,
           std::uint32_t rows_used, HashOfRow&& hash) {
    if (grows(own, asked)) {
        lengthen(table, own);
        rebuild(index, own, rows_used, [&](std::uint32_t row) { return hash(table[row]); });
    }
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
    const auto hash = [seed = sizes_.hash_seed](const auto& key) { return hash_of(key, seed); };
    widen(sizes_.accounts_max, sizes.accounts_max, accounts_, account_index_, account_rows_,
          [&](const AccountState& at) { return hash(at.key); });
    widen(sizes_.investors_max, sizes.investors_max, investors_, investor_index_, investor_rows_,
          [&](const InvestorState& at) { return hash(at.id); });
    lengthen(investor_windows_, sizes_.investors_max);
    widen(sizes_.securities_max, sizes.securities_max, securities_, security_index_, security_rows_,
          [&](const SecurityState& at) { return hash(at.symbol); });
    widen(sizes_.branches_max, sizes.branches_max, branches_, branch_index_, branch_rows_,
          [&](const BranchState& at) { return hash(at.id); });
    widen(sizes_.sessions_max, sizes.sessions_max, sessions_, session_index_, session_rows_,
          [&](const SessionState& at) { return hash(at.id); });
    widen(sizes_.executions_max, sizes.executions_max, executions_, execution_index_, counts_.executions,
          [&](const ExecutionState& at) {
              return hash(ExecutionKey{at.execution_id, at.order, 0});
          });
    std::uint32_t limits = sizes_.limits_max;  // two tables of one size
    widen(limits, sizes.limits_max, control_limits_, control_limit_index_, control_limit_rows_,
          [&](const ControlLimit& at) { return hash(at.key); });
    widen(sizes_.limits_max, sizes.limits_max, symbol_limits_, symbol_limit_index_, symbol_limit_rows_,
          [&](const SymbolLimit& at) {
              return hash(SymbolKey{at.investor, at.security, static_cast<std::uint64_t>(at.dimension)});
          });
    std::uint32_t positions = sizes_.positions_max;  // the same
    const auto hash_of_position = [&](const auto& at) {
        return hash(PairKey{at.position.owner, at.position.security});
    };
    widen(positions, sizes.positions_max, account_positions_, account_position_index_,
          counts_.account_positions, hash_of_position);
    widen(sizes_.positions_max, sizes.positions_max, investor_positions_, investor_position_index_,
          counts_.investor_positions, hash_of_position);
    if (grows(sizes_.halts_max, sizes.halts_max)) {
        lengthen(halts_, sizes_.halts_max);
    }
    grow_orders(sizes);
    bound_room();
}

// Each order has room for one command more.
void Ledger::grow_orders(const Sizes& sizes) {
    const bool more_orders = grows(sizes_.orders_max, sizes.orders_max);
    const bool more_commands = grows(sizes_.commands_max, sizes.commands_max);
    if (!more_orders && !more_commands) {
        return;
    }
    const std::uint32_t rows = sizes_.commands_max + sizes_.orders_max;
    lengthen(orders_, sizes_.orders_max);
    open_marks_.lengthen(sizes_.orders_max);
    lengthen(commands_, rows);
    command_index_ = FlatIndex(rows);
    client_index_ = FlatIndex(rows);
    for (std::uint32_t row = 1; row <= counts_.commands; ++row) {
        const CommandState& at = commands_[row];
        index_command(row, hashes_of(at.command, at.session, at.client_order_id));
    }
}

}  // namespace fairlead::risk
