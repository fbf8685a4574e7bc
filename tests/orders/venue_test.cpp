// The venue side: orders as a line takes them, byte by byte, and what comes back made into Records.
#include <catch2/catch.hpp>
#include <string>

#include "gateway/orders/venue_orders.hpp"
#include "gateway/orders/venue_reports.hpp"
#include "tests/orders/support.hpp"

namespace fairlead::gateway {
namespace {

using risk::OrderStatus;

const fix::HeaderTemplate line_header("FIX.4.4", "T8610H3", "XTAI");
const std::string from_venue = "49=XTAI|56=T8610H3|";

OrderTerms terms_of_order() {
    OrderTerms terms;
    terms.order_key = 4711;
    terms.account = {risk::BranchId("861A"), 17};
    terms.symbol = risk::Symbol("2330");
    terms.order_number = risk::OrderNumber("A0001");
    terms.price = 6'055'000;
    terms.ordered = 5000;
    terms.filled = 1000;
    terms.side = risk::Side::buy;
    terms.order_type = risk::OrderType::limit;
    return terms;
}

risk::NewOrder new_order() {
    risk::NewOrder command{};
    command.record.kind = risk::RecordKind::new_order;
    command.record.sequence = 4711;
    command.record.utc_ns = test_time_ns;
    command.facts.quantity = 5000;
    command.facts.price = 6'055'000;
    command.facts.side = risk::Side::buy;
    command.facts.order_type = risk::OrderType::limit;
    return command;
}

risk::ReplaceOrder replace_order(risk::Quantity quantity, risk::Price price) {
    risk::ReplaceOrder command{};
    command.record.kind = risk::RecordKind::replace_order;
    command.record.sequence = 4800;
    command.record.utc_ns = test_time_ns;
    command.facts.quantity = quantity;
    command.facts.price = price;
    return command;
}

// Encodes through the common door; the message with bars, or the problem.
template <class Command>
std::string sent(const Command& command, const OrderTerms& terms) {
    Room room;
    fix::Encoder encoder;
    const VenueMessage message =
        encode_command(encoder, {room.bytes, &line_header, 42, test_time_ns}, command.record, terms);
    if (message.length == 0) {
        REQUIRE(message.problem != nullptr);
        return message.problem;
    }
    const std::string text = room.text(message.length);
    CHECK(text.find(std::string("|35=") + message.type + "|") != std::string::npos);
    return text;
}

TEST_CASE("a_new_order_goes_to_the_venue_byte_for_byte") {
    CHECK(sent(new_order(), terms_of_order()) ==
          "8=FIX.4.4|9=199|35=D|49=T8610H3|56=XTAI|34=42|52=20261123-01:02:03.456|50=861A|57=0|"
          "11=000000004711|37=A0001|1=0000017|55=2330  |54=1|38=5|40=2|44=605.5|59=0|"
          "60=20261123-01:02:03.456|10000=3|10001=0|10002=0|10004=N|10=004|");
}

TEST_CASE("each_kind_of_message_has_exactly_the_venue_s_fields") {
    const OrderTerms terms = terms_of_order();
    const std::string common = "11=000000004800|41=000000004711|37=A0001|1=0000017|55=2330  |54=1|";
    // Quantity to remove, price 0; or quantity 0 and the new price: never both.
    CHECK(body_of(sent(replace_order(3000, 6'055'000), terms)) ==
          "50=861A|57=0|" + common +
              "38=2|40=2|44=0|60=20261123-01:02:03.456|10000=3|10001=0|10002=0|10004=N|");
    CHECK(body_of(sent(replace_order(3000, 0), terms)).find("|38=2|40=2|44=0|") != std::string::npos);
    CHECK(body_of(sent(replace_order(5000, 6'060'000), terms)).find("|38=0|40=2|44=606|") !=
          std::string::npos);
    risk::CancelOrder cancel{};
    cancel.record = replace_order(0, 0).record;
    cancel.record.kind = risk::RecordKind::cancel_order;
    CHECK(body_of(sent(cancel, terms)) ==
          "50=861A|57=0|" + common + "60=20261123-01:02:03.456|10000=3|10002=0|10004=N|");
    risk::OrderStatusRequest status{};
    status.record = cancel.record;
    status.record.kind = risk::RecordKind::order_status;
    CHECK(body_of(sent(status, terms)) ==
          "50=861A|57=0|11=000000004800|37=A0001|55=2330  |54=1|10000=3|10002=0|");
}

TEST_CASE("a_cut_of_all_that_is_left_goes_out_as_a_cancel") {
    const std::string text = sent(replace_order(1000, 6'055'000), terms_of_order());
    CHECK(text.find("|35=F|") != std::string::npos);
    CHECK(text.find("|11=000000004800|") != std::string::npos);
    CHECK(sent(replace_order(2000, 6'055'000), terms_of_order()).find("|35=G|") != std::string::npos);
}

TEST_CASE("lots_and_sub_systems_follow_the_session_kind") {
    struct Row {
        risk::SessionKind kind;
        risk::Quantity quantity;
        risk::Quantity lot;
        const char* ap_code;
        const char* venue_quantity;
        const char* exchange_code;
    };
    for (const Row& row :
         {Row{risk::SessionKind::regular, 5000, 1000, "|57=0|", "|38=5|", "|10002=0|"},
          Row{risk::SessionKind::regular, 500, 100, "|57=0|", "|38=5|", "|10002=0|"},
          Row{risk::SessionKind::after_hours_fixed, 5000, 1000, "|57=7|", "|38=5|", "|10002=0|"},
          Row{risk::SessionKind::intraday_odd_lot, 999, 1000, "|57=C|", "|38=999|", "|10002=2|"},
          Row{risk::SessionKind::after_hours_odd, 1, 1000, "|57=2|", "|38=1|", "|10002=2|"}}) {
        OrderTerms terms = terms_of_order();
        terms.session_kind = row.kind;
        terms.lot = row.lot;
        risk::NewOrder command = new_order();
        command.facts.session_kind = row.kind;
        command.facts.quantity = row.quantity;
        const std::string text = sent(command, terms);
        INFO(text);
        CHECK(text.find(row.ap_code) != std::string::npos);
        CHECK(text.find(row.venue_quantity) != std::string::npos);
        CHECK(text.find(row.exchange_code) != std::string::npos);
    }
}

TEST_CASE("market_orders_tif_channel_and_credit_type_are_the_venue_s_codes") {
    OrderTerms terms = terms_of_order();
    terms.channel = risk::Channel::internet;
    terms.side = risk::Side::sell;
    risk::NewOrder command = new_order();
    command.facts.order_type = risk::OrderType::market;
    command.facts.price = 0;
    command.facts.time_in_force = risk::TimeInForce::fill_or_kill;
    command.facts.credit_type = risk::CreditType::borrowed_short;
    const std::string text = sent(command, terms);
    for (const char* part : {"|54=2|", "|40=1|44=0|59=4|", "|10000=4|10001=5|"}) {
        CHECK(text.find(part) != std::string::npos);
    }
}

TEST_CASE("what_the_venue_would_count_as_our_error_is_not_written") {
    const auto with = [](auto change) {
        OrderTerms terms = terms_of_order();
        change(terms);
        return sent(new_order(), terms);
    };
    CHECK(with([](OrderTerms& terms) {
              terms.order_number = risk::OrderNumber("A001");
          }).find("OrderID (37)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.symbol = risk::Symbol("1234567"); }).find("Symbol (55)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.account.number = 10'000'000; }).find("Account (1)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.account.branch = risk::BranchId("861"); }).find("Account (1)") ==
          0);
    CHECK(with([](OrderTerms& terms) { terms.side = risk::Side::none; }).find("Side (54)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.lot = 0; }).find("OrderQty (38)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.lot = 3000; }).find("OrderQty (38)") == 0);
    CHECK(with([](OrderTerms& terms) { terms.order_key = 4712; }).find("ClOrdID (11)") == 0);
    risk::NewOrder command = new_order();
    command.facts.price = 0;
    CHECK(sent(command, terms_of_order()).find("Price (44)") == 0);
    command.facts.order_type = risk::OrderType::market;
    command.facts.price = 1;
    CHECK(sent(command, terms_of_order()).find("Price (44)") == 0);
    CHECK(sent(replace_order(3000, 6'060'000), terms_of_order()).find("OrderQty (38), Price (44)") == 0);
    CHECK(sent(replace_order(5000, 6'055'000), terms_of_order()).find("OrderQty (38), Price (44)") == 0);
    CHECK(sent(replace_order(6000, 6'055'000), terms_of_order()).find("OrderQty (38), Price (44)") == 0);
    CHECK(sent(replace_order(3500, 6'055'000), terms_of_order()).find("OrderQty (38)") == 0);
    risk::NewOrder no_command = new_order();
    no_command.record.kind = risk::RecordKind::tick;
    CHECK(sent(no_command, terms_of_order()).find("MsgType (35)") == 0);
    std::array<char, 40> little{};
    fix::Encoder encoder;
    CHECK(encode_new(encoder, {little, &line_header, 1, 0}, new_order(), terms_of_order()).length == 0);
}

// --- reports ---

struct Read {
    ReadMessage message;
    VenueEventStorage storage;
    VenueMessageFault fault;
    VenueEvent event;

