// What clients are told: every answer from Record, Decision and Routing alone, accepted by a stock
// client's dictionary, the same again when it is sent again, and shown in the rules of engagement.
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gateway/orders/client_reasons.hpp"
#include "gateway/orders/client_reports.hpp"
#include "risk/ledger.hpp"
#include "tests/orders/quickfix_client.hpp"
#include "tests/orders/support.hpp"

namespace fairlead::gateway {
namespace {

using risk::OrderStatus;
using risk::Reason;

const fix::HeaderTemplate header("FIX.4.4", "GATEWAY", "CLIENT");
const tests::QuickFixValidator& validator() {
    static const tests::QuickFixValidator loaded(FAIRLEAD_CLIENT_DICTIONARY);
    return loaded;
}

std::string rules_of_engagement() {
    std::ifstream file(FAIRLEAD_RULES_OF_ENGAGEMENT);
    std::stringstream text;
    text << file.rdbuf();
    REQUIRE(text.str().size() > 1000);
    return text.str();
}

template <class Kind>
Kind record_of(risk::RecordKind kind, risk::Sequence sequence) {
    Kind record{};
    record.record.kind = kind;
    record.record.sequence = sequence;
    record.record.session = 12;
    record.record.utc_ns = test_time_ns;
    return record;
}

// An order of ours as a Decision describes it.
risk::Decision decision_of(risk::Sequence key, OrderStatus exec_type, OrderStatus status) {
    risk::Decision decision;
    decision.sequence = 4711;
    decision.order_key = key;
    decision.client_session = 12;
    decision.outcome = risk::Outcome::applied;
    decision.answer = risk::Answer::execution_report;
    decision.exec_type = exec_type;
    decision.order_status = status;
    decision.ordered = 3000;
    decision.leaves = 3000;
    decision.price = 6'055'000;
    decision.side = risk::Side::buy;
    decision.order_type = risk::OrderType::limit;
    decision.venue = risk::Venue::twse;
    decision.symbol = risk::Symbol("2330");
    decision.client_order_id = risk::ClientOrderId("order-1");
    decision.account = {risk::BranchId("8610"), 17};
    return decision;
}

risk::Routing routing_of(const char* order_number) {
    risk::Routing routing;
    routing.client_session = 12;
    routing.order_number = risk::OrderNumber(order_number);
    return routing;
}

// Encodes, asks a stock client's dictionary, and gives the message with bars.
template <class Kind>
std::string encoded(const Kind& record, const risk::Decision& decision, const risk::Routing& routing,
                    risk::UtcNs original_sending_time_ns = 0) {
    Room room;
    fix::Encoder encoder;
    const ClientMessage message{room.bytes, &header, 42, test_time_ns, original_sending_time_ns};
    const std::size_t length = encode_answer(encoder, message, record.record, decision, routing);
    REQUIRE(length > 0);
    const std::string said = validator().check(room.raw(length));
    INFO(room.text(length));
    CHECK(said == "");
    return room.text(length);
}

struct Example {
    std::string name;
    std::string text;
};

// The answers of one order's life, as the rules of engagement show them.
std::vector<Example> examples() {
    std::vector<Example> made;
    const auto command = record_of<risk::NewOrder>(risk::RecordKind::new_order, 4711);
    const risk::Routing none = routing_of("");
    const risk::Routing line = routing_of("A0001");

    risk::Decision taken = decision_of(4711, OrderStatus::pending_new, OrderStatus::pending_new);
    made.push_back({"taken", encoded(command, taken, line)});

    auto report = record_of<risk::VenueReport>(risk::RecordKind::venue_report, 4715);
    report.facts.transact_time_ns = test_time_ns + 2'000'000;
    risk::Decision working = decision_of(4711, OrderStatus::created, OrderStatus::created);
    made.push_back({"working", encoded(report, working, line)});

    risk::Decision fill = decision_of(4711, OrderStatus::trade, OrderStatus::partially_filled);
    fill.last_quantity = 2000;
    fill.last_price = 6'050'000;
    fill.filled = 2000;
    fill.leaves = 1000;
    fill.filled_amount = 2000 * risk::Amount{6'050'000};
    report.record.sequence = 4720;
    made.push_back({"fill", encoded(report, fill, line)});

    risk::Decision replaced = decision_of(4711, OrderStatus::replaced, OrderStatus::partially_filled);
    replaced.client_order_id = risk::ClientOrderId("order-2");
    replaced.original_client_order_id = risk::ClientOrderId("order-1");
    replaced.price = 6'060'000;
    replaced.filled = 2000;
    replaced.leaves = 1000;
    replaced.filled_amount = 2000 * risk::Amount{6'050'000};
    report.record.sequence = 4730;
    made.push_back({"replaced", encoded(report, replaced, line)});

    risk::Decision cancelled = replaced;
    cancelled.exec_type = OrderStatus::cancelled;
    cancelled.order_status = OrderStatus::cancelled;
    cancelled.client_order_id = risk::ClientOrderId("order-3");
    cancelled.original_client_order_id = risk::ClientOrderId("order-2");
    report.record.sequence = 4740;
    made.push_back({"cancelled", encoded(report, cancelled, line)});

    risk::Decision refused = decision_of(0, OrderStatus::rejected, OrderStatus::rejected);
    refused.outcome = risk::Outcome::refused;
    refused.reason = Reason::credit_buy;
    refused.dimension = risk::Dimension::buy;
    refused.scope = risk::Scope::investor;
    refused.limit = 10'000'000'000;
    refused.usage_before = 9'000'000'000;
    refused.usage_after = 9'000'000'000 + 3000 * risk::Amount{6'055'000};
    refused.client_order_id = risk::ClientOrderId("order-4");
    auto over = record_of<risk::NewOrder>(risk::RecordKind::new_order, 4750);
    made.push_back({"refused", encoded(over, refused, none)});

    risk::Decision by_venue = decision_of(4760, OrderStatus::rejected, OrderStatus::rejected);
    by_venue.reason = Reason::venue_refused;
    by_venue.venue_code = 43;
    by_venue.client_order_id = risk::ClientOrderId("order-5");
    report.record.sequence = 4765;
    made.push_back({"venue refused", encoded(report, by_venue, routing_of("A0002"))});

    auto late = record_of<risk::CancelOrder>(risk::RecordKind::cancel_order, 4770);
    risk::Decision too_late = decision_of(4711, OrderStatus::pending_cancel, OrderStatus::cancelled);
    too_late.answer = risk::Answer::cancel_reject;
    too_late.outcome = risk::Outcome::refused;
    too_late.reason = Reason::too_late;
    too_late.client_order_id = risk::ClientOrderId("order-6");
    too_late.original_client_order_id = risk::ClientOrderId("order-3");
    made.push_back({"cancel refused", encoded(late, too_late, line)});

    auto mass = record_of<risk::MassCancel>(risk::RecordKind::mass_cancel, 4780);
    mass.facts.mass_kind = risk::MassCancelKind::symbol;
    mass.facts.symbol = risk::Symbol("2330");
    risk::Decision massed;
    massed.answer = risk::Answer::mass_cancel_report;
    massed.outcome = risk::Outcome::accepted;
    massed.client_order_id = risk::ClientOrderId("mass-1");
    made.push_back({"mass cancel", encoded(mass, massed, none)});

    auto asked = record_of<risk::OrderStatusRequest>(risk::RecordKind::order_status, 4790);
    asked.facts.request_id = risk::Text<24>("ask-1");
    risk::Decision state = decision_of(4711, OrderStatus::order_status, OrderStatus::cancelled);
    state.client_order_id = risk::ClientOrderId("order-3");
    state.filled = 2000;
    state.leaves = 0;
    state.filled_amount = 2000 * risk::Amount{6'050'000};
    made.push_back({"status", encoded(asked, state, line)});
    return made;
}

TEST_CASE("every_example_of_the_rules_of_engagement_is_what_the_encoder_writes") {
    const std::string document = rules_of_engagement();
    for (const Example& example : examples()) {
        INFO(example.name << "\n" << example.text);
        CHECK(document.find(example.text) != std::string::npos);
    }
}

TEST_CASE("a_fill_is_told_field_by_field") {
    CHECK(body_of(examples()[2].text) ==
          "37=000000004711|198=A0001|11=order-1|17=000000004720|150=F|39=1|1=8610-0000017|55=2330|207=XTAI|"
          "54=1|38=3000|40=2|44=605.5|59=0|32=2000|31=605|151=1000|14=2000|6=605|"
          "60=20261123-01:02:03.458|");
}

TEST_CASE("a_bust_names_the_fill_it_is_about") {
    auto adjusted = record_of<risk::FillAdjusted>(risk::RecordKind::fill_adjusted, 4790);
    risk::Decision bust = decision_of(4711, OrderStatus::trade_cancel, OrderStatus::created);
    bust.related = 4720;
    bust.last_quantity = 2000;
    bust.last_price = 6'050'000;
    const std::string told = body_of(encoded(adjusted, bust, routing_of("A0001")));
    INFO(told);
    CHECK(told.find("|17=000000004790|150=H|39=0|19=000000004720|") != std::string::npos);
    CHECK(told.find("|32=2000|31=605|") != std::string::npos);
}

TEST_CASE("a_refusal_names_the_rule_and_the_values") {
    CHECK(body_of(examples()[5].text) ==
          "37=000000004750|11=order-4|17=000000004750|150=8|39=8|103=3|1=8610-0000017|55=2330|207=XTAI|54=1|"
          "38=3000|40=2|44=605.5|59=0|151=0|14=0|6=0|60=20261123-01:02:03.456|"
          "58=The buy limit would be exceeded: investor limit 1,000,000, used 900,000, this order 1,816,500 "
          "NTD.|10006=81|");
}

TEST_CASE("an_answer_sent_again_says_the_same_and_that_it_is_sent_again") {
    const auto record = record_of<risk::NewOrder>(risk::RecordKind::new_order, 4711);
    const risk::Decision decision = decision_of(4711, OrderStatus::pending_new, OrderStatus::pending_new);
    const std::string first = encoded(record, decision, routing_of("A0001"));
    const std::string again = encoded(record, decision, routing_of("A0001"), test_time_ns - 1'000'000);
    CHECK(first.find("|43=Y|") == std::string::npos);
    CHECK(again.find("|43=Y|") != std::string::npos);
    CHECK(again.find("|122=20261123-01:02:03.455|") != std::string::npos);
    CHECK(again.find("|34=42|") != std::string::npos);
    CHECK(body_of(first) == body_of(again));
}

TEST_CASE("the_average_price_is_rounded_half_up_to_a_ten_thousandth") {
    struct Row {
        risk::Amount amount;
        risk::Quantity filled;
        risk::Price average;
    };
    for (const Row& row : {Row{0, 0, 0}, Row{1, 0, 0}, Row{10, 5, 2}, Row{11, 4, 3}, Row{9, 4, 2},
                           Row{10, 4, 3}, Row{INT64_MAX, 1, INT64_MAX}, Row{INT64_MAX, INT64_MAX, 1},
                           Row{2 * 6'050'000 + 6'055'000, 3, 6'051'667}}) {
        CHECK(average_price(row.amount, row.filled) == row.average);
    }
}

TEST_CASE("optional_fields_appear_when_they_say_something") {
    const auto record = record_of<risk::NewOrder>(risk::RecordKind::new_order, 1);
    risk::Decision decision = decision_of(1, OrderStatus::pending_new, OrderStatus::pending_new);
    const std::string plain = encoded(record, decision, routing_of(""));
    for (const char* absent :
         {"|198=", "|41=", "|58=", "|103=", "|32=", "|10001=", "|10005=", "|10006=", "|378="}) {
        CHECK(plain.find(absent) == std::string::npos);
    }
    decision.credit_type = risk::CreditType::short_own;
    decision.session_kind = risk::SessionKind::after_hours_odd;
    decision.order_type = risk::OrderType::market;
    decision.price = 0;
    decision.time_in_force = risk::TimeInForce::immediate_or_cancel;
    const std::string market = encoded(record, decision, routing_of(""));
    for (const char* present : {"|10001=4|", "|10005=2|", "|40=1|", "|59=3|"}) {
        CHECK(market.find(present) != std::string::npos);
    }
    CHECK(market.find("|44=") == std::string::npos);
}

TEST_CASE("an_ended_order_has_nothing_left") {
    const auto report = record_of<risk::VenueReport>(risk::RecordKind::venue_report, 9);
    for (const OrderStatus status :
         {OrderStatus::filled, OrderStatus::cancelled, OrderStatus::rejected, OrderStatus::expired}) {
        CHECK(encoded(report, decision_of(1, OrderStatus::restated, status), routing_of("A0001"))
                  .find("|151=0|") != std::string::npos);
    }
    const std::string restated =
        encoded(report, decision_of(1, OrderStatus::restated, OrderStatus::cancelled), routing_of("A0001"));
    CHECK(restated.find("|378=8|") != std::string::npos);
}

TEST_CASE("a_refused_cancel_or_replace_names_which_it_was") {
    struct Row {
        risk::RecordKind kind;
        OrderStatus exec_type;
        const char* response_to;
    };
    for (const Row& row : {Row{risk::RecordKind::cancel_order, OrderStatus::none, "|434=1|"},
                           Row{risk::RecordKind::replace_order, OrderStatus::none, "|434=2|"},
                           Row{risk::RecordKind::venue_reject, OrderStatus::pending_cancel, "|434=1|"},
                           Row{risk::RecordKind::venue_reject, OrderStatus::pending_replace, "|434=2|"},
                           Row{risk::RecordKind::wait_expired, OrderStatus::pending_replace, "|434=2|"}}) {
        auto record = record_of<risk::ReplaceOrder>(row.kind, 50);
        risk::Decision decision = decision_of(1, row.exec_type, OrderStatus::created);
        decision.answer = risk::Answer::cancel_reject;
        decision.reason = Reason::venue_refused;
        decision.venue_code = 50;
        decision.original_client_order_id = risk::ClientOrderId("order-0");
        const std::string text = encoded(record, decision, routing_of("A0001"));
        CHECK(text.find(row.response_to) != std::string::npos);
        CHECK(text.find("|102=0|") != std::string::npos);  // nothing left: too late
        CHECK(text.find("|10007=0050|") != std::string::npos);
    }
    auto unknown = record_of<risk::CancelOrder>(risk::RecordKind::cancel_order, 50);
    risk::Decision decision;
    decision.answer = risk::Answer::cancel_reject;
    decision.reason = Reason::order_unknown;
    decision.client_order_id = risk::ClientOrderId("x");
    const std::string text = encoded(unknown, decision, routing_of(""));
    CHECK(body_of(text).find("37=NONE|11=x|41=NONE|39=8|") == 0);
    CHECK(text.find("|102=1|") != std::string::npos);
}

TEST_CASE("a_mass_cancel_that_is_not_served_is_refused_by_its_report") {
    auto mass = record_of<risk::MassCancel>(risk::RecordKind::mass_cancel, 4780);
    mass.facts.mass_kind = static_cast<risk::MassCancelKind>('3');
    risk::Decision decision;
    decision.answer = risk::Answer::mass_cancel_report;
    decision.outcome = risk::Outcome::refused;
    decision.reason = Reason::order_type_not_allowed;
    decision.client_order_id = risk::ClientOrderId("mass-1");
    CHECK(body_of(encoded(mass, decision, routing_of(""))) ==
          "11=mass-1|37=000000004780|530=3|531=0|532=0|60=20261123-01:02:03.456|"
          "58=MassCancelRequestType (530) is served as 1 (a security) and 7 (all orders).|10006=33|");
    decision.reason = Reason::security_unknown;
    mass.facts.mass_kind = risk::MassCancelKind::symbol;
    mass.facts.symbol = risk::Symbol("0000");
    CHECK(encoded(mass, decision, routing_of("")).find("|530=1|531=0|532=1|55=0000|") != std::string::npos);
}

TEST_CASE("a_business_reject_of_the_translation_and_of_the_ledger") {
    BusinessReject reject;
    reject.reference_number = 7;
    reject.reason = BusinessReason::required_field_missing;
    reject.reference_type = risk::Text<4>("D");
    reject.reference_id = risk::ClientOrderId("order-1");
    reject.text = risk::Text<192>("Price (44) is required for a limit order.");
    Room room;
    fix::Encoder encoder;
    const std::size_t length =
        encode_business_reject(encoder, {room.bytes, &header, 42, test_time_ns, 0}, reject);
    CHECK(validator().check(room.raw(length)) == "");
    CHECK(body_of(room.text(length)) ==
          "45=7|372=D|379=order-1|380=5|58=Price (44) is required for a limit order.|");
    CHECK(rules_of_engagement().find(room.text(length)) != std::string::npos);

    auto command = record_of<risk::ReplaceOrder>(risk::RecordKind::replace_order, 4);
    command.facts.arrival.message_number = 19;
    risk::Decision decision = decision_of(0, OrderStatus::none, OrderStatus::none);
    decision.answer = risk::Answer::business_reject;
    decision.reason = Reason::session_message_rate;
    CHECK(body_of(encoded(command, decision, routing_of(""))).find("45=19|372=G|379=order-1|380=8|58=") == 0);
}

TEST_CASE("nothing_is_written_without_room_or_without_an_answer") {
    const auto record = record_of<risk::NewOrder>(risk::RecordKind::new_order, 4711);
    risk::Decision decision = decision_of(4711, OrderStatus::pending_new, OrderStatus::pending_new);
    std::array<char, 64> little{};
    fix::Encoder encoder;
    CHECK(encode_answer(encoder, {little, &header, 1, 0, 0}, record.record, decision, {}) == 0);
    Room room;
    decision.answer = risk::Answer::none;
    CHECK(encode_answer(encoder, {room.bytes, &header, 1, 0, 0}, record.record, decision, {}) == 0);
}

// Every Reason as an order's refusal, a cancel's refusal and a mass cancel's: valid FIX, a code of FIX
// 4.4, a sentence; and the codes and texts are those of the table in the rules of engagement.
TEST_CASE("every_reason_has_its_fix_codes_its_sentence_and_its_row_in_the_rules_of_engagement") {
    const std::string document = rules_of_engagement();
    const std::set<int> order_codes{0, 1, 2, 3, 4, 5, 6, 8, 11, 13, 15, 99};
    const std::set<int> cancel_codes{0, 1, 2, 3, 6, 99};
    int reasons = 0;
    std::string missing;
    for (std::uint16_t code = 1; code < 256; ++code) {
        const auto reason = static_cast<Reason>(code);
        const risk::ReasonText& text = risk::reason_text(reason);
        if (text.reason == Reason::none) {
            continue;
        }
        ++reasons;
        INFO(text.code);
        const ReasonCodes codes = reason_codes(reason);
        CHECK(order_codes.count(codes.order_reject) == 1);
        CHECK(cancel_codes.count(codes.cancel_reject) == 1);
        auto command = record_of<risk::NewOrder>(risk::RecordKind::new_order, 4711);
        risk::Decision decision = decision_of(0, OrderStatus::rejected, OrderStatus::rejected);
        decision.outcome = risk::Outcome::refused;
        decision.reason = reason;
        decision.venue_code = reason == Reason::venue_refused ? 99 : 0;
        const std::string refused = encoded(command, decision, routing_of(""));
        CHECK(refused.find("|58=") != std::string::npos);
        CHECK(refused.find("|10006=" + std::to_string(code) + "|") != std::string::npos);
        CHECK(refused.find("..|") == std::string::npos);
        CHECK(refused.find(".|10006=") != std::string::npos);
        decision.answer = risk::Answer::cancel_reject;
        decision.original_client_order_id = risk::ClientOrderId("order-0");
        encoded(record_of<risk::CancelOrder>(risk::RecordKind::cancel_order, 9), decision, routing_of(""));
        if (reason == Reason::not_authorised || reason == Reason::limit_invalid ||
            reason == Reason::not_halted) {
            continue;  // of operators' acts, never told to a client
        }
        const std::string row = "| " + std::to_string(code) + " | " + std::string(text.english) + " | " +
                                std::string(text.chinese) + " | " + std::to_string(codes.order_reject) +
                                " | " + std::to_string(codes.cancel_reject) + " |";
        if (document.find(row) == std::string::npos) {
            missing += row + "\n";
        }
    }
    CHECK(reasons >= 72);
    CHECK(missing == "");
}

// Prints the parts of the rules of engagement that are held by the tests above, to be pasted after a
// change: orders_reports_test '[print]'.
TEST_CASE("print_the_examples_and_the_reasons", "[.][print]") {
    for (const Example& example : examples()) {
        std::printf("%s\n```\n%s\n```\n", example.name.c_str(), example.text.c_str());
    }
    for (std::uint16_t code = 1; code < 140; ++code) {
        const risk::ReasonText& text = risk::reason_text(static_cast<Reason>(code));
        if (text.reason != Reason::none) {
            const ReasonCodes codes = reason_codes(text.reason);
            std::printf("| %d | %s | %s | %d | %d |\n", code, std::string(text.english).c_str(),
                        std::string(text.chinese).c_str(), codes.order_reject, codes.cancel_reject);
        }
    }
}

TEST_CASE("the_values_behind_a_reason_are_in_its_unit") {
    struct Row {
        Reason reason;
        risk::Dimension dimension;
        risk::Scope scope;
        const char* ends;
    };
    using risk::Dimension;
    using risk::Scope;
    for (const Row& row : {
             Row{Reason::credit_symbol_long, Dimension::symbol_long, Scope::symbol,
                 ": limit 50,000, used 20,000 after order 000000000321, this order 40,000 shares."},
             Row{Reason::sellable_short, Dimension::sellable, Scope::account,
                 ": account limit 50,000, used 20,000 after order 000000000321, this order 40,000 shares."},
             Row{Reason::order_value_too_large, Dimension::order_value, Scope::firm,
                 ": firm limit 5, this order 4 NTD."},
             Row{Reason::credit_net, Dimension::net, Scope::branch,
                 ": branch limit 5, used 2 after order 000000000321, this order 4 NTD."},
             Row{Reason::duplicate_client_order_id, Dimension::none, Scope::none, ": order 000000000321."},
             Row{Reason::quantity_too_large, Dimension::none, Scope::none,
                 ": quantity 3,000, limit 50,000 shares."},
             Row{Reason::price_not_tick, Dimension::none, Scope::none, ": price 605.5, tick 5."},
             Row{Reason::account_unknown, Dimension::none, Scope::none, ": account 8610-0000017."},
             Row{Reason::security_unknown, Dimension::none, Scope::none, ": security 2330."},
             Row{Reason::venue_refused, Dimension::none, Scope::none,
                 ": TWSE 0043, Trading in this security is suspended."},
             Row{Reason::firm_halted, Dimension::none, Scope::none, "The broker has halted all new orders."},
         }) {
        risk::Decision decision = decision_of(1, OrderStatus::rejected, OrderStatus::rejected);
        decision.reason = row.reason;
        decision.dimension = row.dimension;
        decision.scope = row.scope;
        decision.limit = 50'000;
        decision.usage_before = 20'000;
        decision.usage_after = 60'000;
        decision.related = 321;
        decision.venue_code = row.reason == Reason::venue_refused ? 43 : 0;
        ReasonSentence sentence;
        write_reason(decision, sentence);
        const std::string said(sentence.view());
        const std::string ends(row.ends);
        INFO(said);
        REQUIRE(said.size() >= ends.size());
        CHECK(said.substr(said.size() - ends.size()) == ends);
    }
}

}  // namespace
}  // namespace fairlead::gateway
