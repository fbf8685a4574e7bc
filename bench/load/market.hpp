// Market: the reference data as the order sources need it: legal prices and quantities, who may send
// for which account, what may be sold, which phase is on. Pure and unchanging after construction.
// Not the gateway's checks: written apart from them, so that one can find the other's mistakes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "risk/reference.hpp"

namespace fairlead::load {

// Indexes are those of risk::Reference; 0 is none.
using AccountIndex = std::uint32_t;
using SecurityIndex = std::uint32_t;

struct Holding {
    SecurityIndex security = 0;
    risk::Quantity held = 0;
};

struct SessionAccounts {
    std::vector<AccountIndex> accounts;
};

class Market {
  public:
    // `sessions`: the ids of the sessions to be played, in the order of their indexes here.
    Market(const risk::Reference& reference, const std::vector<std::uint32_t>& sessions);

    [[nodiscard]] const risk::Reference& reference() const noexcept { return reference_; }
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }
    // Only so many accounts are used from here on, as evenly over the sessions as they come.
    void keep_accounts(std::size_t count);
    // Accounts of all sessions, each counted once.
    [[nodiscard]] std::size_t account_count() const;
    // Enabled accounts the session may trade for.
    [[nodiscard]] const std::vector<AccountIndex>& accounts_of(std::size_t session) const {
        return sessions_[session].accounts;
    }
    // Securities that any account may trade in any way: no flag but 注意 set, with a reference price.
    [[nodiscard]] const std::vector<SecurityIndex>& plain_securities() const noexcept { return plain_; }
    [[nodiscard]] bool is_plain(SecurityIndex security) const;
    [[nodiscard]] const std::vector<Holding>& holdings_of(AccountIndex account) const;
    [[nodiscard]] SecurityIndex find(const risk::Symbol& symbol) const;
    [[nodiscard]] const risk::SecurityRow& security(SecurityIndex index) const {
        return reference_.securities[index];
    }
    [[nodiscard]] const risk::AccountRow& account(AccountIndex index) const {
        return reference_.accounts[index];
    }

    // The step at this price; 0 when the table has no row for the class.
    [[nodiscard]] risk::Price tick_at(risk::TickClass tick_class, risk::Price price) const;
    // The nearest legal price at or below (above) `price`, inside the security's limits where it has any.
    [[nodiscard]] risk::Price legal_at_or_below(SecurityIndex security, risk::Price price) const;
    [[nodiscard]] risk::Price legal_at_or_above(SecurityIndex security, risk::Price price) const;
    // `steps` ticks above (below, if negative) a legal price, inside the limits.
    [[nodiscard]] risk::Price step(SecurityIndex security, risk::Price price, std::int64_t steps) const;

    // Money (1/10,000 NTD) the account may still commit at day start: the tightest of its own and its
    // investor's value limits. 0: none given, nothing can be bought. One order's limit stands apart.
    [[nodiscard]] risk::Amount allowance_of_investor(std::uint32_t investor) const {
        return investor_allowance_[investor];
    }
    [[nodiscard]] risk::Amount allowance_of_account(AccountIndex account) const {
        return account_allowance_[account];
    }
    [[nodiscard]] risk::Amount order_value_max(AccountIndex account) const;
    // Shares the investor may buy, or sell, of one security.
    [[nodiscard]] risk::Quantity symbol_max(std::uint32_t investor) const { return symbol_max_[investor]; }

    // What the venue takes at this time after the day's origin, by kind of session.
    [[nodiscard]] risk::Phase phase(risk::Venue venue, risk::SessionKind kind, std::int64_t day_ns) const;
    [[nodiscard]] const std::vector<risk::PhaseRow>& phases() const noexcept { return reference_.phases; }

  private:
    void read_limits();
    [[nodiscard]] bool account_enabled(AccountIndex account) const;

    const risk::Reference& reference_;
    std::vector<SessionAccounts> sessions_;
    std::vector<SecurityIndex> plain_;
    std::unordered_map<std::string, SecurityIndex> by_symbol_;
    std::unordered_map<AccountIndex, std::vector<Holding>> holdings_;
    std::vector<risk::Amount> investor_allowance_;
    std::vector<risk::Amount> account_allowance_;
    std::vector<risk::Amount> investor_order_value_;
    std::vector<risk::Amount> account_order_value_;
    std::vector<risk::Quantity> symbol_max_;
};

}  // namespace fairlead::load
