// Limits and halts: the opening ones of the day's files, and those set by control, which win over the
// files and are carried from day to day by the ids they name.
#include "risk/ledger.hpp"
#include "risk/ledger_keys.hpp"

namespace fairlead::risk {

namespace {

constexpr bool is_credit(Dimension dimension) noexcept {
    return dimension >= Dimension::buy && dimension <= Dimension::symbol_short;
}

// What an absent Limit means: nothing may be traded by an investor to whom nothing was given.
constexpr Amount absent_value(Scope scope, Dimension dimension) noexcept {
    return scope == Scope::investor && is_credit(dimension) ? 0 : unlimited;
}

void clear(Limits& limits, Scope scope) noexcept {
    limits = Limits{};
    limits.value.fill(unlimited);
    for (unsigned n = 1; n < dimension_count; ++n) {
        const auto dimension = static_cast<Dimension>(n);
        if (dimension != Dimension::sellable) {
            const std::size_t place = limit_place(dimension);
            limits.value[place] = absent_value(scope, dimension);
            limits.bounded |= limits.value[place] != unlimited ? 1U << place : 0U;
        }
    }
}

constexpr bool is_symbol(Dimension dimension) noexcept {
    return dimension == Dimension::symbol_long || dimension == Dimension::symbol_short;
}

}  // namespace

const Limits& Ledger::limits_of(Scope scope, std::uint32_t row) const noexcept {
    switch (scope) {
        case Scope::account:
            require(row <= account_rows_, "an account's row is one of today's");
            return accounts_[row].limits;
        case Scope::branch:
            require(row <= branch_rows_, "a branch's row is one of today's");
            return branches_[row].limits;
        case Scope::investor:
            require(row <= investor_rows_, "an investor's row is one of today's");
            return investors_[row].limits;
        case Scope::firm:
        case Scope::none:
        case Scope::venue:
        case Scope::symbol:
        case Scope::session:
            break;
    }
    return firm_.limits;
}

LimitKey Ledger::limit_key(Scope scope, std::uint32_t row, Dimension dimension) const noexcept {
    LimitKey key;
    key.scope = scope;
    key.dimension = dimension;
    if (scope == Scope::investor) {
        key.investor = investors_[row].id;
    } else if (scope == Scope::account) {
        key.account = accounts_[row].key;
    } else if (scope == Scope::branch) {
        key.account.branch = branches_[row].id;
    }
    return key;
}

std::uint32_t Ledger::find_control_limit(const LimitKey& key) const noexcept {
    return control_limit_index_.find(hash_of(key, sizes_.hash_seed),
                                     [&](std::uint32_t row) { return control_limits_[row].key == key; });
}

std::uint32_t Ledger::find_symbol_limit(std::uint32_t investor, std::uint32_t security,
                                        Dimension dimension) const noexcept {
    const SymbolKey key{investor, security, static_cast<std::uint64_t>(dimension)};
    return symbol_limit_index_.find(hash_of(key, sizes_.hash_seed), [&](std::uint32_t row) {
        const SymbolLimit& at = symbol_limits_[row];
        return at.investor == investor && at.security == security && at.dimension == dimension;
    });
}

LimitInForce Ledger::limit(Scope scope, std::uint32_t row, Dimension dimension,
                           std::uint32_t security) const noexcept {
    if (!limit_kept(scope, dimension)) {
        return {};
    }
    if (security != 0 && symbol_limit_rows_ != 0 && is_symbol(dimension)) {
        const std::uint32_t at = find_symbol_limit(row, security, dimension);
        if (at != 0) {
            return {symbol_limits_[at].value, symbol_limits_[at].version, true};
        }
    }
    const Limits& limits = limits_of(scope, row);
    const std::size_t place = limit_place(dimension);
    LimitInForce found{limits.value[place], 0, (limits.given >> place & 1U) != 0};
    if ((limits.control >> place & 1U) != 0) {
        found.version = control_limits_[find_control_limit(limit_key(scope, row, dimension))].version;
    } else if (found.given) {
        found.version = day_version_;
    }
    return found;
}

void Ledger::put_limit(Scope scope, std::uint32_t row, Dimension dimension, Amount value,
                       bool control) noexcept {
    Limits* limits = &firm_.limits;
    if (scope == Scope::account) {
        limits = &accounts_[row].limits;
    } else if (scope == Scope::branch) {
        limits = &branches_[row].limits;
    } else if (scope == Scope::investor) {
        limits = &investors_[row].limits;
    }
    const std::size_t place = limit_place(dimension);
    limits->value[place] = value;
    limits->given |= 1U << place;
    limits->bounded = (limits->bounded & ~(1U << place)) | (value != unlimited ? 1U << place : 0U);
    limits->control |= control ? 1U << place : 0U;
}

bool Ledger::put_symbol_limit(std::uint32_t investor, std::uint32_t security, Dimension dimension,
                              Amount value, Sequence version) noexcept {
    std::uint32_t row = find_symbol_limit(investor, security, dimension);
    if (row == 0) {
        if (symbol_limit_rows_ >= room_.limits) {
            return false;
        }
        row = ++symbol_limit_rows_;
        const SymbolKey key{investor, security, static_cast<std::uint64_t>(dimension)};
        symbol_limit_index_.insert(hash_of(key, sizes_.hash_seed), row);
    }
    symbol_limits_[row] = SymbolLimit{investor, security, value, version, dimension, {}};
    return true;
}

std::uint32_t Ledger::row_of(Scope scope, const InvestorId& investor,
                             const AccountKey& account) const noexcept {
    switch (scope) {
        case Scope::investor:
            return find_investor(investor);
        case Scope::account:
            return find_account(account).account;
        case Scope::branch:
            return find_branch(account.branch);
        case Scope::firm:
        case Scope::none:
        case Scope::venue:
        case Scope::symbol:
        case Scope::session:
            break;
    }
    return 0;
}

void Ledger::load_limits() noexcept {
    clear(firm_.limits, Scope::firm);
    for (std::uint32_t row = 0; row <= branch_rows_; ++row) {
        clear(branches_[row].limits, Scope::branch);
    }
    for (std::uint32_t row = 0; row <= investor_rows_; ++row) {
        clear(investors_[row].limits, Scope::investor);
    }
    for (std::uint32_t row = 0; row <= account_rows_; ++row) {
        clear(accounts_[row].limits, Scope::account);
    }
    for (const OpeningLimitRow& row : reference_->opening_limits) {
        const LimitSetFacts& limit = row.limit;
        if (limit.symbol.empty()) {
            put_limit(limit.scope, row.target, limit.dimension, limit.value, false);
        } else {
            const bool room = put_symbol_limit(row.target, find_security(limit.symbol), limit.dimension,
                                               limit.value, day_version_);
            require(room, "staging has counted the limits of single securities");
        }
    }
    // What control has set stays in force over any number of days and files.
    for (std::uint32_t at = 1; at <= control_limit_rows_; ++at) {
        const ControlLimit& set = control_limits_[at];
        const std::uint32_t row = row_of(set.key.scope, set.key.investor, set.key.account);
        if (row == 0 && set.key.scope != Scope::firm) {
            continue;  // not one of today's; kept for the day it comes back
        }
        if (set.key.symbol.empty()) {
            put_limit(set.key.scope, row, set.key.dimension, set.value, true);
        } else if (const std::uint32_t security = find_security(set.key.symbol); security != 0) {
            const bool room = put_symbol_limit(row, security, set.key.dimension, set.value, set.version);
            require(room, "staging has counted the limits of single securities");
        }
    }
}

Decision Ledger::limit_set(const LimitSet& set) noexcept {
    const LimitSetFacts& facts = set.facts;
    Decision decision;
    decision.sequence = set.record.sequence;
    decision.outcome = Outcome::refused;
    decision.reason = Reason::limit_invalid;
    decision.dimension = facts.dimension;
    decision.symbol = facts.symbol;
    decision.account = set.subject.account;
    // The symbol dimensions are an investor's, whichever of the two scopes they are named by.
    const Scope scope = facts.scope == Scope::symbol ? Scope::investor : facts.scope;
    decision.scope = scope;
    decision.limit = facts.value;
    if (facts.value < 0 || !limit_kept(scope, facts.dimension) ||
        (!facts.symbol.empty() && !is_symbol(facts.dimension))) {
        return decision;
    }
    LimitKey key;
    key.scope = scope;
    key.dimension = facts.dimension;
    key.symbol = facts.symbol;
    key.investor = scope == Scope::investor ? set.subject.investor : InvestorId{};
    key.account = scope == Scope::account ? set.subject.account : AccountKey{};
    if (scope == Scope::branch) {
        key.account.branch = set.subject.account.branch;
    }
    const std::uint32_t row = row_of(scope, set.subject.investor, set.subject.account);
    const std::uint32_t security = facts.symbol.empty() ? 0 : find_security(facts.symbol);
    if (reference_ != nullptr &&
        ((row == 0 && scope != Scope::firm) || (security == 0 && !facts.symbol.empty()))) {
        return decision;
    }
    std::uint32_t at = find_control_limit(key);
    Amount in_force = at != 0 ? control_limits_[at].value : absent_value(scope, facts.dimension);
    if (reference_ != nullptr) {
        in_force = limit(scope, row, facts.dimension, security).value;
        decision.usage_before = usage(exposure(scope, row), facts.dimension);
        decision.usage_after = decision.usage_before;
    }
    const Subject& subject = set.subject;
    if (facts.value > in_force && (subject.approver.empty() || subject.approver == subject.user)) {
        decision.reason = Reason::not_authorised;
        return decision;
    }
    const bool room = at != 0 || control_limit_rows_ < room_.limits;
    if (!room || (security != 0 &&
                  !put_symbol_limit(row, security, facts.dimension, facts.value, set.record.sequence))) {
        decision.reason = Reason::capacity_positions;
        return decision;
    }
    if (at == 0) {
        at = ++control_limit_rows_;
        control_limit_index_.insert(hash_of(key, sizes_.hash_seed), at);
    }
    control_limits_[at] = ControlLimit{key, facts.value, set.record.sequence};
    if (reference_ != nullptr && facts.symbol.empty()) {
        put_limit(scope, row, facts.dimension, facts.value, true);
    }
    decision.outcome = Outcome::accepted;
    decision.reason = Reason::none;
    decision.limit_version = set.record.sequence;
    return decision;
}

// Where a halt of this scope is marked for the check list; null if today knows no such thing.
std::uint8_t* Ledger::halt_mark(const HaltState& halt) noexcept {
    switch (halt.scope) {
        case Scope::firm:
            return &firm_halted_;
        case Scope::venue:
            return halt.venue == Venue::none || static_cast<std::size_t>(halt.venue) >= venue_count
                       ? nullptr
                       : &venue_halted_[static_cast<std::size_t>(halt.venue)];
        case Scope::investor: {
            const std::uint32_t row = find_investor(halt.investor);
            return row == 0 ? nullptr : &investors_[row].halted;
        }
        case Scope::account: {
            const std::uint32_t row = find_account(halt.account).account;
            return row == 0 ? nullptr : &accounts_[row].halted;
        }
        case Scope::symbol: {
            const std::uint32_t row = find_security(halt.symbol);
            return row == 0 ? nullptr : &securities_[row].halted;
        }
        case Scope::session: {
            const std::uint32_t row = find_session(halt.session);
            return row == 0 ? nullptr : &sessions_[row].halted;
        }
        case Scope::none:
        case Scope::branch:
            break;
    }
    return nullptr;
}

void Ledger::load_halts() noexcept {
    for (std::uint32_t at = 1; at <= halt_rows_; ++at) {
        std::uint8_t* mark = halts_[at].in_force != 0 ? halt_mark(halts_[at]) : nullptr;
        if (mark != nullptr) {
            *mark = 1;
        }
    }
}

Decision Ledger::halt_set(const HaltFacts& facts, const Subject& subject, bool resuming) noexcept {
    Decision decision;
    decision.sequence = last_sequence_;
    decision.outcome = Outcome::refused;
    decision.scope = facts.scope;
    decision.venue = facts.venue;
    decision.symbol = facts.symbol;
    decision.account = subject.account;
    HaltState named;
    named.scope = facts.scope;
    switch (named.scope) {
        case Scope::venue:
            named.venue = facts.venue;
            break;
        case Scope::investor:
            named.investor = subject.investor;
            break;
        case Scope::account:
            named.account = subject.account;
            break;
        case Scope::symbol:
            named.symbol = facts.symbol;
            break;
        case Scope::session:
            named.session = facts.session;
            break;
        case Scope::firm:
        case Scope::none:
        case Scope::branch:
            break;
    }
    std::uint8_t* mark = halt_mark(named);
    if (mark == nullptr) {
        decision.reason = Reason::limit_invalid;
        return decision;
    }
    if (resuming && *mark == 0) {
        decision.reason = Reason::not_halted;
        return decision;
    }
    named.in_force = resuming ? 0 : 1;
    if (!put_halt(named)) {
        decision.reason = Reason::capacity_positions;
        return decision;
    }
    *mark = named.in_force;
    decision.outcome = Outcome::accepted;
    return decision;
}

bool Ledger::put_halt(const HaltState& named) noexcept {
    std::uint32_t at = 1;
    while (at <= halt_rows_ && !(halts_[at].scope == named.scope && halts_[at].investor == named.investor &&
                                 halts_[at].account == named.account && halts_[at].symbol == named.symbol &&
                                 halts_[at].session == named.session && halts_[at].venue == named.venue)) {
        ++at;
    }
    if (at > halt_rows_) {
        if (halt_rows_ >= room_.halts) {
            return false;
        }
        halt_rows_ = at;
    }
    halts_[at] = named;
    return true;
}

bool Ledger::halted(Scope scope, std::uint32_t row) const noexcept {
    switch (scope) {
        case Scope::firm:
            return firm_halted_ != 0;
        case Scope::venue:
            return row < venue_count && venue_halted_[row] != 0;
        case Scope::investor:
            require(row <= investor_rows_, "an investor's row is one of today's");
            return investors_[row].halted != 0;
        case Scope::account:
            require(row <= account_rows_, "an account's row is one of today's");
            return accounts_[row].halted != 0;
        case Scope::symbol:
            require(row <= security_rows_, "a security's row is one of today's");
            return securities_[row].halted != 0;
        case Scope::session: {
            const std::uint32_t at = find_session(row);
            return at != 0 && sessions_[at].halted != 0;
        }
        case Scope::none:
        case Scope::branch:
            break;
    }
    return false;
}

}  // namespace fairlead::risk
