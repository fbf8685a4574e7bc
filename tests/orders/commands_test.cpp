// Client messages to Records: every command, every field's rule, every refusal.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "gateway/fix/dictionary.hpp"
#include "gateway/orders/client_commands.hpp"
#include "tests/orders/quickfix_client.hpp"
#include "tests/orders/support.hpp"

namespace fairlead::gateway {
namespace {

const std::string new_body =
    "11=order-1|1=8610-0000017|55=2330|54=1|60=20261123-01:02:03.456|38=3000|40=2|44=605.5|59=0|";
const std::string replace_body =
    "11=order-2|41=order-1|1=8610-0000017|55=2330|54=1|60=20261123-01:02:03.456|38=2000|40=2|44=605.5|";
const std::string cancel_body = "11=order-3|41=order-1|55=2330|54=1|60=20261123-01:02:03.456|";
const std::string status_body = "11=order-1|55=2330|54=1|790=ask-1|";
const std::string mass_body = "11=mass-1|530=1|55=2330|54=2|60=20261123-01:02:03.456|";

// The body with one field replaced ("44=606"), added, or taken away ("-44").
std::string changed(std::string body, const std::string& change) {
    if (change.empty()) {
        return body;
    }
    const bool drop = change.front() == '-';
    const std::string tag = drop ? change.substr(1) + "=" : change.substr(0, change.find('=') + 1);
    std::size_t at = body.rfind(tag, 0) == 0 ? 0 : body.find("|" + tag);
    if (at == std::string::npos) {
        return body + change + "|";
    }
    at += at == 0 ? 0 : 1;
    const std::size_t end = body.find('|', at) + 1;
    return body.replace(at, end - at, drop ? "" : change + "|");
}

ClientContext context() {
    ClientContext made;
    made.session = 12;
    made.user = risk::UserName("alice");
    made.address[15] = 1;
    made.arrival = {100, 200, 7};
    return made;
}

struct Translated {
    ReadMessage message;
    CommandStorage storage;
    BusinessReject refusal;
    ClientCommand command;

