#include "gateway/orders/client_commands.hpp"

#include <algorithm>

#include "gateway/fix/message.hpp"
#include "gateway/fix/values.hpp"
#include "gateway/orders/session_kinds.hpp"
#include "gateway/orders/text_writer.hpp"

namespace fairlead::gateway {
namespace {

using fix::Message;

// The client fields read here, as their texts name them.
struct FieldName {
    std::uint32_t tag = 0;
    std::string_view name;
};
constexpr FieldName account_field{1, "Account"};
constexpr FieldName client_order_id_field{11, "ClOrdID"};
constexpr FieldName currency_field{15, "Currency"};
constexpr FieldName quantity_field{38, "OrderQty"};
constexpr FieldName order_type_field{40, "OrdType"};
constexpr FieldName original_id_field{41, "OrigClOrdID"};
constexpr FieldName price_field{44, "Price"};
constexpr FieldName side_field{54, "Side"};
constexpr FieldName symbol_field{55, "Symbol"};
constexpr FieldName time_in_force_field{59, "TimeInForce"};
constexpr FieldName transact_time_field{60, "TransactTime"};
constexpr FieldName exchange_field{207, "SecurityExchange"};
constexpr FieldName mass_type_field{530, "MassCancelRequestType"};
constexpr FieldName request_id_field{790, "OrdStatusReqID"};
constexpr FieldName channel_field{10000, "OrderChannel"};
constexpr FieldName credit_type_field{10001, "CreditType"};
constexpr FieldName session_kind_field{10005, "SessionKind"};

constexpr std::size_t symbol_width = 6;
constexpr std::size_t account_width = 12;  // "8610-0000017"
constexpr std::size_t branch_width = 4;

bool is_code_character(char character) noexcept {
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
           (character >= 'a' && character <= 'z');
}

// Reads the fields of one message. The first thing wrong becomes the refusal, and `ok` stays false.
class Reading {
  public:
    Reading(const Message& message, BusinessReject& refusal) noexcept
        : message_(message), refusal_(refusal) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }

    void refuse(const FieldName& field, BusinessReason reason, std::string_view rule) noexcept {
        if (!ok_) {
            return;
        }
        TextWriter<192> text;
        text.add(field.name).add(" (").add_number(field.tag).add(")");
        std::string_view value;
        if (message_.find(field.tag, value)) {
            text.add(" = ").add_quoted(value).add(": ");
        } else {
            text.add(" ");
        }
        text.add(rule).add(".");
        refuse_text(field.tag, reason, text.view());
    }

    void refuse_text(std::uint32_t tag, BusinessReason reason, std::string_view text) noexcept {
        ok_ = false;
        refusal_ = BusinessReject{};
        refusal_.reference_number = message_.number();
        refusal_.tag = tag;
        refusal_.reason = reason;
        refusal_.reference_type = risk::Text<4>(message_.type());
        std::string_view id;
        if (message_.find(client_order_id_field.tag, id)) {
            refusal_.reference_id = risk::ClientOrderId(id);
        }
        refusal_.text = risk::Text<192>(text);
    }

    [[nodiscard]] bool has(const FieldName& field, std::string_view& value) const noexcept {
        return message_.find(field.tag, value);
    }

    template <std::size_t Width>
    void text(const FieldName& field, bool required, std::string_view rule, risk::Text<Width>& out) noexcept {
        std::string_view value;
        if (!has(field, value)) {
            if (required) {
                refuse(field, BusinessReason::required_field_missing, "is required");
            }
        } else if (!risk::Text<Width>::fits(value)) {
            refuse(field, BusinessReason::other, rule);
        } else {
            out = fix::text_of<Width>(value);
        }
    }

    void ids(risk::ClientOrderId& own, risk::ClientOrderId* original) noexcept {
        constexpr std::string_view rule = "must have at most 24 characters";
        text(client_order_id_field, true, rule, own);
        if (original != nullptr) {
            text(original_id_field, true, rule, *original);
        }
    }

