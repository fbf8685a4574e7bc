#include "gateway/orders/venue_orders.hpp"

#include <array>
#include <string_view>

namespace fairlead::gateway {
namespace {

using risk::SessionKind;

// The security's code, filled with spaces to the six bytes the venue takes.
struct PaddedSymbol {
    std::array<char, 8> bytes;
    explicit PaddedSymbol(const risk::Symbol& symbol) noexcept {
        const std::uint64_t text =
            fix::padded_word(fix::load_word(symbol.bytes.data()), symbol.view().size(), ' ');
        std::memcpy(bytes.data(), &text, sizeof text);
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), 6}; }
};

constexpr unsigned client_order_id_width = 12;
constexpr unsigned account_width = 7;
constexpr risk::Sequence client_order_id_max = 999'999'999'999;  // twelve digits
constexpr std::uint32_t account_number_max = 9'999'999;

std::uint64_t original_id(const OrderTerms& terms) noexcept {
    return terms.original_id != 0 ? terms.original_id : terms.order_key;
}

// The first thing about the terms that no message may carry; null = nothing.
const char* terms_problem(const OrderTerms& terms) noexcept {
    if (original_id(terms) == 0 || original_id(terms) > client_order_id_max) {
        return "OrigClOrdID (41): the order has no ClOrdID of twelve digits";
    }
    if (terms.order_number.view().size() != 5) {
        return "OrderID (37): the order number has not five characters";
    }
    if (terms.symbol.empty() || terms.symbol.view().size() > 6) {
        return "Symbol (55): not 1 to 6 characters";
    }
    if (terms.account.branch.view().size() != 4 || terms.account.number > account_number_max) {
        return "Account (1): not a branch of four characters and a number of seven digits";
    }
    if (terms.side == risk::Side::none) {
        return "Side (54): none";
    }
    if (terms.lot <= 0) {
        return "OrderQty (38): the security's lot is not positive";
    }
    return nullptr;
}

// Shares as the sub-system counts them; -1 when they are no whole number of lots.
risk::Quantity venue_quantity(risk::Quantity shares, const OrderTerms& terms) noexcept {
    const risk::Quantity unit = venue_unit(terms.session_kind, terms.lot);
    return shares < 0 || shares % unit != 0 ? -1 : shares / unit;
}

char side_code(risk::Side side) noexcept {
    return side == risk::Side::buy ? '1' : '2';
}
char order_type_code(risk::OrderType type) noexcept {
    return type == risk::OrderType::market ? '1' : '2';
}
char digit(std::uint8_t value) noexcept {
    return static_cast<char>('0' + value);
}

// TwseExCode (10002): 2 for both odd-lot sub-systems, 0 for regular and fixed price.
char exchange_code(SessionKind kind) noexcept {
    return in_odd_lots(kind) ? '2' : '0';
}

// Header and the fields every message has, up to Side.
void begin(fix::Encoder& encoder, const LineMessage& message, char type, risk::Sequence command,
           const OrderTerms& terms) noexcept {
    encoder.begin(message.out, *message.header, {&type, 1}, message.number, message.sending_time_ns);
    encoder.add(50, terms.account.branch.view());
    encoder.add_char(57, session_kind_code(terms.session_kind));
    encoder.add_padded(11, command + message.identifier_shift, client_order_id_width);
    if (type == 'G' || type == 'F') {
        encoder.add_padded(41, original_id(terms), client_order_id_width);
    }
    encoder.add(37, terms.order_number.view());
    if (type != 'H') {
        encoder.add_padded(1, terms.account.number, account_width);
    }
    encoder.add(55, PaddedSymbol(terms.symbol).view());
    encoder.add_char(54, side_code(terms.side));
}

void add_channel(fix::Encoder& encoder, const OrderTerms& terms) noexcept {
    const risk::Channel channel = terms.channel == risk::Channel::none ? risk::Channel::dma : terms.channel;
    encoder.add_char(10000, digit(static_cast<std::uint8_t>(channel)));
}

VenueMessage finish(fix::Encoder& encoder, char type) noexcept {
    const std::size_t length = encoder.finish();
    if (length == 0) {
        return {0, type, "the message does not fit its buffer"};
    }
    return {length, type, nullptr};
}

}  // namespace

