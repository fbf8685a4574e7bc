#include "gateway/orders/client_reports.hpp"

#include "gateway/orders/client_reasons.hpp"
#include "gateway/orders/session_kinds.hpp"
#include "gateway/orders/venue_status.hpp"

namespace fairlead::gateway {
namespace {

using risk::Decision;
using risk::OrderStatus;
using risk::Record;
using risk::RecordKind;
using risk::Routing;

template <class Kind>
const Kind& as(const Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

// A Sequence as clients see it.
constexpr unsigned sequence_width = 12;

// "8610-0000017"
class AccountText {
  public:
    explicit AccountText(const risk::AccountKey& account) noexcept {
        const std::string_view branch = account.branch.view();
        std::memcpy(text_, branch.data(), branch.size());
        text_[branch.size()] = '-';
        end_ = fix::format_padded(text_ + branch.size() + 1, account.number, 7);
    }
    [[nodiscard]] std::string_view view() const noexcept {
        return {text_, static_cast<std::size_t>(end_ - text_)};
    }

  private:
    char text_[5 + fix::number_text_max];
    const char* end_;
};

void begin(fix::Encoder& encoder, const ClientMessage& message, std::string_view type) noexcept {
    const risk::UtcNs original = message.original_sending_time_ns;
    encoder.begin(message.out, *message.header, type, message.number, message.sending_time_ns,
                  {original != 0, original});
}

char character(OrderStatus status) noexcept {
    return static_cast<char>(status);
}

std::string_view exchange_name(risk::Venue venue) noexcept {
    switch (venue) {
        case risk::Venue::twse:
            return "XTAI";
        case risk::Venue::tpex:
            return "ROCO";
        case risk::Venue::none:
            break;
    }
    return {};
}

// When it happened: at the venue where the venue says so, else when it was sequenced.
risk::UtcNs transact_time(const Record& record) noexcept {
    if (record.kind == RecordKind::venue_report || record.kind == RecordKind::orphan_report) {
        const risk::UtcNs at_venue = as<risk::VenueReport>(record).facts.transact_time_ns;
        if (at_venue != 0) {
            return at_venue;
        }
    }
    return record.utc_ns;
}

// MsgSeqNum of the message a command came in, and its type; for BusinessMessageReject.
struct Received {
    std::uint64_t number = 0;
    std::string_view type;
};
Received received_as(const Record& record) noexcept {
    switch (record.kind) {
        case RecordKind::new_order:
            return {as<risk::NewOrder>(record).facts.arrival.message_number, "D"};
        case RecordKind::replace_order:
            return {as<risk::ReplaceOrder>(record).facts.arrival.message_number, "G"};
        case RecordKind::cancel_order:
            return {as<risk::CancelOrder>(record).facts.arrival.message_number, "F"};
        case RecordKind::order_status:
            return {as<risk::OrderStatusRequest>(record).facts.arrival.message_number, "H"};
        case RecordKind::mass_cancel:
            return {as<risk::MassCancel>(record).facts.arrival.message_number, "q"};
        default:
            return {};
    }
}

void add_reason(fix::Encoder& encoder, const Decision& decision) noexcept {
    ReasonSentence sentence;
    write_reason(decision, sentence);
    encoder.add(58, sentence.view());
    if (decision.reason != risk::Reason::none) {
        encoder.add_unsigned(10006, static_cast<std::uint64_t>(decision.reason));
    }
    if (decision.venue_code != 0) {
        const std::array<char, 4> code = venue_code_text(decision.venue_code);
        encoder.add(10007, std::string_view(code.data(), code.size()));
    }
}

// OrderID: the sequence of the order's New; a refused New is known by its own.
void add_order_id(fix::Encoder& encoder, const Record& record, const Decision& decision) noexcept {
    if (decision.order_key != 0) {
        encoder.add_padded(37, decision.order_key, sequence_width);
    } else if (record.kind == RecordKind::new_order || record.kind == RecordKind::mass_cancel) {
        encoder.add_padded(37, record.sequence, sequence_width);
    } else {
        encoder.add(37, std::string_view("NONE"));
    }
}

bool is_final(OrderStatus status) noexcept {
    return status == OrderStatus::filled || status == OrderStatus::cancelled ||
           status == OrderStatus::rejected || status == OrderStatus::expired;
}

// ExecRestatementReason: a part the venue did not take, or the venue's own act.
char restatement_reason(const Decision& decision) noexcept {
    return decision.reason == risk::Reason::venue_cut ? '5' : '8';
}

std::size_t encode_execution_report(fix::Encoder& encoder, const ClientMessage& message, const Record& record,
                                    const Decision& decision, const Routing& routing) noexcept {
    const bool status_only = decision.exec_type == OrderStatus::order_status;
    begin(encoder, message, "8");
    add_order_id(encoder, record, decision);
    encoder.add(198, routing.order_number.view());
    encoder.add(11, decision.client_order_id.view());
    encoder.add(41, decision.original_client_order_id.view());
    if (record.kind == RecordKind::order_status) {
        encoder.add(790, as<risk::OrderStatusRequest>(record).facts.request_id.view());
    }
    // FIX: ExecID is 0 where nothing happened to the order.
    encoder.add_padded(17, status_only ? 0 : record.sequence, status_only ? 1 : sequence_width);
    encoder.add_char(150, character(decision.exec_type));
    encoder.add_char(39, character(decision.order_status));
    if (record.kind == RecordKind::fill_adjusted) {
        encoder.add_padded(19, decision.related, sequence_width);  // ExecRefID: the fill's ExecID
    }
    if (decision.exec_type == OrderStatus::rejected) {
        encoder.add_unsigned(103, reason_codes(decision.reason).order_reject);
    }
    if (decision.exec_type == OrderStatus::restated) {
        encoder.add_char(378, restatement_reason(decision));
    }
    if (!decision.account.branch.empty()) {
        encoder.add(1, AccountText(decision.account).view());
    }
    encoder.add(55, decision.symbol.view());
    encoder.add(207, exchange_name(decision.venue));
    encoder.add_char(54, decision.side == risk::Side::sell ? '2' : '1');
    encoder.add_quantity(38, decision.ordered);
    if (decision.order_type != risk::OrderType::none) {
        encoder.add_char(40, decision.order_type == risk::OrderType::market ? '1' : '2');
    }
    if (decision.order_type == risk::OrderType::limit) {
        encoder.add_price(44, decision.price);
    }
    encoder.add_char(59, static_cast<char>('0' + static_cast<std::uint8_t>(decision.time_in_force)));
    if (decision.exec_type == OrderStatus::trade || record.kind == RecordKind::fill_adjusted) {
        encoder.add_quantity(32, decision.last_quantity);
        encoder.add_price(31, decision.last_price);
    }
    encoder.add_quantity(151, is_final(decision.order_status) ? risk::Quantity{0} : decision.leaves);
    encoder.add_quantity(14, decision.filled);
    encoder.add_price(6, average_price(decision.filled_amount, decision.filled));
    encoder.add_time(60, transact_time(record));
    if (decision.session_kind != risk::SessionKind::regular) {
        encoder.add_char(10005, session_kind_code(decision.session_kind));
    }
    if (decision.credit_type != risk::CreditType::cash) {
        encoder.add_char(10001, static_cast<char>('0' + static_cast<std::uint8_t>(decision.credit_type)));
    }
    add_reason(encoder, decision);
    return encoder.finish();
}

std::size_t encode_cancel_reject(fix::Encoder& encoder, const ClientMessage& message, const Record& record,
                                 const Decision& decision, const Routing& routing) noexcept {
    const bool replace =
        record.kind == RecordKind::replace_order || decision.exec_type == OrderStatus::pending_replace;
    begin(encoder, message, "9");
    add_order_id(encoder, record, decision);
    encoder.add(198, routing.order_number.view());
    encoder.add(11, decision.client_order_id.view());
    const std::string_view original = decision.original_client_order_id.view();
    encoder.add(41, original.empty() ? std::string_view("NONE") : original);
    // FIX: of an order not known, the status is Rejected.
    encoder.add_char(39, decision.order_status == OrderStatus::none ? character(OrderStatus::rejected)
                                                                    : character(decision.order_status));
    if (!decision.account.branch.empty()) {
        encoder.add(1, AccountText(decision.account).view());
    }
    encoder.add_time(60, record.utc_ns);
    encoder.add_char(434, replace ? '2' : '1');
    encoder.add_unsigned(102, decision.reason == risk::Reason::venue_refused
                                  ? venue_cancel_reject(decision.venue, decision.venue_code)
                                  : reason_codes(decision.reason).cancel_reject);
    add_reason(encoder, decision);
    return encoder.finish();
}

std::size_t encode_mass_cancel_report(fix::Encoder& encoder, const ClientMessage& message,
                                      const Record& record, const Decision& decision) noexcept {
    const bool refused = decision.outcome == risk::Outcome::refused;
    // The Ledger has one reason for all it does not trade; of a mass cancel it means its type.
    const bool not_served = refused && decision.reason == risk::Reason::order_type_not_allowed;
    const risk::MassCancelFacts& facts = as<risk::MassCancel>(record).facts;
    const char request = static_cast<char>(facts.mass_kind);
    begin(encoder, message, "r");
    encoder.add(11, decision.client_order_id.view());
    add_order_id(encoder, record, decision);
    encoder.add_char(530, request);
    encoder.add_char(531, refused ? '0' : request);
    if (refused) {
        encoder.add_unsigned(532, not_served ? 0 : reason_codes(decision.reason).mass_reject);
    }
    encoder.add(55, facts.symbol.view());
    if (facts.side != risk::Side::none) {
        encoder.add_char(54, facts.side == risk::Side::sell ? '2' : '1');
    }
    encoder.add_time(60, record.utc_ns);
    if (not_served) {
        encoder.add(58, "MassCancelRequestType (530) is served as 1 (a security) and 7 (all orders).");
        encoder.add_unsigned(10006, static_cast<std::uint64_t>(decision.reason));
    } else {
        add_reason(encoder, decision);
    }
    return encoder.finish();
}

std::size_t encode_decided_reject(fix::Encoder& encoder, const ClientMessage& message, const Record& record,
                                  const Decision& decision) noexcept {
    const Received received = received_as(record);
    begin(encoder, message, "j");
    if (received.number != 0) {
        encoder.add_unsigned(45, received.number);
    }
    encoder.add(372, received.type);
    encoder.add(379, decision.client_order_id.view());
    encoder.add_unsigned(380, static_cast<std::uint64_t>(reason_codes(decision.reason).business));
    add_reason(encoder, decision);
    return encoder.finish();
}

}  // namespace

risk::Price average_price(risk::Amount filled_amount, risk::Quantity filled) noexcept {
    if (filled <= 0) {
        return 0;
    }
    const risk::Price whole = filled_amount / filled;
    const risk::Amount rest = filled_amount % filled;
    return rest >= filled - rest ? whole + 1 : whole;
}

std::size_t encode_answer(fix::Encoder& encoder, const ClientMessage& message, const Record& record,
                          const Decision& decision, const Routing& routing) noexcept {
    switch (decision.answer) {
        case risk::Answer::execution_report:
            return encode_execution_report(encoder, message, record, decision, routing);
        case risk::Answer::cancel_reject:
            return encode_cancel_reject(encoder, message, record, decision, routing);
        case risk::Answer::mass_cancel_report:
            if (record.kind != RecordKind::mass_cancel) {
                return 0;
            }
            return encode_mass_cancel_report(encoder, message, record, decision);
        case risk::Answer::business_reject:
            return encode_decided_reject(encoder, message, record, decision);
        case risk::Answer::none:
            break;
    }
    return 0;
}

std::size_t encode_business_reject(fix::Encoder& encoder, const ClientMessage& message,
                                   const BusinessReject& reject) noexcept {
    begin(encoder, message, "j");
    encoder.add_unsigned(45, reject.reference_number);
    encoder.add(372, reject.reference_type.view());
    encoder.add(379, reject.reference_id.view());
    encoder.add_unsigned(380, static_cast<std::uint64_t>(reject.reason));
    encoder.add(58, reject.text.view());
    return encoder.finish();
}

}  // namespace fairlead::gateway