    void symbol(bool required, risk::Symbol& out) noexcept {
        std::string_view value;
        if (!has(symbol_field, value)) {
            if (required) {
                refuse(symbol_field, BusinessReason::required_field_missing, "is required");
            }
        } else if (value.size() > symbol_width) {
            refuse(symbol_field, BusinessReason::unknown_security, "a security has at most 6 characters");
        } else {
            out = fix::text_of<sizeof out.bytes>(value);
        }
    }

    void side(bool required, risk::Side& out) noexcept {
        std::string_view value;
        if (!has(side_field, value)) {
            if (required) {
                refuse(side_field, BusinessReason::required_field_missing, "is required");
            }
        } else if (value == "1") {
            out = risk::Side::buy;
        } else if (value == "2") {
            out = risk::Side::sell;
        } else {
            refuse(side_field, BusinessReason::other,
                   "must be 1 (buy) or 2 (sell); short sales are sells with CreditType (10001) 2, 4, 5 or 6");
        }
    }

    // Branch, hyphen, seven digits.
    void account(bool required, risk::AccountKey& out) noexcept {
        std::string_view value;
        if (!has(account_field, value)) {
            if (required) {
                refuse(account_field, BusinessReason::required_field_missing, "is required");
            }
            return;
        }
        bool good = value.size() == account_width && value[branch_width] == '-';
        std::uint64_t number = 0;
        if (good) {
            // The hyphen read as a zero: eight digits.
            number = fix::load_word(value.data() + branch_width) ^ std::uint64_t{'-' ^ '0'};
            good = fix::all_digits(number) &&
                   std::all_of(value.begin(), value.begin() + branch_width, is_code_character);
        }
        if (!good) {
            refuse(account_field, BusinessReason::other,
                   "must be a branch of 4 characters, a hyphen and 7 digits, as 8610-0000017");
            return;
        }
        out.branch = risk::BranchId(value.substr(0, branch_width));
        out.number = fix::eight_digits(number);
    }

    void quantity(risk::Quantity& out) noexcept {
        std::string_view value;
        if (!has(quantity_field, value)) {
            refuse(quantity_field, BusinessReason::required_field_missing, "is required");
        } else if (const auto parsed = fix::parse_quantity(value)) {
            out = parsed.value;
        } else {
            refuse(quantity_field, BusinessReason::other, "must be a whole number of shares");
        }
    }

    void price(risk::OrderType type, risk::Price& out) noexcept {
        std::string_view value;
        if (!has(price_field, value)) {
            if (type == risk::OrderType::limit) {
                refuse(price_field, BusinessReason::required_field_missing, "is required for a limit order");
            }
        } else if (const auto parsed = fix::parse_price(value);
                   parsed && parsed.value >= 0 && parsed.value <= risk::price_max) {
            out = parsed.value;
        } else {
            refuse(price_field, BusinessReason::other,
                   "must be NTD with at most 4 decimals, from 0 to 99,999.9999");
        }
    }

    void transact_time(risk::UtcNs& out) noexcept {
        std::string_view value;
        if (!has(transact_time_field, value)) {
            refuse(transact_time_field, BusinessReason::required_field_missing, "is required");
        } else if (const auto parsed = fix::parse_time(value)) {
            out = parsed.value;
        } else {
            refuse(transact_time_field, BusinessReason::other, "must be a UTC time yyyymmdd-hh:mm:ss.mmm");
        }
    }

    // One digit from `first` to `last`; absent leaves `out`.
    template <class Enumeration>
    void digit(const FieldName& field, char first, char last, std::string_view rule,
               Enumeration& out) noexcept {
        std::string_view value;
        if (!has(field, value)) {
            return;
        }
        if (value.size() != 1 || value[0] < first || value[0] > last) {
            refuse(field, BusinessReason::other, rule);
            return;
        }
        out = static_cast<Enumeration>(value[0] - '0');
    }

    void session_kind(risk::SessionKind& out) noexcept {
        std::string_view value;
        if (has(session_kind_field, value) && !session_kind_of(value, out)) {
            refuse(session_kind_field, BusinessReason::other,
                   "must be 0 (regular), C (intraday odd lot), 2 (after-hours odd lot) or 7 (fixed price)");
        }
    }

