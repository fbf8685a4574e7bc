// Reports: the messages a line sends, made from an order and what happened to it, field by field as the
// venue's order line has them: 12-byte ClOrdID, padded symbol, quantities in the sub-system's units,
// sub ids turned round. Pure; Exchange decides what is said and when.
#pragma once

#include <string>
#include <string_view>

#include "bench/exchange/book_order.hpp"
#include "bench/exchange/codes.hpp"
#include "bench/exchange/line_server.hpp"
#include "risk/reference.hpp"

namespace fairlead::exchange {

// The order a report is about, with what the fields need beside it.
struct ReportSubject {
    const BookOrder& order;
    const risk::SecurityRow& security;
    risk::UtcNs now = 0;
};

struct ReportTerms {
    char exec_type = '0';
    std::string_view client_order_id;           // 11
    std::string_view original_client_order_id;  // 41; empty = absent
    risk::Quantity quantity = 0;                // 38, shares
    risk::Quantity last_quantity = 0;           // 32 and 31 stand in trades only
    risk::Price last_price = 0;
    std::string execution_id;  // 17
    std::string text;          // 58; empty = absent
};

// ExecutionReport about an order that is, or was, in the market. LeavesQty, CumQty and OrdStatus are
// the order's.
[[nodiscard]] OutMessage order_report(const ReportSubject& subject, const ReportTerms& terms);

// ExecutionReport that refuses a New or a status request, with the fields as the message had them.
[[nodiscard]] OutMessage refusal_report(const OrderMessage& message, const std::string& execution_id,
                                        const std::string& text, risk::UtcNs now);
// OrderCancelReject to a G or F. `order` may be null: unknown.
[[nodiscard]] OutMessage cancel_reject(const OrderMessage& message, const BookOrder* order,
                                       const std::string& text, risk::UtcNs now);
// Session Reject, code first in its text ("72-AP-CODE ERROR").
[[nodiscard]] OutMessage session_reject(const std::string& message_type, std::uint64_t message_number,
                                        int tag, int reason, const std::string& text);

// OrdStatus (39).
[[nodiscard]] char order_status(const BookOrder& order);
[[nodiscard]] std::string price_text(risk::Price price);
[[nodiscard]] std::string utc_text(risk::UtcNs utc_ns);

}  // namespace fairlead::exchange
