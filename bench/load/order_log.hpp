// Reader of the exchange's order log file (委託檔, odrYYYYMMDD): 59 bytes a line, fields by position.
// It says what the line says; what becomes of it is log_source.hpp's. Called by `fairlead-load play`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::load {

// The file's "changed trade code": what the line does to which side.
enum class TradeChange : std::uint8_t {
    none = 0,
    buy = 1,
    buy_cut = 2,
    buy_cancelled = 3,
    sell = 4,
    sell_cut = 5,
    sell_cancelled = 6,
};

enum class TradeType : std::uint8_t { regular = 0, block = 1, odd_lot = 2 };

struct OrderLogEntry {
    std::uint64_t line = 0;       // from 1
    std::uint32_t date = 0;       // yyyymmdd
    std::int64_t time_ns = 0;     // after local midnight; the file has hundredths of a second
    risk::Symbol symbol;          // without the padding
    risk::OrderNumber number;     // order number II, five characters, re-coded by the exchange
    risk::Text<4> broker;         // order number I, re-coded
    risk::Text<4> printer;        // report printer
    risk::Price price = 0;        // 0: a market order
    risk::Quantity quantity = 0;  // shares, always positive: `change` says whether they come or go
    risk::Side side = risk::Side::none;
    TradeType trade_type = TradeType::regular;
    TradeChange change = TradeChange::none;
    risk::CreditType credit_type = risk::CreditType::cash;
    risk::Channel channel = risk::Channel::normal;
    char investor_type = 'I';  // M fund, F foreign, I natural person, J other legal person

    // A new order, not a cut or a cancel of one.
    [[nodiscard]] bool is_new() const noexcept {
        return change == TradeChange::buy || change == TradeChange::sell;
    }
    [[nodiscard]] bool is_cancel() const noexcept {
        return change == TradeChange::buy_cancelled || change == TradeChange::sell_cancelled;
    }
};

struct OrderLogError {
    std::uint64_t line = 0;
    std::string field;
    std::string value;
    std::string rule;
};
// "line 7: quantity = '+00000010x0': a sign and ten digits, shares"
[[nodiscard]] std::string describe(const OrderLogError& error);

inline constexpr std::size_t order_log_line_bytes = 59;

// One line without its line end. False: `error` names the first bad field.
[[nodiscard]] bool parse_order_log_line(std::string_view text, std::uint64_t line, OrderLogEntry& entry,
                                        OrderLogError& error);

enum class OrderLogStep : std::uint8_t { entry, error, end };

// Walks a file held in memory. A bad line is told and passed over; an empty last line is no line.
class OrderLogReader {
  public:
    explicit OrderLogReader(std::string_view text) : rest_(text) {}
    [[nodiscard]] OrderLogStep next(OrderLogEntry& entry, OrderLogError& error);

  private:
    std::string_view rest_;
    std::uint64_t line_ = 0;
};

}  // namespace fairlead::load
