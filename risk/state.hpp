// The Ledger's rows: one struct a thing it keeps numbers about. Plain bytes in fixed arrays, row 0
// unused; the first part of most rows is copied from the day's reference. Nobody else writes them.
#pragma once

#include <array>

#include "risk/credit.hpp"
#include "risk/message_window.hpp"
#include "risk/reference.hpp"

namespace fairlead::risk {

// Places of `Limits`: the dimensions a Limit can be set in.
inline constexpr std::size_t limit_places = 10;
[[nodiscard]] constexpr std::size_t limit_place(Dimension dimension) noexcept {
    // buy .. reported in their own order, message_rate last; `sellable` is never a Limit.
    return dimension == Dimension::message_rate ? limit_places - 1 : static_cast<std::size_t>(dimension) - 1;
}

// Which Limits there are: a scope and dimension that some check reads.
[[nodiscard]] constexpr bool limit_kept(Scope scope, Dimension dimension) noexcept {
    switch (dimension) {
        case Dimension::buy:
        case Dimension::sell:
        case Dimension::gross_day:
        case Dimension::net:
        case Dimension::order_value:
            return scope == Scope::firm || scope == Scope::branch || scope == Scope::investor ||
                   scope == Scope::account;
        case Dimension::offset:
            return scope == Scope::investor || scope == Scope::account;
        case Dimension::symbol_long:
        case Dimension::symbol_short:
        case Dimension::message_rate:
            return scope == Scope::investor;
        case Dimension::reported:
            return scope == Scope::firm;
        case Dimension::none:
        case Dimension::sellable:
            break;
    }
    return false;
}

// More shares of one security than any account is let begin with.
inline constexpr Quantity quantity_held_max = 1'000'000'000'000;

// What binds one firm, branch, investor or account. Absent ones hold the value that absence means.
struct Limits {
    std::array<Amount, limit_places> value{};
    std::uint32_t given = 0;    // bit n: place n was given by file or by control
    std::uint32_t control = 0;  // bit n: set by control; its version stands in the control table
    std::uint32_t bounded = 0;  // bit n: the value of place n can refuse
    std::uint32_t reserved = 0;
};

struct FirmState {
    Exposure exposure;
    Limits limits;
};

struct BranchState {
    BranchId id;
    std::uint32_t reserved = 0;
    Exposure exposure;
    Limits limits;
};

struct InvestorState {
    InvestorId id;
    std::uint16_t flags = 0;
    std::uint8_t halted = 0;
    std::uint8_t reserved = 0;
    Exposure exposure;
    Limits limits;
};

struct AccountState {
    AccountKey key;
    std::uint32_t investor = 0;
    std::uint16_t branch = 0;
    std::uint16_t flags = 0;
    std::uint8_t credit_types = 0;
    std::uint8_t halted = 0;
    std::array<std::uint8_t, 6> reserved{};
    Exposure exposure;
    Limits limits;
};

struct SecurityState {
    Symbol symbol;
    Price limit_up = 0;
    Price reference = 0;
    Price limit_down = 0;
    Quantity lot = 1000;
    Price last = 0;  // last board-lot trade seen in our own fills; 0 = none yet
    std::uint16_t flags = 0;
    Venue venue = Venue::none;
    TickClass tick_class = TickClass::none;
    DayTrade day_trade = DayTrade::barred;
    std::uint8_t halted = 0;
    std::array<std::uint8_t, 2> reserved{};
};

struct SessionState {
    std::uint32_t id = 0;
    std::uint32_t message_rate = 0;
    std::uint32_t open_orders = 0;
    std::uint8_t all_accounts = 0;
    std::uint8_t halted = 0;
    std::array<std::uint8_t, 2> reserved{};
    MessageWindow window;
};

// What one account, or one investor, has done in one security today.
struct Position {
    std::uint32_t owner = 0;
    std::uint32_t security = 0;
    Amount executed_buy = 0;  // NTD/10,000
    Amount executed_sell = 0;
    Amount open_buy = 0;
    Amount open_sell = 0;
    Quantity bought = 0;  // shares
    Quantity sold = 0;
    Quantity open_bought = 0;
    Quantity open_sold = 0;
    Quantity held = 0;  // at day start