    // Of FIX's many order types and times in force two and three are traded. Another becomes
    // OrderType::none, which the Ledger refuses: the client gets an ExecutionReport.
    [[nodiscard]] risk::OrderType order_type() noexcept {
        std::string_view value;
        if (!has(order_type_field, value)) {
            refuse(order_type_field, BusinessReason::required_field_missing, "is required");
            return risk::OrderType::none;
        }
        if (value == "1") {
            return risk::OrderType::market;
        }
        return value == "2" ? risk::OrderType::limit : risk::OrderType::none;
    }
    void time_in_force(risk::TimeInForce& out, risk::OrderType& type) noexcept {
        std::string_view value;
        if (!has(time_in_force_field, value) || value == "0") {
            out = risk::TimeInForce::rest_of_day;
        } else if (value == "3") {
            out = risk::TimeInForce::immediate_or_cancel;
        } else if (value == "4") {
            out = risk::TimeInForce::fill_or_kill;
        } else {
            type = risk::OrderType::none;
        }
    }

    void exchange(risk::Venue& out) noexcept {
        std::string_view value;
        if (!has(exchange_field, value)) {
            return;
        }
        if (value == "XTAI") {
            out = risk::Venue::twse;
        } else if (value == "ROCO") {
            out = risk::Venue::tpex;
        } else {
            refuse(exchange_field, BusinessReason::unknown_security, "must be XTAI (TWSE) or ROCO (TPEx)");
        }
    }

    void currency() noexcept {
        std::string_view value;
        if (has(currency_field, value) && value != "TWD") {
            refuse(currency_field, BusinessReason::other, "orders are in TWD");
        }
    }

  private:
    const Message& message_;
    BusinessReject& refusal_;
    bool ok_ = true;
};

std::uint8_t flags_of(const Message& message) noexcept {
    std::uint8_t flags = 0;
    if (message.poss_resend()) {
        flags |= risk::poss_resend_flag;
    }
    if (message.poss_dup()) {
        flags |= risk::poss_dup_flag;
    }
    return flags;
}

template <class Command>
Command& begin(CommandStorage& storage, const ClientContext& context, risk::RecordKind kind) noexcept {
    Command& command = storage.make<Command>();
    command.record.kind = kind;
    command.record.session = context.session;
    command.facts.arrival = context.arrival;
    command.person.user = context.user;
    command.person.address = context.address;
    return command;
}

risk::Record* read_new(Reading& reading, const Message& message, const ClientContext& context,
                       CommandStorage& storage) noexcept {
    auto& command = begin<risk::NewOrder>(storage, context, risk::RecordKind::new_order);
    risk::NewOrderFacts& facts = command.facts;
    reading.ids(facts.client_order_id, nullptr);
    reading.account(true, command.person.account);
    reading.symbol(true, facts.symbol);
    reading.side(true, facts.side);
    reading.quantity(facts.quantity);
    facts.order_type = reading.order_type();
    reading.price(facts.order_type, facts.price);
    reading.time_in_force(facts.time_in_force, facts.order_type);
    reading.transact_time(facts.transact_time_ns);
    facts.channel = risk::Channel::dma;
    reading.digit(channel_field, '1', '6', "must be 1 to 6", facts.channel);
    reading.digit(credit_type_field, '0', '6', "must be 0 to 6", facts.credit_type);
    reading.session_kind(facts.session_kind);
    reading.currency();
    facts.message_flags = flags_of(message);
    return &command.record;
}

risk::Record* read_replace(Reading& reading, const Message& message, const ClientContext& context,
                           CommandStorage& storage) noexcept {
    auto& command = begin<risk::ReplaceOrder>(storage, context, risk::RecordKind::replace_order);
    risk::ReplaceOrderFacts& facts = command.facts;
    reading.ids(facts.client_order_id, &facts.original_client_order_id);
    reading.account(false, command.person.account);
    reading.symbol(true, facts.symbol);
    reading.side(true, facts.side);
    reading.quantity(facts.quantity);
    facts.order_type = reading.order_type();
    reading.price(facts.order_type, facts.price);
    reading.transact_time(facts.transact_time_ns);
    reading.currency();
    facts.message_flags = flags_of(message);
    return &command.record;
}

risk::Record* read_cancel(Reading& reading, const Message& message, const ClientContext& context,
                          CommandStorage& storage) noexcept {
    auto& command = begin<risk::CancelOrder>(storage, context, risk::RecordKind::cancel_order);
    risk::CancelOrderFacts& facts = command.facts;
    reading.ids(facts.client_order_id, &facts.original_client_order_id);
    reading.account(false, command.person.account);
    reading.symbol(true, facts.symbol);
    reading.side(true, facts.side);
    reading.transact_time(facts.transact_time_ns);
    facts.message_flags = flags_of(message);
    return &command.record;
}

risk::Record* read_status(Reading& reading, const ClientContext& context, CommandStorage& storage) noexcept {
    auto& command = begin<risk::OrderStatusRequest>(storage, context, risk::RecordKind::order_status);
    risk::OrderStatusFacts& facts = command.facts;
    reading.ids(facts.client_order_id, nullptr);
    reading.text(request_id_field, false, "must have at most 24 characters", facts.request_id);
    reading.account(false, command.person.account);
    reading.symbol(true, facts.symbol);
    reading.side(true, facts.side);
    return &command.record;
}

risk::Record* read_mass_cancel(Reading& reading, const ClientContext& context,
                               CommandStorage& storage) noexcept {
    auto& command = begin<risk::MassCancel>(storage, context, risk::RecordKind::mass_cancel);
    risk::MassCancelFacts& facts = command.facts;
    reading.ids(facts.client_order_id, nullptr);
    std::string_view kind;
    if (!reading.has(mass_type_field, kind)) {
        reading.refuse(mass_type_field, BusinessReason::required_field_missing, "is required");
    } else if (kind.size() == 1 && kind.front() >= '1' && kind.front() <= '7') {
        // 2 to 6 are FIX's and not served: the Ledger refuses them, the report gives them back.
        facts.mass_kind = static_cast<risk::MassCancelKind>(kind.front());
    } else {
        reading.refuse(mass_type_field, BusinessReason::other, "must be 1 to 7");
    }
    std::string_view symbol;
    if (facts.mass_kind == risk::MassCancelKind::symbol && !reading.has(symbol_field, symbol)) {
        reading.refuse(symbol_field, BusinessReason::required_field_missing,
                       "is required when MassCancelRequestType (530) is 1");
    }
    reading.symbol(false, facts.symbol);
    reading.side(false, facts.side);
    reading.transact_time(facts.transact_time_ns);
    return &command.record;
}

}  // namespace