VenueMessage encode_new(fix::Encoder& encoder, const LineMessage& message, const risk::NewOrder& command,
                        const OrderTerms& terms) noexcept {
    if (const char* problem = terms_problem(terms)) {
        return {0, 'D', problem};
    }
    if (command.record.sequence != terms.order_key) {
        return {0, 'D', "ClOrdID (11): the terms are another order's"};
    }
    const risk::NewOrderFacts& facts = command.facts;
    const risk::Quantity quantity = venue_quantity(facts.quantity, terms);
    if (quantity <= 0) {
        return {0, 'D', "OrderQty (38): not a positive whole number of lots"};
    }
    const bool market = facts.order_type == risk::OrderType::market;
    if (market ? facts.price != 0 : facts.price <= 0 || facts.price > risk::price_max) {
        return {0, 'D', "Price (44): must be 0 for market orders, else above 0 and at most 99,999.9999"};
    }
    begin(encoder, message, 'D', command.record.sequence, terms);
    encoder.add_quantity(38, quantity);
    encoder.add_char(40, order_type_code(facts.order_type));
    encoder.add_price(44, facts.price);
    encoder.add_char(59, digit(static_cast<std::uint8_t>(facts.time_in_force)));
    encoder.add_time(60, command.record.utc_ns);
    add_channel(encoder, terms);
    encoder.add_char(10001, digit(static_cast<std::uint8_t>(facts.credit_type)));
    encoder.add_char(10002, exchange_code(terms.session_kind));
    encoder.add_char(10004, 'N');
    return finish(encoder, 'D');
}

VenueMessage encode_replace(fix::Encoder& encoder, const LineMessage& message,
                            const risk::ReplaceOrder& command, const OrderTerms& terms) noexcept {
    if (const char* problem = terms_problem(terms)) {
        return {0, 'G', problem};
    }
    const risk::ReplaceOrderFacts& facts = command.facts;
    const bool new_price = facts.price != terms.price && facts.price != 0;
    const risk::Quantity removed = terms.ordered - facts.quantity;
    if (new_price == (removed != 0) || removed < 0) {
        return {0, 'G', "OrderQty (38), Price (44): exactly one changes, and quantity only down"};
    }
    if (!new_price && facts.quantity <= terms.filled) {
        return encode_cancel(encoder, message, command.record, terms);  // a full cut is a cancel
    }
    const risk::Quantity cut = venue_quantity(removed, terms);
    if (cut < 0) {
        return {0, 'G', "OrderQty (38): the cut is no whole number of lots"};
    }
    if (new_price && (facts.price < 0 || facts.price > risk::price_max)) {
        return {0, 'G', "Price (44): not above 0 and at most 99,999.9999"};
    }
    begin(encoder, message, 'G', command.record.sequence, terms);
    encoder.add_quantity(38, cut);
    encoder.add_char(40, order_type_code(terms.order_type));
    encoder.add_price(44, new_price ? facts.price : 0);
    encoder.add_time(60, command.record.utc_ns);
    add_channel(encoder, terms);
    encoder.add_char(10001, digit(static_cast<std::uint8_t>(terms.credit_type)));
    encoder.add_char(10002, exchange_code(terms.session_kind));
    encoder.add_char(10004, 'N');
    return finish(encoder, 'G');
}

VenueMessage encode_cancel(fix::Encoder& encoder, const LineMessage& message, const risk::Record& command,
                           const OrderTerms& terms) noexcept {
    if (const char* problem = terms_problem(terms)) {
        return {0, 'F', problem};
    }
    begin(encoder, message, 'F', command.sequence, terms);
    encoder.add_time(60, command.utc_ns);
    add_channel(encoder, terms);
    encoder.add_char(10002, exchange_code(terms.session_kind));
    encoder.add_char(10004, 'N');
    return finish(encoder, 'F');
}

VenueMessage encode_status(fix::Encoder& encoder, const LineMessage& message, risk::Sequence asked_by,
                           const OrderTerms& terms) noexcept {
    if (const char* problem = terms_problem(terms)) {
        return {0, 'H', problem};
    }
    begin(encoder, message, 'H', asked_by, terms);
    add_channel(encoder, terms);
    encoder.add_char(10002, exchange_code(terms.session_kind));
    return finish(encoder, 'H');
}

VenueMessage encode_command(fix::Encoder& encoder, const LineMessage& message, const risk::Record& command,
                            const OrderTerms& terms) noexcept {
    switch (command.kind) {
        case risk::RecordKind::new_order:
            return encode_new(encoder, message, reinterpret_cast<const risk::NewOrder&>(command), terms);
        case risk::RecordKind::replace_order:
            return encode_replace(encoder, message, reinterpret_cast<const risk::ReplaceOrder&>(command),
                                  terms);
        case risk::RecordKind::cancel_order:
            return encode_cancel(encoder, message, command, terms);
        case risk::RecordKind::order_status:
            return encode_status(encoder, message, command.sequence, terms);
        default:
            return {0, '\0', "MsgType (35): this kind of Record goes to no venue"};
    }
}

}  // namespace fairlead::gateway
