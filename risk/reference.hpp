// Reference: what is known before the day starts: securities, accounts, investors, opening limits,
// inventory, phases and tick tables, as plain rows. Read from files by `config/`, handed to the Ledger
// at day start, never changed during the day. Rows refer to each other by index; index 0 is "none".
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "risk/record.hpp"

namespace fairlead::risk {

// Tick classes: rows of the tick table.
enum class TickClass : std::uint8_t {
    none = 0,
    stock = 1,
    fund = 2,
    warrant = 3,
    convertible_bond = 4,
    corporate_bond = 5,
    government_bond = 6,
};
inline constexpr std::size_t tick_class_count = 7;

// Prices below `below` move in steps of `tick`. Rows ascend; the last row's `below` is price_max + 1.
struct TickRow {
    Price below = 0;
    Price tick = 0;
};
struct TickTable {
    std::array<std::vector<TickRow>, tick_class_count> rows;
};

enum class Phase : std::uint8_t {
    closed = 0,
    open_call = 1,
    continuous = 2,
    close_call = 3,
    odd_lot = 4,
    fixed_price = 5,
};

// [from, to) after the day's origin, nanoseconds.
struct PhaseRow {
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
    Venue venue = Venue::none;
    SessionKind session_kind = SessionKind::regular;
    Phase phase = Phase::closed;
};

enum : std::uint16_t {
    security_suspended = 1,        // no orders at all
    security_disposition = 2,      // 處置: periodic call, limit rest-of-day only
    security_attention = 4,        // 注意
    security_full_delivery = 8,    // 全額交割: altered trading method
    security_no_price_limit = 16,  // limits are 0 in the file: first five days, foreign underlying
    security_no_short_below = 32,  // short sale below reference barred (flag cleared by MARK-M)
    security_no_sbl_below = 64,    // borrowed short below reference barred (MARK-S)
    security_innovation = 128,     // board code 3: qualified investors only
    security_no_odd_lot = 256,
    security_no_margin = 512,
    security_periodic_call = 1024,  // matched at intervals: limit rest-of-day only
};

// T30 day-trade flag: who may open and close in one day.
enum class DayTrade : std::uint8_t { barred = 0, buy_first = 'Y', either = 'X' };

struct SecurityRow {
    Symbol symbol;
    Price limit_up = 0;  // 0 = none
    Price reference = 0;
    Price limit_down = 0;  // 0 = none
    Quantity lot = 1000;   // shares of one board lot
    std::uint16_t flags = 0;
    std::uint16_t match_interval_minutes = 0;
    Venue venue = Venue::none;
    TickClass tick_class = TickClass::none;
    DayTrade day_trade = DayTrade::barred;
};

enum : std::uint16_t {
    account_disabled = 1,
    account_day_trade_signed = 2,     // buy-first day trade documents signed
    account_sell_first_signed = 4,    // sell-first as well
    account_own = 8,                  // the dealer's own account
    account_strict_sells = 16,        // sells are reserved at the day's upper limit, not at their price
    account_qualified = 32,           // may trade the innovation board
    account_no_inventory_check = 64,  // custody elsewhere: sellable shares are not ours to check
};

struct InvestorRow {
    InvestorId id;
    std::uint16_t flags = 0;  // account_disabled bars every account
};
struct AccountRow {
    AccountKey key;
    std::uint32_t investor = 0;  // index into investors
    std::uint16_t branch = 0;    // index into branches
    std::uint16_t flags = 0;
    std::uint8_t credit_types = 1;  // bit n: CreditType n allowed
};
struct BranchRow {
    BranchId id;
};

struct OpeningLimitRow {
    LimitSetFacts limit;
    std::uint32_t target = 0;  // index into investors, accounts or branches by scope; 0 for the firm
};

// Shares held at day start, and what may be borrowed to deliver, of one account in one security.
struct InventoryRow {
    std::uint32_t account = 0;
    std::uint32_t security = 0;
    Quantity held = 0;
    Quantity borrow_quota = 0;
};

// A client session as the Ledger needs it: which accounts it may trade for.
struct SessionRow {
    std::uint32_t id = 0;            // the number in Records
    std::uint32_t message_rate = 0;  // commands a second; 0 = no limit of its own
    bool all_accounts = false;
    std::vector<std::uint32_t> accounts;  // sorted indexes, when not all
};

// Numbers the check list compares with; one set for the firm.
struct RuleSet {
    Quantity board_lots_max = 499;            // per order, board lots
    std::int64_t collar_reference_bp = 1100;  // basis points off the reference; 0 = not checked
    std::int64_t collar_last_bp = 500;        // off the last trade seen; 0 = not checked
    Amount order_value_max = 0;               // NTD/10,000; 0 = only Limits of dimension order_value
    std::uint32_t investor_message_rate = 0;  // commands a second per investor; 0 = not checked
    std::uint32_t repeat_count_max = 0;       // same order repeated within the window; 0 = not checked
    std::int64_t repeat_window_ns = 1'000'000'000;
    Amount firm_warning_1 = unlimited;  // of Dimension::reported
    Amount firm_warning_2 = unlimited;
    bool refuse_self_match = true;
};

struct Reference {
    std::vector<SecurityRow> securities;  // [0] unused, as in all of these
    std::vector<InvestorRow> investors;
    std::vector<BranchRow> branches;
    std::vector<AccountRow> accounts;
    std::vector<OpeningLimitRow> opening_limits;  // from [0]
    std::vector<InventoryRow> inventory;          // from [0]
    std::vector<PhaseRow> phases;                 // from [0]
    std::vector<SessionRow> sessions;             // from [0]
    TickTable ticks;
    RuleSet rules;
    DayStartFacts day;  // date and origin are filled at day start; the hashes by whoever read the files
};

}  // namespace fairlead::risk