    Translated(const std::string& type, const std::string& body)
        : message(message_text(type, body)), command(translate(message.get(), context(), storage, refusal)) {}
    explicit Translated(const std::string& whole)
        : message(whole), command(translate(message.get(), context(), storage, refusal)) {}
    [[nodiscard]] std::string text() const { return std::string(refusal.text.view()); }
};

TEST_CASE("a_new_order_becomes_a_record_with_every_field") {
    const Translated done("D", new_body + "10000=6|10001=1|10005=C|207=XTAI|97=Y|");
    REQUIRE(done.command);
    const auto& order = done.command.as<risk::NewOrder>();
    CHECK(order.record.kind == risk::RecordKind::new_order);
    CHECK(order.record.session == 12);
    CHECK(order.record.sequence == 0);
    CHECK(order.facts.arrival.kernel_ns == 100);
    CHECK(order.facts.arrival.effective_ns == 200);
    CHECK(order.facts.arrival.message_number == 7);
    CHECK(order.facts.client_order_id.view() == "order-1");
    CHECK(order.facts.symbol.view() == "2330");
    CHECK(order.facts.quantity == 3000);
    CHECK(order.facts.price == 6'055'000);
    CHECK(order.facts.transact_time_ns == test_time_ns);
    CHECK(order.facts.side == risk::Side::buy);
    CHECK(order.facts.order_type == risk::OrderType::limit);
    CHECK(order.facts.time_in_force == risk::TimeInForce::rest_of_day);
    CHECK(order.facts.session_kind == risk::SessionKind::intraday_odd_lot);
    CHECK(order.facts.credit_type == risk::CreditType::margin_agency);
    CHECK(order.facts.channel == risk::Channel::api);
    CHECK(order.facts.message_flags == risk::poss_resend_flag);
    CHECK(order.person.account.branch.view() == "8610");
    CHECK(order.person.account.number == 17);
    CHECK(order.person.user.view() == "alice");
    CHECK(order.person.address[15] == 1);
    CHECK(order.person.investor.empty());
    CHECK(done.command.venue == risk::Venue::twse);
}

TEST_CASE("absent_optional_fields_have_their_documented_defaults") {
    const Translated done("D", changed(new_body, "-59"));
    REQUIRE(done.command);
    const auto& order = done.command.as<risk::NewOrder>();
    CHECK(order.facts.time_in_force == risk::TimeInForce::rest_of_day);
    CHECK(order.facts.session_kind == risk::SessionKind::regular);
    CHECK(order.facts.credit_type == risk::CreditType::cash);
    CHECK(order.facts.channel == risk::Channel::dma);
    CHECK(order.facts.message_flags == 0);
    CHECK(done.command.venue == risk::Venue::none);
}

TEST_CASE("replace_cancel_status_and_mass_cancel_become_records") {
    const Translated replaced("G", replace_body);
    REQUIRE(replaced.command);
    const auto& replace = replaced.command.as<risk::ReplaceOrder>();
    CHECK(replace.record.kind == risk::RecordKind::replace_order);
    CHECK(replace.facts.client_order_id.view() == "order-2");
    CHECK(replace.facts.original_client_order_id.view() == "order-1");
    CHECK(replace.facts.quantity == 2000);
    CHECK(replace.facts.price == 6'055'000);
    CHECK(replace.facts.order_type == risk::OrderType::limit);
    CHECK(replace.person.account.number == 17);

    const Translated cancelled("F", cancel_body);
    REQUIRE(cancelled.command);
    const auto& cancel = cancelled.command.as<risk::CancelOrder>();
    CHECK(cancel.record.kind == risk::RecordKind::cancel_order);
    CHECK(cancel.facts.original_client_order_id.view() == "order-1");
    CHECK(cancel.facts.origin == risk::CancelOrigin::client);
    CHECK(cancel.facts.order_key == 0);
    CHECK(cancel.person.account.branch.empty());  // not given: the caller takes it from the order

    const Translated asked("H", status_body);
    REQUIRE(asked.command);
    const auto& status = asked.command.as<risk::OrderStatusRequest>();
    CHECK(status.record.kind == risk::RecordKind::order_status);
    CHECK(status.facts.client_order_id.view() == "order-1");
    CHECK(status.facts.request_id.view() == "ask-1");

    const Translated massed("q", mass_body);
    REQUIRE(massed.command);
    const auto& mass = massed.command.as<risk::MassCancel>();
    CHECK(mass.record.kind == risk::RecordKind::mass_cancel);
    CHECK(mass.facts.mass_kind == risk::MassCancelKind::symbol);
    CHECK(mass.facts.symbol.view() == "2330");
    CHECK(mass.facts.side == risk::Side::sell);
    const Translated all("q", changed(changed(changed(mass_body, "530=7"), "-55"), "-54"));
    REQUIRE(all.command);
    CHECK(all.command.as<risk::MassCancel>().facts.mass_kind == risk::MassCancelKind::all);
    CHECK(all.command.as<risk::MassCancel>().facts.side == risk::Side::none);
}

TEST_CASE("what_fix_knows_and_the_gateway_does_not_trade_is_left_to_the_ledger") {
    for (const char* change : {"40=3", "40=P", "59=1", "59=6", "59=7"}) {
        INFO(change);
        const Translated done("D", changed(new_body, change));
        REQUIRE(done.command);
        CHECK(done.command.as<risk::NewOrder>().facts.order_type == risk::OrderType::none);
    }
    // The neighbours that are traded.
    CHECK(Translated("D", changed(changed(new_body, "40=1"), "-44"))
              .command.as<risk::NewOrder>()
              .facts.order_type == risk::OrderType::market);
    CHECK(Translated("D", changed(new_body, "59=3")).command.as<risk::NewOrder>().facts.time_in_force ==
          risk::TimeInForce::immediate_or_cancel);
    CHECK(Translated("D", changed(new_body, "59=4")).command.as<risk::NewOrder>().facts.time_in_force ==
          risk::TimeInForce::fill_or_kill);
    const Translated mass("q", changed(mass_body, "530=3"));
    REQUIRE(mass.command);
    CHECK(static_cast<char>(mass.command.as<risk::MassCancel>().facts.mass_kind) == '3');
    // What the check list refuses goes to it, however odd.
    CHECK(Translated("D", changed(new_body, "38=0")).command);
    CHECK(Translated("D", changed(new_body, "38=-5")).command.as<risk::NewOrder>().facts.quantity == -5);
    CHECK(Translated("D", changed(new_body, "44=0")).command);
    CHECK(Translated("D", changed(new_body, "40=1")).command.as<risk::NewOrder>().facts.price == 6'055'000);
    CHECK(Translated("D", changed(new_body, "55=nobody")).command);
}

TEST_CASE("each_field_that_says_nothing_usable_is_refused_by_name_value_and_rule") {
    struct Row {
        const char* type;
        const std::string& body;
        const char* change;
        BusinessReason reason;
        std::uint32_t tag;
        const char* text;
    };
    using enum BusinessReason;
    for (
        const Row& row : {
            Row{"D", new_body, "-44", required_field_missing, 44,
                "Price (44) is required for a limit order."},
            Row{"G", replace_body, "-44", required_field_missing, 44,
                "Price (44) is required for a limit order."},
            Row{"D", new_body, "-1", required_field_missing, 1, "Account (1) is required."},
            Row{"D", new_body, "-38", required_field_missing, 38, "OrderQty (38) is required."},
            Row{"D", new_body, "44=605.55555", other, 44,
                "Price (44) = \"605.55555\": must be NTD with at most 4 decimals, from 0 to 99,999.9999."},
            Row{"D", new_body, "44=100000", other, 44,
                "Price (44) = \"100000\": must be NTD with at most 4 decimals, from 0 to 99,999.9999."},
            Row{"D", new_body, "44=-1", other, 44,
                "Price (44) = \"-1\": must be NTD with at most 4 decimals, from 0 to 99,999.9999."},
            Row{"D", new_body, "38=1000.5", other, 38,
                "OrderQty (38) = \"1000.5\": must be a whole number of shares."},
            Row{"D", new_body, "38=99999999999999999999", other, 38,
                "OrderQty (38) = \"99999999999999999999\": must be a whole number of shares."},
            Row{"D", new_body, "11=1234567890123456789012345", other, 11,
                "ClOrdID (11) = \"1234567890123456789012345\": must have at most 24 characters."},
            Row{"G", replace_body, "41=1234567890123456789012345", other, 41,
                "OrigClOrdID (41) = \"1234567890123456789012345\": must have at most 24 characters."},
            Row{"H", status_body, "790=1234567890123456789012345", other, 790,
                "OrdStatusReqID (790) = \"1234567890123456789012345\": must have at most 24 characters."},
            Row{"D", new_body, "1=8610-17", other, 1,
                "Account (1) = \"8610-17\": must be a branch of 4 characters, a hyphen and 7 digits, as "
                "8610-0000017."},
            Row{"D", new_body, "1=861_-0000017", other, 1,
                "Account (1) = \"861_-0000017\": must be a branch of 4 characters, a hyphen and 7 digits, as "
                "8610-0000017."},
            Row{"D", new_body, "1=8610-000001x", other, 1,
                "Account (1) = \"8610-000001x\": must be a branch of 4 characters, a hyphen and 7 digits, as "
                "8610-0000017."},
            Row{"D", new_body, "55=1234567", unknown_security, 55,
                "Symbol (55) = \"1234567\": a security has at most 6 characters."},
            Row{"D", new_body, "54=5", other, 54,
                "Side (54) = \"5\": must be 1 (buy) or 2 (sell); short sales are sells with CreditType "
                "(10001) 2, 4, 5 or 6."},
            Row{"D", new_body, "60=yesterday", other, 60,
                "TransactTime (60) = \"yesterday\": must be a UTC time yyyymmdd-hh:mm:ss.mmm."},
            Row{"D", new_body, "10000=0", other, 10000, "OrderChannel (10000) = \"0\": must be 1 to 6."},
            Row{"D", new_body, "10001=7", other, 10001, "CreditType (10001) = \"7\": must be 0 to 6."},
            Row{"D", new_body, "10005=1", other, 10005,
                "SessionKind (10005) = \"1\": must be 0 (regular), C (intraday odd lot), 2 (after-hours odd "
                "lot) or 7 (fixed price)."},
            Row{"D", new_body, "15=USD", other, 15, "Currency (15) = \"USD\": orders are in TWD."},
            Row{"D", new_body, "207=XNYS", unknown_security, 207,
                "SecurityExchange (207) = \"XNYS\": must be XTAI (TWSE) or ROCO (TPEx)."},
            Row{"q", mass_body, "-55", required_field_missing, 55,
                "Symbol (55) is required when MassCancelRequestType (530) is 1."},
            Row{"q", mass_body, "530=9", other, 530, "MassCancelRequestType (530) = \"9\": must be 1 to 7."},
        }) {
        INFO(row.type << " " << row.change);
        const Translated done(row.type, changed(row.body, row.change));
        REQUIRE_FALSE(done.command);
        CHECK(done.text() == row.text);
        CHECK(done.refusal.reason == row.reason);
        CHECK(done.refusal.tag == row.tag);
        CHECK(done.refusal.reference_number == 7);
        CHECK(done.refusal.reference_type.view() == row.type);
    }
    CHECK(Translated("D", changed(new_body, "15=TWD")).command);
    CHECK(Translated("D", changed(new_body, "44=99999.9999")).command);
    CHECK(Translated("D", changed(new_body, "11=123456789012345678901234")).command);
    const Translated unknown("E", "66=list|");
    CHECK_FALSE(unknown.command);
    CHECK(unknown.refusal.reason == unsupported_message_type);
    CHECK(unknown.text() == "MsgType (35) = \"E\": D, F, G, H and q are served.");
}

TEST_CASE("a_refusal_shows_no_unprintable_and_no_endless_value") {
    const Translated done("D", changed(new_body, "38=\x02" + std::string(500, 'x')));
    REQUIRE_FALSE(done.command);
    CHECK(done.text() ==
          "OrderQty (38) = \"?" + std::string(31, 'x') + "...\": must be a whole number of shares.");
}

TEST_CASE("a_security_of_the_other_venue_is_refused_by_name") {
    Translated done("D", new_body + "207=ROCO|");
    REQUIRE(done.command);
    CHECK(done.command.venue == risk::Venue::tpex);
    BusinessReject refusal;
    const fix::Message& message = done.message.get();
    CHECK_FALSE(refuse_other_venue(message, done.command, risk::Venue::tpex, refusal));
    CHECK_FALSE(refuse_other_venue(message, done.command, risk::Venue::none, refusal));
    CHECK(refuse_other_venue(message, done.command, risk::Venue::twse, refusal));
    CHECK(refusal.reason == BusinessReason::unknown_security);
    CHECK(refusal.text.view() == "SecurityExchange (207) = \"ROCO\": the security is listed at XTAI.");
    CHECK(refusal.reference_id.view() == "order-1");
    const Translated plain("D", new_body);
    CHECK_FALSE(refuse_other_venue(plain.message.get(), plain.command, risk::Venue::twse, refusal));
}

TEST_CASE("the_same_message_is_translated_to_the_same_bytes") {
    const Translated first("D", new_body);
    const Translated second("D", new_body);
    CHECK(std::memcmp(first.command.record, second.command.record, sizeof(risk::NewOrder)) == 0);
}

TEST_CASE("messages_built_by_a_stock_client_pass_the_dictionary_and_are_translated") {
    const std::string now = "20261123-01:02:03.456";
    struct Row {
        const char* type;
        tests::Fields fields;
    };
    for (const Row& row :
         {Row{"D",
              {{11, "a"},
               {1, "8610-0000017"},
               {55, "2330"},
               {54, "1"},
               {60, now},
               {38, "1000"},
               {40, "2"},
               {44, "605"},
               {59, "0"},
               {21, "1"},
               {10001, "0"}}},
          Row{"G",
              {{11, "b"},
               {41, "a"},
               {55, "2330"},
               {54, "1"},
               {60, now},
               {38, "1000"},
               {40, "2"},
               {44, "606"}}},
          Row{"F", {{11, "c"}, {41, "a"}, {55, "2330"}, {54, "1"}, {60, now}, {38, "1000"}}},
          Row{"H", {{11, "a"}, {55, "2330"}, {54, "1"}}}, Row{"q", {{11, "d"}, {530, "7"}, {60, now}}}}) {
        INFO(row.type);
        const Translated done(tests::build_with_quickfix(row.type, "CLIENT", "GATEWAY", 7, row.fields));
        CHECK_FALSE(fix::check(done.message.get(), fix::Counterpart::client));
        CHECK(done.command);
    }
}

TEST_CASE("the_commands_shown_in_the_rules_of_engagement_are_accepted") {
    std::ifstream file(FAIRLEAD_RULES_OF_ENGAGEMENT);
    std::stringstream document;
    document << file.rdbuf();
    struct Row {
        const char* type;
        const std::string& body;
    };
    for (const Row& row : {Row{"D", new_body}, Row{"G", replace_body}, Row{"F", cancel_body},
                           Row{"H", status_body}, Row{"q", mass_body}}) {
        const std::string message = message_text(row.type, row.body);
        INFO(with_bars(message));
        CHECK(document.str().find(with_bars(message)) != std::string::npos);
        const Translated done(message);
        CHECK_FALSE(fix::check(done.message.get(), fix::Counterpart::client));
        CHECK(done.command);
    }
}

}  // namespace
}  // namespace fairlead::gateway
