// The words everything else is said in: units, fixed text, and the enumerations of the order road.
// No behaviour lives here. Every program includes this file; it includes only the standard library.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace fairlead::risk {

// The Record's place in the one order, from 1, never reset in a journal's life. 0 means "none".
using Sequence = std::uint64_t;
// Money is counted in 1/10,000 NTD, prices in 1/10,000 NTD a share, quantities in shares.
using Price = std::int64_t;
using Quantity = std::int64_t;
using Amount = std::int64_t;
// UTC nanoseconds since 1970-01-01.
using UtcNs = std::int64_t;
// Nanoseconds of the monotonic clock of one boot.
using MonotonicNs = std::int64_t;

inline constexpr std::int64_t price_unit = 10'000;
// 99,999.9999 NTD: five integer digits and four decimals, the width of the venue's Price field.
inline constexpr Price price_max = 999'999'999;

// Text of at most N bytes, padded with zero bytes on the right, so that equal text has equal bytes.
template <std::size_t N>
struct Text {
    std::array<char, N> bytes{};

    constexpr Text() = default;
    // Keeps the first N bytes; callers check `fits` first where a cut would matter.
    constexpr explicit Text(std::string_view from) { from.copy(bytes.data(), N); }
    [[nodiscard]] static constexpr bool fits(std::string_view from) { return from.size() <= N; }
    [[nodiscard]] constexpr std::string_view view() const { return {bytes.data(), length()}; }
    [[nodiscard]] constexpr bool empty() const { return bytes[0] == '\0'; }
    auto operator<=>(const Text&) const = default;
    // By words: this is asked of every key that a look-up finds.
    [[nodiscard]] constexpr bool operator==(const Text& other) const {
        if (std::is_constant_evaluated()) {
            return bytes == other.bytes;
        }
        std::uint64_t different = 0;
        for (std::size_t at = 0; at < N; at += 8) {
            const std::size_t size = N - at < 8 ? N - at : 8;
            std::uint64_t mine = 0;
            std::uint64_t others = 0;
            std::memcpy(&mine, bytes.data() + at, size);
            std::memcpy(&others, other.bytes.data() + at, size);
            different |= mine ^ others;
        }
        return different == 0;
    }

  private:
    // Eight characters at a time where there are as many.
    [[nodiscard]] constexpr std::size_t length() const {
        std::size_t at = 0;
        if (!std::is_constant_evaluated()) {
            for (; at + 8 <= N; at += 8) {
                std::uint64_t word = 0;
                std::memcpy(&word, bytes.data() + at, 8);
                const std::uint64_t zeros = (word - 0x0101010101010101) & ~word & 0x8080808080808080;
                if (zeros != 0) {
                    return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
                }
            }
        }
        while (at < N && bytes[at] != '\0') {
            ++at;
        }
        return at;
    }
};

using Symbol = Text<8>;          // six characters used: the security's code
using InvestorId = Text<12>;     // 投資人: an ID number or a code of the broker's
using BranchId = Text<4>;        // broker's branch as the venue knows it (SenderSubID)
using ClientOrderId = Text<24>;  // a client's ClOrdID (tag 11)
using UserName = Text<16>;
using ExecutionId = Text<16>;  // a venue's ExecID (tag 17)
using OrderNumber = Text<8>;   // 委託書號, five characters used

// One trading account (帳號): a branch and a seven-digit number (six digits and a check digit).
struct AccountKey {
    BranchId branch;
    std::uint32_t number = 0;
    auto operator<=>(const AccountKey&) const = default;
};

enum class Venue : std::uint8_t { none = 0, twse = 1, tpex = 2 };
inline constexpr std::size_t venue_count = 3;  // sized for indexing by the enumeration

enum class Side : std::uint8_t { none = 0, buy = 1, sell = 2 };

enum class OrderType : std::uint8_t { none = 0, market = 1, limit = 2 };

// FIX TimeInForce (59) as the venue takes it.
enum class TimeInForce : std::uint8_t { rest_of_day = 0, immediate_or_cancel = 3, fill_or_kill = 4 };

// Which of the venue's sub-systems an order is for (the venue's AP-CODE).
enum class SessionKind : std::uint8_t {
    regular = 0,            // AP 0, board lots
    intraday_odd_lot = 1,   // AP C
    after_hours_odd = 2,    // AP 2
    after_hours_fixed = 3,  // AP 7
};
inline constexpr std::size_t session_kind_count = 4;

// TwseOrdType (10001): what pays for, or delivers, the order. Cash day trade counts as cash here.
enum class CreditType : std::uint8_t {
    cash = 0,
    margin_agency = 1,
    short_agency = 2,
    margin_own = 3,
    short_own = 4,
    borrowed_short = 5,
    borrowed_short_exempt = 6,
};
inline constexpr std::size_t credit_type_count = 7;

// TwseIvacnoFlag (10000): how the order reached the broker.
enum class Channel : std::uint8_t {
    none = 0,
    normal = 1,
    atm = 2,
    dma = 3,
    internet = 4,
    voice = 5,
    api = 6
};

// FIX OrdStatus (39) and ExecType (150) share these letters; the enumeration holds the wire character.
enum class OrderStatus : std::uint8_t {
    none = 0,
    created = '0',  // New
    partially_filled = '1',
    filled = '2',
    cancelled = '4',
    replaced = '5',  // as ExecType only
    pending_cancel = '6',
    rejected = '8',
    pending_new = 'A',
    expired = 'C',
    restated = 'D',  // as ExecType only
    pending_replace = 'E',
    trade = 'F',          // as ExecType only
    trade_correct = 'G',  // as ExecType only
    trade_cancel = 'H',   // as ExecType only
    order_status = 'I',   // as ExecType only
};

// Who a Limit, a halt or a counter belongs to.
enum class Scope : std::uint8_t {
    none = 0,
    firm = 1,
    branch = 2,
    investor = 3,
    account = 4,
    venue = 5,    // halts only
    symbol = 6,   // halts; and the symbol dimensions of an investor
    session = 7,  // halts only
};

// What a Limit bounds. The formulas stand in `credit.hpp`, from the credit accounting document.
enum class Dimension : std::uint8_t {
    none = 0,
    buy = 1,            // executed buys + open buys, NTD/10,000
    sell = 2,           // executed sells + open sells
    gross_day = 3,      // both sides, executed + open
    net = 4,            // worst case of either side filling alone
    offset = 5,         // margin-offset and day-trade quota: reverse-side amount, executed + open
    symbol_long = 6,    // shares: position + open buys in one security
    symbol_short = 7,   // shares: -position + open sells in one security
    order_value = 8,    // value of one order
    reported = 9,       // firm: running sum of reported order amounts (net available funds multiple)
    sellable = 10,      // shares: held + bought - sold - open sells; never a Limit record
    message_rate = 11,  // commands a second, per investor
};
inline constexpr std::size_t dimension_count = 12;

// No Limit given: an account's, branch's or firm's absent Limit does not bind; an investor's absent
// Limit is 0 and refuses.
inline constexpr Amount unlimited = INT64_MAX;

}  // namespace fairlead::risk