    // The smaller side, executed + open.
    [[nodiscard]] Amount offset() const noexcept {
        return std::min(executed_buy + open_buy, executed_sell + open_sell);
    }
    [[nodiscard]] Quantity long_usage() const noexcept { return held + bought - sold + open_bought; }
    [[nodiscard]] Quantity short_usage() const noexcept { return sold - held - bought + open_sold; }
};

struct AccountPosition {
    Position position;
    Quantity borrow_quota = 0;
    Quantity cash_bought = 0;  // bought for cash today: may cover day-trade sells
    Quantity delivered = 0;    // sold + open sells that take shares from the account
    Quantity borrowed = 0;     // sold + open borrowed-share sells
    // The last accepted order and how often it has been repeated.
    UtcNs repeat_from_ns = 0;
    Sequence repeat_key = 0;
    Price repeat_price = 0;
    Quantity repeat_quantity = 0;
    std::uint32_t repeat_count = 0;
    Side repeat_side = Side::none;
    OrderType repeat_type = OrderType::none;
    TimeInForce repeat_time_in_force = TimeInForce::rest_of_day;
    SessionKind repeat_session_kind = SessionKind::regular;
};

struct InvestorPosition {
    Position position;
    // Open orders by price, one tree a session kind and side: slots of the roots.
    std::array<std::array<std::uint32_t, 2>, session_kind_count> book{};
};

// A command accepted today, found by its client id and by its sequence.
struct CommandState {
    Sequence command = 0;
    ClientOrderId client_order_id;
    std::uint32_t session = 0;
    std::uint32_t order = 0;  // slot
};

// An execution applied today.
struct ExecutionState {
    ExecutionId execution_id;
    std::uint32_t order = 0;  // slot
    std::uint32_t reserved = 0;
    Sequence report = 0;    // the Record it came with
    Quantity quantity = 0;  // 0 = bust since
    Price price = 0;
};

// Names a Limit over days: rows change their numbers, ids do not.
struct LimitKey {
    Symbol symbol;
    InvestorId investor;
    AccountKey account;  // branch alone for Scope::branch
    Scope scope = Scope::none;
    Dimension dimension = Dimension::none;
    std::array<std::uint8_t, 2> reserved{};
    auto operator<=>(const LimitKey&) const = default;
};
struct ControlLimit {
    LimitKey key;
    Amount value = 0;
    Sequence version = 0;
};

// A Limit of one investor in one security; beside it the investor's own holds for every security.
struct SymbolLimit {
    std::uint32_t investor = 0;
    std::uint32_t security = 0;
    Amount value = 0;
    Sequence version = 0;
    Dimension dimension = Dimension::none;
    std::array<std::uint8_t, 7> reserved{};
};

// A halt in force, by ids, carried over days.
struct HaltState {
    Symbol symbol;
    InvestorId investor;
    AccountKey account;
    std::uint32_t session = 0;
    Scope scope = Scope::none;
    Venue venue = Venue::none;
    std::uint8_t in_force = 0;
    std::array<std::uint8_t, 5> reserved{};
};

struct LineState {
    std::uint32_t line = 0;
    Venue venue = Venue::none;
    std::uint8_t open = 0;
    std::array<std::uint8_t, 2> reserved{};
};

static_assert(is_plain<Exposure> && is_plain<Limits> && is_plain<FirmState> && is_plain<BranchState>);
static_assert(is_plain<InvestorState> && is_plain<AccountState> && is_plain<SecurityState>);
static_assert(is_plain<SessionState> && is_plain<AccountPosition> && is_plain<InvestorPosition>);
static_assert(is_plain<CommandState> && is_plain<ExecutionState> && is_plain<LimitKey>);
static_assert(is_plain<ControlLimit> && is_plain<SymbolLimit> && is_plain<HaltState> && is_plain<LineState>);

}  // namespace fairlead::risk
