// The fields of each report.
#include "bench/exchange/reports.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace fairlead::exchange {
namespace {

using risk::SessionKind;

std::string padded(std::string_view text, std::size_t width, char with, bool on_left) {
    std::string result(text);
    if (result.size() < width) {
        result.insert(on_left ? 0 : result.size(), width - result.size(), with);
    }
    return result;
}

char ap_code_of(SessionKind kind) {
    constexpr std::array<char, 4> codes = {'0', 'C', '2', '7'};
    return codes[static_cast<std::size_t>(kind)];
}

risk::Quantity unit_of(const ReportSubject& subject) {
    const SessionKind kind = subject.order.kind;
    const bool odd = kind == SessionKind::intraday_odd_lot || kind == SessionKind::after_hours_odd;
    return odd ? 1 : subject.security.lot;
}

void add_if(OutMessage& out, int tag, const std::string& value) {
    if (!value.empty()) {
        out.fields.emplace_back(tag, value);
    }
}

}  // namespace

char order_status(const BookOrder& order) {
    switch (order.state) {
        case OrderState::cancelled:
            return '4';
        case OrderState::expired:
            return 'C';
        case OrderState::filled:
            return '2';
        case OrderState::working:
        case OrderState::forgotten:
            break;
    }
    return order.filled > 0 ? '1' : '0';
}

std::string price_text(risk::Price price) {
    const std::string fraction = std::to_string(risk::price_unit + price % risk::price_unit).substr(1);
    return std::to_string(price / risk::price_unit) + "." + fraction;
}

std::string utc_text(risk::UtcNs utc_ns) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{floor<milliseconds>(nanoseconds{utc_ns})};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss<milliseconds> clock{time - day};
    std::array<char, 40> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d%02u%02u-%02d:%02d:%02d.%03d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

OutMessage order_report(const ReportSubject& subject, const ReportTerms& terms) {
    const BookOrder& order = subject.order;
    const risk::Quantity unit = unit_of(subject);
    const auto units = [unit](risk::Quantity shares) { return std::to_string(shares / unit); };
    OutMessage out;
    out.type = '8';
    out.sender_sub_id = ap_code_of(order.kind);
    out.target_sub_id = order.branch.view();
    out.fields.reserve(22);
    out.fields.emplace_back(37, order.order_number.view());
    out.fields.emplace_back(11, terms.client_order_id);
    add_if(out, 41, std::string(terms.original_client_order_id));
    out.fields.emplace_back(17, terms.execution_id);
    out.fields.emplace_back(150, std::string(1, terms.exec_type));
    out.fields.emplace_back(39, std::string(1, order_status(order)));
    out.fields.emplace_back(1, padded(std::to_string(order.account), 7, '0', true));
    out.fields.emplace_back(55, padded(subject.security.symbol.view(), 6, ' ', false));
    out.fields.emplace_back(54, order.side == risk::Side::buy ? "1" : "2");
    out.fields.emplace_back(38, units(terms.quantity));
    out.fields.emplace_back(40, order.type == risk::OrderType::market ? "1" : "2");
    out.fields.emplace_back(44, price_text(order.price));
    out.fields.emplace_back(59, std::to_string(static_cast<int>(order.time_in_force)));
    if (terms.exec_type == 'F') {
        out.fields.emplace_back(32, units(terms.last_quantity));
        out.fields.emplace_back(31, price_text(terms.last_price));
    }
    out.fields.emplace_back(151, units(order.leaves));
    out.fields.emplace_back(14, units(order.filled));
    out.fields.emplace_back(6, price_text(order.filled == 0 ? 0 : order.amount / order.filled));
    add_if(out, 58, terms.text);
    out.fields.emplace_back(60, utc_text(subject.now));
    out.fields.emplace_back(10001, std::string(1, order.credit_type));
    return out;
}

OutMessage refusal_report(const OrderMessage& message, const std::string& execution_id,
                          const std::string& text, risk::UtcNs now) {
    OutMessage out;
    out.type = '8';
    out.sender_sub_id = message.ap_code;
    out.target_sub_id = message.branch;
    add_if(out, 37, message.order_number);
    add_if(out, 11, message.client_order_id);
    out.fields.emplace_back(17, execution_id);
    out.fields.emplace_back(150, "8");
    out.fields.emplace_back(39, "8");
    add_if(out, 1, message.account);
    add_if(out, 55, message.symbol);
    add_if(out, 54, message.side);
    add_if(out, 38, message.quantity);
    add_if(out, 44, message.price);
    out.fields.emplace_back(151, "0");
    out.fields.emplace_back(14, "0");
    out.fields.emplace_back(6, "0");
    out.fields.emplace_back(58, text);
    out.fields.emplace_back(60, utc_text(now));
    return out;
}

OutMessage cancel_reject(const OrderMessage& message, const BookOrder* order, const std::string& text,
                         risk::UtcNs now) {
    OutMessage out;
    out.type = '9';
    out.sender_sub_id = message.ap_code;
    out.target_sub_id = message.branch;
    add_if(out, 37, message.order_number);
    add_if(out, 11, message.client_order_id);
    add_if(out, 41, message.original_client_order_id);
    out.fields.emplace_back(39, std::string(1, order == nullptr ? '8' : order_status(*order)));
    add_if(out, 1, message.account);
    out.fields.emplace_back(434, message.type == 'F' ? "1" : "2");
    out.fields.emplace_back(102, order == nullptr ? "1" : order->leaves == 0 ? "0" : "2");
    out.fields.emplace_back(58, text);
    out.fields.emplace_back(60, utc_text(now));
    return out;
}

OutMessage session_reject(const std::string& message_type, std::uint64_t message_number, int tag, int reason,
                          const std::string& text) {
    OutMessage out;
    out.type = '3';
    out.fields.emplace_back(45, std::to_string(message_number));
    if (tag != 0) {
        out.fields.emplace_back(371, std::to_string(tag));
    }
    out.fields.emplace_back(372, message_type);
    out.fields.emplace_back(373, std::to_string(reason));
    out.fields.emplace_back(58, text);
    return out;
}

}  // namespace fairlead::exchange
