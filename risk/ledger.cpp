// The Ledger's door, its days and roads, and what can be read from it. Commands stand in
// ledger_orders.cpp, the check list in ledger_checks.cpp, counters in ledger_settle.cpp, venue answers
// in ledger_venue.cpp and ledger_orphan.cpp, limits and halts in ledger_control.cpp.
#include "risk/ledger.hpp"

#include "risk/assert.hpp"

namespace fairlead::risk {

namespace {

// Neither a recovery nor a new boot clears it: two persons do.
constexpr std::uint32_t spare_ready_bit = 1U << static_cast<unsigned>(DeviceCause::spare_ready);
constexpr std::uint32_t taken_over_bit = 1U << static_cast<unsigned>(DeviceCause::taken_over);
// Opened by two persons alone.
constexpr std::uint32_t persons_bits = spare_ready_bit | taken_over_bit;

template <class T>
const T& as(const Record& record) noexcept {
    static_assert(std::is_standard_layout_v<T>);
    return *reinterpret_cast<const T*>(&record);  // every kind's struct begins with its Record
}

// Nothing to decide: the Record has its place in the order, and that is all.
Decision noted(const Record& record) noexcept {
    Decision decision;
    decision.sequence = record.sequence;
    decision.outcome = Outcome::noted;
    return decision;
}

}  // namespace

Ledger::Ledger(const Sizes& sizes)
    : sizes_(sizes),
      branches_(sizes.branches_max + 1),
      investors_(sizes.investors_max + 1),
      accounts_(sizes.accounts_max + 1),
      securities_(sizes.securities_max + 1),
      sessions_(sizes.sessions_max + 1),
      investor_windows_(sizes.investors_max + 1),
      account_positions_(sizes.positions_max + 1),
      investor_positions_(sizes.positions_max + 1),
      orders_(sizes.orders_max + 1),
      open_marks_(sizes.orders_max),
      commands_(sizes.commands_max + sizes.orders_max + 1),
      executions_(sizes.executions_max + 1),
      control_limits_(sizes.limits_max + 1),
      symbol_limits_(sizes.limits_max + 1),
      halts_(sizes.halts_max + 1),
      branch_index_(sizes.branches_max),
      investor_index_(sizes.investors_max),
      account_index_(sizes.accounts_max),
      security_index_(sizes.securities_max),
      session_index_(sizes.sessions_max),
      account_position_index_(sizes.positions_max),
      investor_position_index_(sizes.positions_max),
      command_index_(sizes.commands_max + sizes.orders_max),
      client_index_(sizes.commands_max + sizes.orders_max),
      execution_index_(sizes.executions_max),
      control_limit_index_(sizes.limits_max),
      symbol_limit_index_(sizes.limits_max) {
    require(sizes.branches_max < UINT16_MAX, "branches fit 16 bits");
    firm_.limits.value.fill(unlimited);
    capacity_ = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    bound_room();
}

Decision Ledger::apply(const Record& record) noexcept {
    require(record.sequence == last_sequence_ + 1, "a Record's sequence is the previous plus one");
    require(record.kind == RecordKind::start || record.monotonic_ns >= last_monotonic_ns_,
            "monotonic time does not fall within a boot");
    last_sequence_ = record.sequence;
    last_monotonic_ns_ = record.monotonic_ns;
    switch (record.kind) {
        case RecordKind::new_order:
            return new_order(as<NewOrder>(record));
        case RecordKind::replace_order:
            return replace_order(as<ReplaceOrder>(record));
        case RecordKind::cancel_order:
            return cancel_order(as<CancelOrder>(record));
        case RecordKind::order_status:
            return order_status(as<OrderStatusRequest>(record));
        case RecordKind::mass_cancel:
            return mass_cancel(as<MassCancel>(record));
        case RecordKind::venue_report:
            return venue_report(as<VenueReport>(record));
        case RecordKind::venue_reject:
            return venue_reject(as<VenueReject>(record));
        case RecordKind::in_doubt:
            return in_doubt(as<InDoubt>(record));
        case RecordKind::resolved:
            return resolved(as<Resolved>(record));
        case RecordKind::wait_expired:
        case RecordKind::halted_unsent:
            return ended_unsent(as<WaitExpired>(record));
        case RecordKind::fill_adjusted:
            return fill_adjusted(as<FillAdjusted>(record));
        case RecordKind::limit_set:
            return limit_set(as<LimitSet>(record));
        case RecordKind::halt:
            return halt_set(as<Halt>(record).facts, as<Halt>(record).subject, false);
        case RecordKind::resume:
            return halt_set(as<Resume>(record).facts, as<Resume>(record).subject, true);
        case RecordKind::venue_session:
            move_road(as<VenueSession>(record));
            return noted(record);
        case RecordKind::device_event:
            move_road(as<DeviceEvent>(record));
            return noted(record);
        case RecordKind::start:
            // A new boot has no line open yet and no device complaint of its own.
            lines_.fill(LineState{});
            line_rows_ = 0;
            devices_closed_ &= persons_bits;
            return noted(record);
        case RecordKind::capacity:
            capacity_ = as<Capacity>(record).facts;
            bound_room();
            return noted(record);
        case RecordKind::day_start:
            return begin_day(as<DayStart>(record));
        case RecordKind::day_close:
            end_day();
            return noted(record);
        case RecordKind::orphan_report:
            return orphan_report(as<VenueReport>(record));
        case RecordKind::none:
        case RecordKind::genesis:
        case RecordKind::stop:
        case RecordKind::clock:
        case RecordKind::level_change:
        case RecordKind::key_change:
        case RecordKind::checkpoint_signed:
        case RecordKind::tick:
        case RecordKind::logon_attempt:
        case RecordKind::logon_result:
        case RecordKind::logout:
        case RecordKind::sequence_reset:
        case RecordKind::session_received:
        case RecordKind::session_sent:
        case RecordKind::released:
        case RecordKind::handed_to_socket:
        case RecordKind::proposal:
        case RecordKind::approval:
        case RecordKind::user_event:
        case RecordKind::denied_request:
        case RecordKind::limit_term:
        case RecordKind::usage_level:
        case RecordKind::incident:
        case RecordKind::maintenance_visit:
        case RecordKind::review:
            return noted(record);
    }
    require(false, "a Record has a kind of this format version");
    return noted(record);
}

Decision Ledger::begin_day(const DayStart& start) noexcept {
    Decision decision = noted(start.record);
    // Yesterday's last word: what was still open or unresolved.
    decision.leaves = counts_.open;
    decision.reserve_before = firm_.exposure.open_buy + firm_.exposure.open_sell;
    require(staged_ != nullptr, "reference data is staged before a DayStart");
    const DayStartFacts& staged = staged_->day;
    const DayStartFacts& named = start.facts;
    require(staged.securities == named.securities && staged.accounts == named.accounts &&
                staged.limits == named.limits && staged.inventory == named.inventory &&
                staged.calendar == named.calendar && staged.rules == named.rules &&
                staged.sessions == named.sessions,
            "the staged reference data is the one the DayStart names");
    reference_ = staged_;
    day_ = named;
    day_version_ = start.record.sequence;
    clear_day();
    load_reference();
    load_limits();
    load_halts();
    load_inventory();
    day_open_ = true;
    return decision;
}

void Ledger::bound_room() noexcept {
    room_.orders = std::min(capacity_.orders, sizes_.orders_max);
    room_.commands = std::min(capacity_.commands, sizes_.commands_max);
    room_.executions = std::min(capacity_.executions, sizes_.executions_max);
    room_.positions = std::min(capacity_.positions, sizes_.positions_max);
    room_.limits = std::min(capacity_.limits, sizes_.limits_max);
    room_.halts = std::min(capacity_.halts, sizes_.halts_max);
}

void Ledger::end_day() noexcept {
    // Open quantity is frozen once: what is not in doubt ends here, later fills move executed amounts
    // only. What is in doubt stays, and stays reserved, until its evidence comes or the day rolls.
    OpenScan scan;
    for (std::uint32_t from = 1; from != 0; from = scan.next_slot) {
        scan = next_open({.with_pending_cancel = true}, from, UINT32_MAX);
        Order& order = orders_[scan.slot];
        if (scan.slot != 0 && !order.in_doubt()) {
            order.reported_filled = std::max(order.reported_filled, order.filled);
            end_order(order, OrderStatus::expired);
        }
    }
    day_open_ = false;
}

void Ledger::clear_day() noexcept {
    std::fill_n(orders_.begin(), counts_.orders + 1, Order{});
    open_marks_.clear();
    std::fill_n(commands_.begin(), counts_.commands + 1, CommandState{});
    std::fill_n(executions_.begin(), counts_.executions + 1, ExecutionState{});
    std::fill_n(account_positions_.begin(), counts_.account_positions + 1, AccountPosition{});
    std::fill_n(investor_positions_.begin(), counts_.investor_positions + 1, InvestorPosition{});
    std::fill_n(investor_windows_.begin(), investor_rows_ + 1, MessageWindow{});
    for (FlatIndex* index : {&branch_index_, &investor_index_, &account_index_, &security_index_,
                             &session_index_, &account_position_index_, &investor_position_index_,
                             &command_index_, &client_index_, &execution_index_, &symbol_limit_index_}) {
        index->clear();
    }
    counts_ = Counts{};
    firm_.exposure = Exposure{};
    symbol_limit_rows_ = 0;
    phase_spans_ = {};
}

void Ledger::load_reference() noexcept {
    const Reference& from = *reference_;
    branch_rows_ = static_cast<std::uint32_t>(from.branches.size() - 1);
    for (std::uint32_t row = 1; row <= branch_rows_; ++row) {
        branches_[row] = BranchState{from.branches[row].id, 0, {}, {}};
        branch_index_.insert(hash_of(from.branches[row].id, sizes_.hash_seed), row);
    }
    investor_rows_ = static_cast<std::uint32_t>(from.investors.size() - 1);
    for (std::uint32_t row = 1; row <= investor_rows_; ++row) {
        const InvestorRow& given = from.investors[row];
        investors_[row] = InvestorState{given.id, given.flags, 0, 0, {}, {}};
        investor_index_.insert(hash_of(given.id, sizes_.hash_seed), row);
    }
    account_rows_ = static_cast<std::uint32_t>(from.accounts.size() - 1);
    for (std::uint32_t row = 1; row <= account_rows_; ++row) {
        const AccountRow& given = from.accounts[row];
        accounts_[row] = AccountState{
            given.key, given.investor, given.branch, given.flags, given.credit_types, 0, {}, {}, {}};
        account_index_.insert(hash_of(given.key, sizes_.hash_seed), row);
    }
    security_rows_ = static_cast<std::uint32_t>(from.securities.size() - 1);
    for (std::uint32_t row = 1; row <= security_rows_; ++row) {
        const SecurityRow& given = from.securities[row];
        securities_[row] =
            SecurityState{given.symbol, given.limit_up, given.reference,  given.limit_down, given.lot, 0,
                          given.flags,  given.venue,    given.tick_class, given.day_trade,  0,         {}};
        security_index_.insert(hash_of(given.symbol, sizes_.hash_seed), row);
    }
    session_rows_ = static_cast<std::uint32_t>(from.sessions.size());
    for (std::uint32_t row = 1; row <= session_rows_; ++row) {
        const SessionRow& given = from.sessions[row - 1];
        sessions_[row] = SessionState{given.id, given.message_rate, 0, given.all_accounts, 0, {}, {}};
        session_index_.insert(hash_of(given.id, sizes_.hash_seed), row);
    }
}

void Ledger::load_inventory() noexcept {
    for (const InventoryRow& row : reference_->inventory) {
        AccountPosition& held = account_positions_[ensure_account_position(row.account, row.security)];
        held.position.held += row.held;
        held.borrow_quota += row.borrow_quota;
        const std::uint32_t investor = accounts_[row.account].investor;
        investor_positions_[ensure_investor_position(investor, row.security)].position.held += row.held;
    }
}

void Ledger::move_road(const VenueSession& session) noexcept {
    LineState* found = nullptr;
    for (std::uint32_t i = 0; i < line_rows_ && found == nullptr; ++i) {
        if (lines_[i].line == session.record.session && lines_[i].venue == session.facts.venue) {
            found = &lines_[i];
        }
    }
    if (found == nullptr) {
        require(line_rows_ < lines_.size(), "there are no more venue lines than the Ledger has room for");
        found = &lines_[line_rows_++];
        found->line = session.record.session;
        found->venue = session.facts.venue;
    }
    found->open = session.facts.open != 0 ? 1 : 0;
}

void Ledger::move_road(const DeviceEvent& event) noexcept {
    require(static_cast<unsigned>(event.facts.cause) < 32, "a device cause is one of this format version");
    const std::uint32_t bit = 1U << static_cast<unsigned>(event.facts.cause);
    if (event.facts.cause == DeviceCause::spare_resumed) {
        devices_closed_ &= ~spare_ready_bit;
        return;
    }
    if (event.facts.cause == DeviceCause::takeover_granted) {
        devices_closed_ &= ~taken_over_bit;
        return;
    }
    if (event.facts.cause == DeviceCause::spare_ready) {
        journal_switch_ = static_cast<std::uint64_t>(event.facts.value);
    }
    if (event.facts.orders_closed != 0) {
        // "Recovered, yet still closed" leaves the other causes as they are.
        devices_closed_ |= event.facts.cause == DeviceCause::recovered ? 0U : bit;
    } else {
        devices_closed_ &= event.facts.cause == DeviceCause::recovered ? persons_bits : ~bit;
    }
}

Reason Ledger::road(Venue venue) const noexcept {
    if (!day_open_) {
        return Reason::day_not_started;
    }
    const std::uint32_t clock = 1U << static_cast<unsigned>(DeviceCause::clock_untrusted);
    if ((devices_closed_ & ~clock) != 0) {
        return Reason::journal_unavailable;
    }
    if (devices_closed_ != 0) {
        return Reason::clock_untrusted;
    }
    if (venue == Venue::none) {
        return Reason::none;
    }
    for (std::uint32_t i = 0; i < line_rows_; ++i) {
        if (lines_[i].venue == venue && lines_[i].open != 0) {
            return Reason::none;
        }
    }
    return Reason::venue_line_down;
}

Phase Ledger::phase_now(Venue venue, SessionKind kind, UtcNs now) noexcept {
    const std::int64_t offset = now - day_.origin_utc_ns;
    PhaseSpan& span = phase_spans_[static_cast<std::size_t>(venue)][static_cast<std::size_t>(kind)];
    if (offset < span.from_ns || offset >= span.to_ns) {
        span = {offset, offset + 1, Phase::closed};
        for (const PhaseRow& row : reference_->phases) {
            if (row.venue == venue && row.session_kind == kind && row.from_ns <= offset &&
                offset < row.to_ns) {
                span = {row.from_ns, row.to_ns, row.phase};
                break;
            }
        }
    }
    return span.phase;
}

void Ledger::prefetch(const AccountKey& key) const noexcept {
    account_index_.prefetch(hash_of(key, sizes_.hash_seed));
}

AccountFound Ledger::find_account(const AccountKey& key) const noexcept {
    const std::uint32_t row = account_index_.find(hash_of(key, sizes_.hash_seed),
                                                  [&](std::uint32_t at) { return accounts_[at].key == key; });
    if (row == 0) {
        return {};
    }
    const AccountState& account = accounts_[row];
    __builtin_prefetch(&account.limits);
    __builtin_prefetch(&investors_[account.investor]);
    __builtin_prefetch(&investors_[account.investor].limits);
    return {row, account.investor};
}

const InvestorId& Ledger::investor_id(std::uint32_t investor) const noexcept {
    require(investor <= investor_rows_, "an investor's row is one of today's");
    return investors_[investor].id;
}

const AccountKey& Ledger::account_key(std::uint32_t account) const noexcept {
    require(account <= account_rows_, "an account's row is one of today's");
    return accounts_[account].key;
}

const BranchId& Ledger::branch_id(std::uint32_t branch) const noexcept {
    require(branch <= branch_rows_, "a branch's row is one of today's");
    return branches_[branch].id;
}

std::uint32_t Ledger::find_security(const Symbol& symbol) const noexcept {
    return security_index_.find(hash_of(symbol, sizes_.hash_seed),
                                [&](std::uint32_t row) { return securities_[row].symbol == symbol; });
}

const SecurityState& Ledger::security(std::uint32_t row) const noexcept {
    require(row <= security_rows_, "a security's row is one of today's");
    return securities_[row];
}

std::uint32_t Ledger::find_investor(const InvestorId& id) const noexcept {
    return investor_index_.find(hash_of(id, sizes_.hash_seed),
                                [&](std::uint32_t row) { return investors_[row].id == id; });
}

std::uint32_t Ledger::find_session(std::uint32_t id) const noexcept {
    return session_index_.find(hash_of(id, sizes_.hash_seed),
                               [&](std::uint32_t row) { return sessions_[row].id == id; });
}

std::uint32_t Ledger::find_branch(const BranchId& id) const noexcept {
    return branch_index_.find(hash_of(id, sizes_.hash_seed),
                              [&](std::uint32_t row) { return branches_[row].id == id; });
}

const Order& Ledger::order(std::uint32_t slot) const noexcept {
    require(slot <= counts_.orders, "an order's slot is one of today's");
    return orders_[slot];
}

std::uint32_t Ledger::find_command(Sequence command) const noexcept {
    const std::uint32_t row = command_index_.find(hash_of(command, sizes_.hash_seed), [&](std::uint32_t at) {
        return commands_[at].command == command;
    });
    return commands_[row].order;
}

std::uint32_t Ledger::find_order(Sequence key) const noexcept {
    const std::uint32_t slot = find_command(key);
    return slot != 0 && orders_[slot].key == key ? slot : 0;
}

std::uint32_t Ledger::find_order(std::uint32_t session, const ClientOrderId& id) const noexcept {
    return commands_[find_command(session, id)].order;
}

OpenScan Ledger::next_open(const OpenFilter& filter, std::uint32_t from_slot,
                           std::uint32_t steps) const noexcept {
    const auto fits = [](std::uint32_t wanted, std::uint32_t is) { return wanted == 0 || wanted == is; };
    OpenScan scan;
    std::uint32_t slot = std::max<std::uint32_t>(from_slot, 1);
    while (slot <= counts_.orders && scan.steps < steps) {
        ++scan.steps;
        const std::uint32_t open = open_marks_.next_in_word(slot);
        slot = open != 0 ? open + 1 : OpenMarks::behind_word(slot);
        if (open == 0) {
            continue;
        }
        const Order& at = orders_[open];
        if ((filter.with_pending_cancel || at.cancel.command == 0) && fits(filter.session, at.session) &&
            fits(filter.account, at.account) && fits(filter.investor, at.investor) &&
            fits(filter.security, at.security) && fits(filter.branch, accounts_[at.account].branch) &&
            (filter.venue == Venue::none || filter.venue == at.venue) &&
            (filter.side == Side::none || filter.side == at.side)) {
            scan.slot = open;
            break;
        }
    }
    scan.next_slot = slot <= counts_.orders ? slot : 0;
    return scan;
}

const Exposure& Ledger::exposure(Scope scope, std::uint32_t row) const noexcept {
    switch (scope) {
        case Scope::account:
            require(row <= account_rows_, "an account's row is one of today's");
            return accounts_[row].exposure;
        case Scope::investor:
            require(row <= investor_rows_, "an investor's row is one of today's");
            return investors_[row].exposure;
        case Scope::branch:
            require(row <= branch_rows_, "a branch's row is one of today's");
            return branches_[row].exposure;
        case Scope::firm:
        case Scope::none:
        case Scope::venue:
        case Scope::symbol:
        case Scope::session:
            break;
    }
    return firm_.exposure;
}

const AccountPosition* Ledger::account_position(std::uint32_t account,
                                                std::uint32_t security) const noexcept {
    const std::uint32_t row = find_account_position(account, security);
    return row == 0 ? nullptr : &account_positions_[row];
}

const InvestorPosition* Ledger::investor_position(std::uint32_t investor,
                                                  std::uint32_t security) const noexcept {
    const std::uint32_t row = find_investor_position(investor, security);
    return row == 0 ? nullptr : &investor_positions_[row];
}

}  // namespace fairlead::risk