    Read(const std::string& type, const std::string& body, VenueOrder order = {4711, 4711, 1000, {}})
        : message(message_text(type, body, 7, from_venue)),
          event(read_venue_message(message.get(), 3, {11, 22, 7}, order, storage, fault)) {}
    [[nodiscard]] std::string text() const { return std::string(fault.text.view()); }
    [[nodiscard]] const risk::VenueReportFacts& facts() const {
        REQUIRE(event);
        return event.as<risk::VenueReport>().facts;
    }
};

const std::string taken_body =
    "50=0|57=861A|11=000000004711|37=A0001|17=1|150=0|39=0|1=0000017|55=2330  |54=1|38=5|44=605.5|151=5|14=0|"
    "60=20261123-01:02:03.456|58=0000-OK|";
const std::string fill_body =
    "50=0|57=861A|11=000000004711|37=A0001|17=B00012345|150=F|39=1|1=0000017|55=2330|54=1|32=2|31=605|"
    "151=3|14=2|60=20261123-01:02:03.456|";

TEST_CASE("a_report_points_to_its_command_and_a_reject_to_its_number") {
    const ReadMessage taken(message_text("8", taken_body, 7, from_venue));
    const VenueReference reference = reference_of(taken.get());
    CHECK(reference.client_order_id == 4711);
    CHECK(reference.symbol.view() == "2330");
    CHECK(reference.has_session_kind);
    CHECK(reference.session_kind == risk::SessionKind::regular);
    const ReadMessage odd(
        message_text("9", "50=C|57=861A|11=000000004800|58=C005-NOT FOUND|", 7, from_venue));
    CHECK(reference_of(odd.get()).client_order_id == 4800);
    CHECK(reference_of(odd.get()).session_kind == risk::SessionKind::intraday_odd_lot);
    const ReadMessage reject(message_text("3", "45=42|58=bad|", 7, from_venue));
    CHECK(reference_of(reject.get()).message_number == 42);
    CHECK(reference_of(reject.get()).client_order_id == 0);
    for (const char* id : {"00000000471", "0000000047110", "00000000471x", "order-1", "-00000004711"}) {
        const ReadMessage other(message_text("8", "11=" + std::string(id) + "|", 7, from_venue));
        CHECK(reference_of(other.get()).client_order_id == 0);
    }
    const ReadMessage padded(message_text("8", "11=000000004711  |", 7, from_venue));
    CHECK(reference_of(padded.get()).client_order_id == 4711);
}

TEST_CASE("an_acceptance_becomes_a_report_in_shares") {
    const Read done("8", taken_body);
    const risk::VenueReportFacts& facts = done.facts();
    CHECK(done.event.record->kind == risk::RecordKind::venue_report);
    CHECK(done.event.record->session == 3);
    CHECK(facts.arrival.message_number == 7);
    CHECK(facts.order_key == 4711);
    CHECK(facts.command == 4711);
    CHECK(facts.execution_id.view() == "1");
    CHECK(facts.order_number.view() == "A0001");
    CHECK(facts.symbol.view() == "2330");
    CHECK(facts.order_quantity == 5000);
    CHECK(facts.leaves_quantity == 5000);
    CHECK(facts.filled_quantity == 0);
    CHECK(facts.price == 6'055'000);
    CHECK(facts.transact_time_ns == test_time_ns);
    CHECK(facts.account.branch.view() == "861A");
    CHECK(facts.account.number == 17);
    CHECK(facts.venue_code == 0);
    CHECK(facts.exec_type == OrderStatus::created);
    CHECK(facts.order_status == OrderStatus::created);
    CHECK(facts.side == risk::Side::buy);
    CHECK(facts.message_flags == 0);
}

TEST_CASE("a_fill_has_its_key_price_and_quantity") {
    const Read done("8", fill_body + "43=Y|");
    CHECK(done.facts().exec_type == OrderStatus::trade);
    CHECK(done.facts().execution_id.view() == "B00012345");
    CHECK(done.facts().last_quantity == 2000);
    CHECK(done.facts().last_price == 6'050'000);
    CHECK(done.facts().leaves_quantity == 3000);
    CHECK(done.facts().order_quantity == 0);
    CHECK(done.facts().message_flags == risk::poss_dup_flag);
    const Read odd("8", fill_body, {4711, 4711, 1000, risk::SessionKind::intraday_odd_lot});
    CHECK(odd.facts().last_quantity == 2);
    const Read small_lot("8", fill_body, {4711, 4711, 100, risk::SessionKind::regular});
    CHECK(small_lot.facts().last_quantity == 200);
}

TEST_CASE("every_exec_type_of_the_venue_is_read_and_its_code_kept") {
    struct Row {
        const char* exec_type;
        const char* status;
        const char* text;
        std::uint16_t code;
    };
    for (const Row& row :
         {Row{"5", "0", "", 0}, Row{"4", "4", "", 0}, Row{"4", "4", "0048-IOC", 48},
          Row{"8", "8", "0043-SUSPENDED", 43}, Row{"8", "8", "C014-QTY", 12014}, Row{"I", "1", "", 0},
          Row{"D", "4", "0052-VOLATILITY", 52}, Row{"0", "0", "0031-QTY CUT", 31}}) {
        INFO(row.exec_type << row.text);
        const Read done("8", std::string("11=000000004711|150=") + row.exec_type + "|39=" + row.status +
                                 "|151=0|38=2|58=" + (*row.text == '\0' ? "-" : row.text) + "|");
        CHECK(static_cast<char>(done.facts().exec_type) == *row.exec_type);
        CHECK(static_cast<char>(done.facts().order_status) == *row.status);
        CHECK(done.facts().venue_code == row.code);
        CHECK(done.facts().filled_quantity == -1);
    }
}

TEST_CASE("a_report_for_no_order_of_ours_is_an_orphan") {
    const Read done("8", fill_body, {});
    REQUIRE(done.event);
    CHECK(done.event.record->kind == risk::RecordKind::orphan_report);
    CHECK(done.facts().order_key == 0);
    CHECK(done.facts().last_quantity == 2000);
}

TEST_CASE("rejects_of_each_kind_become_venue_rejects") {
    struct Row {
        const char* type;
        const char* body;
        std::uint64_t number;
        std::uint16_t code;
        std::uint8_t reason;
    };
    for (const Row& row :
         {Row{"9", "11=000000004800|1=0000017|102=0|58=0050-NO LEAVES|", 0, 50, 0},
          Row{"9", "11=000000004800|1=0000017|102=99|", 0, 0, 99},
          Row{"3", "45=42|371=38|373=5|58=0221-LENGTH|", 42, 221, 5},
          Row{"j", "45=43|372=D|380=3|58=0200|", 43, 200, 3}, Row{"j", "372=D|380=300|", 0, 0, 0}}) {
        INFO(row.type << " " << row.body);
        const Read done(row.type, row.body, {4800, 4711, 1000, {}});
        REQUIRE(done.event);
        CHECK(done.event.record->kind == risk::RecordKind::venue_reject);
        CHECK(done.event.record->session == 3);
        const auto& facts = done.event.as<risk::VenueReject>().facts;
        CHECK(facts.message_type == *row.type);
        CHECK(facts.command == 4800);
        CHECK(facts.order_key == 4711);
        CHECK(facts.reference_number == row.number);
        CHECK(facts.venue_code == row.code);
        CHECK(facts.reject_reason == row.reason);
        CHECK(facts.arrival.kernel_ns == 11);
    }
}

TEST_CASE("a_message_that_cannot_be_read_is_named_by_field_value_and_rule") {
    struct Row {
        const char* type;
        std::string body;
        std::uint32_t tag;
        std::uint8_t reason;
        const char* text;
    };
    const auto changed = [](std::string body, const std::string& from, const std::string& to) {
        const std::size_t at = body.find(from);
        REQUIRE(at != std::string::npos);
        return body.replace(at, from.size(), to);
    };
    for (const Row& row : {
             Row{"8", changed(fill_body, "|150=F|", "|"), 150, 1, "ExecType (150) is required."},
             Row{"8", changed(fill_body, "150=F", "150=Z"), 150, 5,
                 "ExecType (150) = \"Z\": is no status this venue gives."},
             Row{"8", changed(fill_body, "39=1", "39=F"), 39, 5,
                 "OrdStatus (39) = \"F\": is no status this venue gives."},
             Row{"8", changed(fill_body, "|17=B00012345|", "|"), 17, 1, "ExecID (17) is required."},
             Row{"8", changed(fill_body, "17=B00012345", "17=B0001234567890123"), 17, 5,
                 "ExecID (17) = \"B0001234567890123\": is longer than this field may be."},
             Row{"8", changed(fill_body, "|32=2|", "|"), 32, 1, "LastQty (32) is required."},
             Row{"8", changed(fill_body, "32=2", "32=1.5"), 32, 6,
                 "LastQty (32) = \"1.5\": must be a whole number from 0 to 1,000,000,000."},
             Row{"8", changed(fill_body, "32=2", "32=-2"), 32, 6,
                 "LastQty (32) = \"-2\": must be a whole number from 0 to 1,000,000,000."},
             Row{"8", changed(fill_body, "32=2", "32=1000000001"), 32, 6,
                 "LastQty (32) = \"1000000001\": must be a whole number from 0 to 1,000,000,000."},
             Row{"8", changed(fill_body, "32=2", "32=0"), 32, 5,
                 "LastQty (32) = \"0\": must be above 0 in a trade."},
             Row{"8", changed(fill_body, "31=605", "31=0"), 31, 5,
                 "LastPx (31) = \"0\": must be above 0 in a trade."},
             Row{"8", changed(fill_body, "31=605", "31=605.00001"), 31, 6,
                 "LastPx (31) = \"605.00001\": must be NTD with at most 4 decimals, up to 99,999.9999."},
             Row{"8", changed(fill_body, "|54=1|", "|"), 54, 1, "Side (54) must be 1 or 2."},
             Row{"8", changed(taken_body, "|151=5|", "|"), 151, 1, "LeavesQty (151) is required."},
             Row{"8", changed(taken_body, "60=20261123-01:02:03.456", "60=now"), 60, 6,
                 "TransactTime (60) = \"now\": must be a UTC time yyyymmdd-hh:mm:ss.mmm."},
             Row{"8", changed(taken_body, "|1=0000017|", "|1=17a|"), 1, 6,
                 "Account (1) = \"17a\": must be at most seven digits."},
             Row{"3", "45=x|", 45, 6, "RefSeqNum (45) = \"x\": must be a message number."},
             Row{"5", "58=bye|", 35, 5, "MsgType (35) = \"5\": must be 8, 9, 3 or j."},
         }) {
        const Read done(row.type, row.body);
        INFO(row.body);
        REQUIRE_FALSE(done.event);
        CHECK(done.text() == row.text);
        CHECK(done.fault.tag == row.tag);
        CHECK(done.fault.reject_reason == row.reason);
    }
}

TEST_CASE("mutilated_messages_are_read_or_refused_and_never_more") {
    std::uint64_t state = 2026;
    const auto random = [&state](std::size_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>(state >> 33) % below;
    };
    int read = 0;
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string body = random(2) == 0 ? taken_body : fill_body;
        for (std::size_t change = random(6); change > 0; --change) {
            const std::size_t at = random(body.size());
            if (body[at] != '|' && body[at] != '=') {
                body[at] = static_cast<char>(' ' + random(94));
                body[at] = body[at] == '|' || body[at] == '=' ? 'x' : body[at];
            }
        }
        VenueEventStorage storage;
        VenueMessageFault fault;
        fix::Message message;
        const std::string text = message_text("8", body, 7, from_venue);
        if (fix::Reader().read(text, message).status != fix::ReadStatus::complete) {
            continue;
        }
        const VenueEvent event = read_venue_message(message, 3, {}, {4711, 4711, 1000, {}}, storage, fault);
        (event ? read : refused) += 1;
        if (!event) {
            REQUIRE(fault.tag != 0);
            REQUIRE_FALSE(fault.text.empty());
        }
    }
    CHECK(read > 1000);
    CHECK(refused > 1000);
}

}  // namespace
}  // namespace fairlead::gateway