ClientCommand translate(const Message& message, const ClientContext& context, CommandStorage& storage,
                        BusinessReject& refusal) noexcept {
    Reading reading(message, refusal);
    ClientCommand command;
    const std::string_view type = message.type();
    switch (type.size() == 1 ? type.front() : '\0') {
        case 'D':
            command.record = read_new(reading, message, context, storage);
            break;
        case 'G':
            command.record = read_replace(reading, message, context, storage);
            break;
        case 'F':
            command.record = read_cancel(reading, message, context, storage);
            break;
        case 'H':
            command.record = read_status(reading, context, storage);
            break;
        case 'q':
            command.record = read_mass_cancel(reading, context, storage);
            break;
        default: {
            TextWriter<192> text;
            text.add("MsgType (35) = ").add_quoted(type).add(": D, F, G, H and q are served.");
            reading.refuse_text(35, BusinessReason::unsupported_message_type, text.view());
        }
    }
    reading.exchange(command.venue);
    if (!reading.ok()) {
        command.record = nullptr;
    }
    return command;
}

bool refuse_other_venue(const Message& message, const ClientCommand& command, risk::Venue listed_at,
                        BusinessReject& refusal) noexcept {
    if (command.venue == risk::Venue::none || listed_at == risk::Venue::none || command.venue == listed_at) {
        return false;
    }
    Reading reading(message, refusal);
    reading.refuse(
        exchange_field, BusinessReason::unknown_security,
        listed_at == risk::Venue::twse ? "the security is listed at XTAI" : "the security is listed at ROCO");
    return true;
}

}  // namespace fairlead::gateway
