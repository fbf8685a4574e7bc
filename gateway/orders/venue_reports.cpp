#include "gateway/orders/venue_reports.hpp"

#include <array>

#include "gateway/fix/message.hpp"
#include "gateway/fix/values.hpp"
#include "gateway/orders/session_kinds.hpp"
#include "gateway/orders/text_writer.hpp"
#include "gateway/orders/venue_status.hpp"

namespace fairlead::gateway {
namespace {

using fix::Message;
using risk::OrderStatus;

// FIX SessionRejectReason (373).
constexpr std::uint8_t required_tag_missing = 1;
constexpr std::uint8_t value_incorrect = 5;
constexpr std::uint8_t format_incorrect = 6;

constexpr std::size_t client_order_id_width = 12;
constexpr std::uint32_t account_number_max = 9'999'999;
// No quantity of the venue comes near; a product with any lot stays far inside 64 bits.
constexpr risk::Quantity venue_quantity_max = 1'000'000'000;

// Our ClOrdID is twelve digits; spaces behind them (the venue's padding) are no part of it. 0 = not ours.
std::uint64_t number_of(std::string_view client_order_id) noexcept {
    while (!client_order_id.empty() && client_order_id.back() == ' ') {
        client_order_id.remove_suffix(1);
    }
    if (client_order_id.size() != client_order_id_width) {
        return 0;
    }
    const std::uint64_t first = fix::short_word(client_order_id.data(), 4);
    const std::uint64_t last = fix::load_word(client_order_id.data() + 4);
    if (!fix::all_digits(fix::padded_word(first, 4, '0')) || !fix::all_digits(last)) {
        return 0;
    }
    return std::uint64_t{fix::short_digits(first, 4)} * 100'000'000 + fix::eight_digits(last);
}

std::string_view without_padding(std::string_view text) noexcept {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

// A set of the characters FIX names statuses by.
class Statuses {
  public:
    explicit constexpr Statuses(std::string_view characters) {
        for (const char character : characters) {
            bits_[static_cast<std::size_t>(character) / 64] |= std::uint64_t{1} << (character % 64);
        }
    }
    [[nodiscard]] constexpr bool has(char character) const {
        const auto byte = static_cast<unsigned char>(character);
        return byte < 128 && (bits_[byte / 64] >> (byte % 64) & 1U) != 0;
    }

  private:
    std::array<std::uint64_t, 2> bits_{};
};

// Reads the fields of one message. The first thing wrong becomes the fault, and `ok` stays false.
class Reading {
  public:
    Reading(const Message& message, VenueMessageFault& fault) noexcept : message_(message), fault_(fault) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }

    void refuse(std::uint32_t tag, std::string_view name, std::uint8_t reason,
                std::string_view rule) noexcept {
        if (!ok_) {
            return;
        }
        ok_ = false;
        TextWriter<160> text;
        text.add(name).add(" (").add_number(tag).add(")");
        std::string_view value;
        if (message_.find(tag, value)) {
            text.add(" = ").add_quoted(value).add(": ");
        } else {
            text.add(" ");
        }
        text.add(rule).add(".");
        fault_ = VenueMessageFault{tag, reason, risk::Text<160>(text.view())};
    }

    [[nodiscard]] std::string_view value(std::uint32_t tag) const noexcept {
        std::string_view found;
        return message_.find(tag, found) ? found : std::string_view();
    }

    // In shares. Absent leaves `out`.
    void quantity(std::uint32_t tag, std::string_view name, risk::Quantity unit, bool required,
                  risk::Quantity& out) noexcept {
        std::string_view text;
        if (!message_.find(tag, text)) {
            if (required) {
                refuse(tag, name, required_tag_missing, "is required");
            }
        } else if (const auto parsed = fix::parse_quantity(text);
                   parsed && parsed.value >= 0 && parsed.value <= venue_quantity_max) {
            out = parsed.value * unit;
        } else {
            refuse(tag, name, format_incorrect, "must be a whole number from 0 to 1,000,000,000");
        }
    }

    void price(std::uint32_t tag, std::string_view name, bool required, risk::Price& out) noexcept {
        std::string_view text;
        if (!message_.find(tag, text)) {
            if (required) {
                refuse(tag, name, required_tag_missing, "is required");
            }
        } else if (const auto parsed = fix::parse_price(text);
                   parsed && parsed.value >= 0 && parsed.value <= risk::price_max) {
            out = parsed.value;
        } else {
            refuse(tag, name, format_incorrect, "must be NTD with at most 4 decimals, up to 99,999.9999");
        }
    }

    template <std::size_t Width>
    void text(std::uint32_t tag, std::string_view name, bool required, risk::Text<Width>& out) noexcept {
        std::string_view found;
        if (!message_.find(tag, found)) {
            if (required) {
                refuse(tag, name, required_tag_missing, "is required");
            }
            return;
        }
        found = without_padding(found);
        if (!risk::Text<Width>::fits(found)) {
            refuse(tag, name, value_incorrect, "is longer than this field may be");
            return;
        }
        out = fix::text_of<Width>(found);
    }

    // One of the statuses in `allowed`.
    void status(std::uint32_t tag, std::string_view name, const Statuses& allowed,
                OrderStatus& out) noexcept {
        const std::string_view found = value(tag);
        if (found.empty()) {
            refuse(tag, name, required_tag_missing, "is required");
        } else if (found.size() != 1 || !allowed.has(found.front())) {
            refuse(tag, name, value_incorrect, "is no status this venue gives");
        } else {
            out = static_cast<OrderStatus>(found.front());
        }
    }

    void account(risk::AccountKey& out) noexcept {
        std::string_view text;
        if (message_.find(1, text)) {
            const auto parsed = fix::parse_unsigned(text);
            if (!parsed || parsed.value > account_number_max) {
                refuse(1, "Account", format_incorrect, "must be at most seven digits");
                return;
            }
            out.number = static_cast<std::uint32_t>(parsed.value);
        }
        // The branch is the sub id that is no AP-CODE: the venue turns ours round.
        for (const std::uint32_t tag : {57U, 50U}) {
            const std::string_view sub_id = value(tag);
            if (sub_id.size() == 4) {
                out.branch = risk::BranchId(sub_id);
                return;
            }
        }
    }

  private:
    const Message& message_;
    VenueMessageFault& fault_;
    bool ok_ = true;
};

risk::Record& read_report(Reading& reading, const Message& message, const VenueOrder& order,
                          VenueEventStorage& storage) noexcept {
    auto& report = storage.make<risk::VenueReport>();
    risk::VenueReportFacts& facts = report.facts;
    const risk::Quantity unit = venue_unit(order.session_kind, order.lot);
    report.record.kind =
        order.order_key != 0 ? risk::RecordKind::venue_report : risk::RecordKind::orphan_report;
    facts.order_key = order.order_key;
    facts.command = order.command;
    facts.session_kind = order.session_kind;
    static constexpr Statuses exec_types("045678ACDEFGHI");
    static constexpr Statuses order_statuses("01245678ACE");
    reading.status(150, "ExecType", exec_types, facts.exec_type);
    reading.status(39, "OrdStatus", order_statuses, facts.order_status);
    const bool trade = facts.exec_type == OrderStatus::trade;
    reading.text(17, "ExecID", trade, facts.execution_id);
    reading.text(37, "OrderID", false, facts.order_number);
    reading.text(55, "Symbol", false, facts.symbol);
    reading.quantity(38, "OrderQty", unit, false, facts.order_quantity);
    // What is left decides about credit: a report that says something of the order must say it.
    const bool needs_leaves = facts.exec_type != OrderStatus::rejected && !trade;
    reading.quantity(151, "LeavesQty", unit, needs_leaves, facts.leaves_quantity);
    facts.filled_quantity = -1;
    reading.quantity(14, "CumQty", unit, false, facts.filled_quantity);
    if (trade) {
        reading.quantity(32, "LastQty", unit, true, facts.last_quantity);
        reading.price(31, "LastPx", true, facts.last_price);
        if (reading.ok() && (facts.last_quantity == 0 || facts.last_price == 0)) {
            reading.refuse(facts.last_quantity == 0 ? 32 : 31,
                           facts.last_quantity == 0 ? "LastQty" : "LastPx", value_incorrect,
                           "must be above 0 in a trade");
        }
    }
    reading.price(44, "Price", false, facts.price);
    std::string_view text;
    if (message.find(60, text)) {
        const auto parsed = fix::parse_time(text);
        if (!parsed) {
            reading.refuse(60, "TransactTime", format_incorrect, "must be a UTC time yyyymmdd-hh:mm:ss.mmm");
        }
        facts.transact_time_ns = parsed.value;
    }
    reading.account(facts.account);
    facts.venue_code = venue_code_of(reading.value(58));
    const std::string_view side = reading.value(54);
    if (side == "1") {
        facts.side = risk::Side::buy;
    } else if (side == "2") {
        facts.side = risk::Side::sell;
    } else if (trade) {
        reading.refuse(54, "Side", side.empty() ? required_tag_missing : value_incorrect, "must be 1 or 2");
    }
    if (message.poss_dup()) {
        facts.message_flags = risk::poss_dup_flag;
    }
    return report.record;
}

risk::Record& read_reject(Reading& reading, const Message& message, char type, const VenueOrder& order,
                          VenueEventStorage& storage) noexcept {
    auto& reject = storage.make<risk::VenueReject>();
    risk::VenueRejectFacts& facts = reject.facts;
    reject.record.kind = risk::RecordKind::venue_reject;
    facts.message_type = type;
    facts.order_key = order.order_key;
    facts.command = order.command;
    facts.venue_code = venue_code_of(reading.value(58));
    std::string_view text;
    if (type != '9' && message.find(45, text)) {
        const auto number = fix::parse_unsigned(text);
        if (!number) {
            reading.refuse(45, "RefSeqNum", format_incorrect, "must be a message number");
        }
        facts.reference_number = number.value;
    }
    const std::uint32_t reason_tag = type == '9' ? 102 : type == '3' ? 373 : 380;
    const auto reason = fix::parse_unsigned(message.value(reason_tag));
    if (reason && reason.value <= 255) {
        facts.reject_reason = static_cast<std::uint8_t>(reason.value);
    }
    return reject.record;
}

}  // namespace

VenueReference reference_of(const Message& message) noexcept {
    VenueReference reference;
    std::string_view text;
    const std::string_view type = message.type();
    if (type == "8" || type == "9") {
        if (message.find(11, text)) {
            reference.client_order_id = number_of(text);
        }
        if (type == "8" && message.find(37, text) && risk::OrderNumber::fits(without_padding(text))) {
            reference.order_number = fix::text_of<8>(without_padding(text));
        }
        if (message.find(55, text)) {
            reference.symbol = fix::text_of<8>(without_padding(text));
        }
    } else {
        reference.message_number = fix::parse_unsigned(message.value(45)).value;
    }
    for (const std::uint32_t tag : {50U, 57U}) {
        if (message.find(tag, text) && session_kind_of(text, reference.session_kind)) {
            reference.has_session_kind = true;
            break;
        }
    }
    return reference;
}

VenueEvent read_venue_message(const Message& message, std::uint32_t line, const risk::Arrival& arrival,
                              const VenueOrder& order, VenueEventStorage& storage,
                              VenueMessageFault& fault) noexcept {
    Reading reading(message, fault);
    const std::string_view type = message.type();
    VenueEvent event;
    if (type == "8") {
        event.record = &read_report(reading, message, order, storage);
        event.as<risk::VenueReport>().facts.arrival = arrival;
    } else if (type == "9" || type == "3" || type == "j") {
        event.record = &read_reject(reading, message, type.front(), order, storage);
        event.as<risk::VenueReject>().facts.arrival = arrival;
    } else {
        reading.refuse(35, "MsgType", value_incorrect, "must be 8, 9, 3 or j");
    }
    if (!reading.ok()) {
        event.record = nullptr;
        return event;
    }
    event.record->session = line;
    return event;
}

}  // namespace fairlead::gateway
