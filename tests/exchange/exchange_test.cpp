// The stand-in over a real socket, with a stock QuickFIX initiator as the broker: logon rule, orders,
// amends, cancels, status, injected faults, and the witness that tells of all of it.
#include "bench/exchange/exchange.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "bench/exchange/reports.hpp"
#include "tests/config/temporary.hpp"
#include "tests/exchange/sample_market.hpp"
#include "tests/orders/quickfix_client.hpp"

namespace fairlead::exchange {
namespace {

using exchange_test::sample_market;
using exchange_test::second;
using tests::Fields;
using tests::QuickFixClient;
using tests::QuickFixOptions;
using tests::ReceivedMessage;

// An exchange in its continuous phase, ticking, with one TWSE line.
struct Venue {
    explicit Venue(std::vector<std::string> faults = {}) {
        options.lines = {{"T8610H3", 9999, 0}};
        options.witness = directory.path() + "/witness.tsv";
        options.day_origin = stamp_now().utc_ns - 15 * second;
        options.faults = std::move(faults);
        exchange = std::make_unique<Exchange>(reference, options);
        exchange->start();
        ticker = std::thread([this] {
            while (!over.load()) {
                exchange->tick();
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        });
    }
    ~Venue() {
        over.store(true);
        ticker.join();
    }
    QuickFixOptions client(std::uint32_t append_number, std::uint32_t password = 9999) const {
        QuickFixOptions given;
        given.port = exchange->port(0);
        given.sender = "T8610H3";
        given.target = "XTAI";
        given.heartbeat_seconds = 10;
        given.logon_fields = {{98, "0"}, {95, "5"}, {96, raw_data_for(append_number, password)}};
        return given;
    }
    std::string witnessed() const { return tests::content_of(options.witness); }

    tests::TemporaryDirectory directory;
    risk::Reference reference = sample_market();
    ExchangeOptions options;
    std::unique_ptr<Exchange> exchange;
    std::atomic<bool> over{false};
    std::thread ticker;
};

std::string padded_id(int id) {
    const std::string digits = std::to_string(id);
    return std::string(12 - digits.size(), '0') + digits;
}

// The fields of a D, G, F or H for the n-th order number; `more` replaces by tag.
Fields fields_of(char type, int id, int order, const Fields& more = {}) {
    Fields fields = {{50, "8610"},   {57, "0"}, {11, padded_id(id)}, {37, "A" + padded_id(order).substr(8)},
                     {55, "1101  "}, {54, "1"}, {10000, "3"},        {10002, "0"}};
    if (type == 'G' || type == 'F') {
        fields.emplace_back(41, padded_id(order));
    }
    if (type != 'H') {
        fields.emplace_back(1, "0000017");
        fields.emplace_back(60, utc_text(stamp_now().utc_ns));
        fields.emplace_back(10004, "N");
    }
    if (type == 'D' || type == 'G') {
        fields.insert(fields.end(), {{38, "5"}, {40, "2"}, {44, "100.0000"}, {10001, "0"}});
    }
    if (type == 'D') {
        fields.emplace_back(59, "0");
    }
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

// Sends and waits for the answer to this ClOrdID.
ReceivedMessage ask(QuickFixClient& client, char type, int id, int order, const Fields& more = {}) {
    ReceivedMessage found;
    REQUIRE(client.send(std::string(1, type), fields_of(type, id, order, more)));
    const bool answered = client.wait(
        [&](const ReceivedMessage& message) {
            return (message.type == "8" || message.type == "9") && message.field(11) == padded_id(id);
        },
        &found, 5000);
    REQUIRE(answered);
    return found;
}

// An ExecutionReport of this kind about the order or command `id`.
bool waits_for(const QuickFixClient& client, const char* exec_type, int id,
               ReceivedMessage* found = nullptr) {
    return client.wait_report(padded_id(id), exec_type, found, 5000);
}

TEST_CASE("a_stock_client_places_amends_cancels_and_asks") {
    Venue venue;
    QuickFixClient client(venue.client(123));
    client.connect();
    REQUIRE(client.wait_logged_on());

    const ReceivedMessage accepted = ask(client, 'D', 1, 1);
    CHECK(accepted.field(150) == "0");
    CHECK(accepted.field(50) == "0");
    CHECK(accepted.field(57) == "8610");
    CHECK(accepted.field(151) == "5");
    CHECK(accepted.field(37) == "A0001");
    CHECK(accepted.field(1) == "0000017");
    CHECK(accepted.field(55) == "1101  ");

    const ReceivedMessage cut = ask(client, 'G', 2, 1, {{38, "2"}, {44, "0"}});
    CHECK(cut.field(150) == "5");
    CHECK(cut.field(38) == "2");
    CHECK(cut.field(151) == "3");
    CHECK(cut.field(41) == padded_id(1));

    const ReceivedMessage repriced = ask(client, 'G', 3, 1, {{38, "0"}, {44, "101"}});
    CHECK(repriced.field(150) == "5");
    CHECK(repriced.field(38) == "3");
    CHECK(repriced.field(151) == "3");
    CHECK(repriced.field(44) == "101.0000");

    const ReceivedMessage both = ask(client, 'G', 4, 1, {{38, "1"}, {44, "101"}});
    CHECK(both.type == "9");
    CHECK(both.field(58) == "0011-CHANGE ORDER ERROR");
    CHECK(ask(client, 'G', 5, 1, {{38, "4"}, {44, "0"}}).field(58).substr(0, 4) == "0032");

    const ReceivedMessage seller = ask(client, 'D', 6, 6, {{54, "2"}, {38, "1"}});
    CHECK(seller.field(150) == "0");
    ReceivedMessage fill;
    REQUIRE(waits_for(client, "F", 1, &fill));
    CHECK(fill.field(32) == "1");
    CHECK(fill.field(31) == "101.0000");
    CHECK(fill.field(151) == "2");
    CHECK(fill.field(14) == "1");
    CHECK(fill.field(17).front() == 'B');
    REQUIRE(waits_for(client, "F", 6, &fill));
    CHECK(fill.field(17).front() == 'S');
    CHECK(fill.field(39) == "2");

    const ReceivedMessage status = ask(client, 'H', 7, 1);
    CHECK(status.field(150) == "I");
    CHECK(status.field(39) == "1");
    CHECK(status.field(151) == "2");

    const ReceivedMessage cancelled = ask(client, 'F', 8, 1);
    CHECK(cancelled.field(150) == "4");
    CHECK(cancelled.field(38) == "2");
    CHECK(cancelled.field(151) == "0");
    CHECK(cancelled.field(14) == "1");
    CHECK(ask(client, 'F', 9, 1).field(58).substr(0, 4) == "0050");

    CHECK(ask(client, 'D', 10, 1).field(58).substr(0, 4) == "0040");  // the order number again
    CHECK(ask(client, 'H', 11, 5).field(58).substr(0, 4) == "0005");
    const ReceivedMessage rest = ask(client, 'D', 12, 7, {{59, "3"}});
    CHECK(rest.field(150) == "0");
    REQUIRE(waits_for(client, "4", 12, &fill));
    CHECK(fill.field(58).substr(0, 4) == "0048");

    CHECK(client.send("q", {{50, "8610"}, {57, "0"}, {11, padded_id(13)}}));
    CHECK(client.wait(
        [](const ReceivedMessage& m) { return m.type == "3" && m.field(58).substr(0, 2) == "78"; }));
    CHECK(client.send("D", fields_of('D', 14, 8, {{57, "4"}})));
    CHECK(client.wait(
        [](const ReceivedMessage& m) { return m.type == "3" && m.field(58).substr(0, 2) == "72"; }));

    const LineCounts counts = venue.exchange->counts(0);
    CHECK(counts.accepted == 3);
    CHECK(counts.fills == 2);
    CHECK(counts.cancelled == 2);
    CHECK(venue.witnessed().find("\tin\t2\tD\t\t8610\t0\t000000000001\t") != std::string::npos);
}

TEST_CASE("a_wrong_key_is_told_02_and_the_line_stays_down") {
    Venue venue;
    QuickFixClient client(venue.client(123, 1234));
    client.connect();
    CHECK(client.wait(
        [](const ReceivedMessage& m) { return m.type == "5" && m.field(58).substr(0, 2) == "02"; }));
    CHECK(!client.logged_on());
    CHECK(venue.witnessed().find("logon refused: 02") != std::string::npos);
}

TEST_CASE("a_line_told_to_refuse_says_86") {
    Venue venue({"T8610H3 refuse-logon 86"});
    QuickFixClient client(venue.client(123));
    client.connect();
    CHECK(client.wait(
        [](const ReceivedMessage& m) { return m.type == "5" && m.field(58) == "86-PVC STOPPED"; }));
}

TEST_CASE("injected_faults_bend_the_answers") {
    Venue venue;
    QuickFixClient client(venue.client(7));
    client.connect();
    REQUIRE(client.wait_logged_on());
    const auto fault = [&](const std::string& text) {
        CHECK(venue.exchange->control("T8610H3 " + text) == "ok\n");
    };

    {  // Quantity is cut on acceptance.
        fault("cut-quantity 3 1");
        const ReceivedMessage accepted = ask(client, 'D', 1, 1);
        CHECK(accepted.field(38) == "2");
        CHECK(accepted.field(151) == "2");
        CHECK(accepted.field(58).substr(0, 4) == "0031");
        CHECK(ask(client, 'D', 2, 2).field(151) == "5");
        fault("cancel-unasked all");
    }
    {  // A command is refused with the code asked for.
        fault("reject 33");
        CHECK(ask(client, 'D', 11, 11).field(58).substr(0, 4) == "0033");
        CHECK(ask(client, 'D', 12, 12).field(150) == "0");
        fault("cancel-unasked all");
    }
    {  // A fill comes before the acknowledgement.
        ask(client, 'D', 21, 21, {{54, "2"}});
        fault("fill-before-ack on");
        client.send("D", fields_of('D', 22, 22));
        std::size_t acknowledged = 0;
        std::size_t filled = 0;
        const auto is = [](const char* exec_type) {
            return [exec_type](const ReceivedMessage& m) {
                return m.type == "8" && m.field(11) == padded_id(22) && m.field(150) == exec_type;
            };
        };
        REQUIRE(client.wait(is("0"), nullptr, 5000, 0, &acknowledged));
        REQUIRE(client.wait(is("F"), nullptr, 5000, 0, &filled));
        CHECK(filled < acknowledged);
        fault("cancel-unasked all");
    }
    {  // An acknowledgement is lost, and a status request finds the order.
        fault("drop-acks 1");
        client.send("D", fields_of('D', 31, 31));
        CHECK(ask(client, 'H', 32, 31).field(150) == "I");
        CHECK(!client.wait_report(padded_id(31), "0", nullptr, 0));
        fault("cancel-unasked all");
    }
    {  // A forgotten order answers as if it had never been.
        ask(client, 'D', 41, 41);
        fault("forget last");
        CHECK(ask(client, 'H', 42, 41).field(58).substr(0, 4) == "0005");
        CHECK(ask(client, 'F', 43, 41).type == "9");
        fault("cancel-unasked all");
    }
    {  // An order is cancelled unasked.
        ask(client, 'D', 51, 51);
        fault("cancel-unasked A0051");
        ReceivedMessage cancelled;
        REQUIRE(waits_for(client, "4", 51, &cancelled));
        CHECK(cancelled.field(38) == "5");
        CHECK(venue.exchange->control("T8610H3 cancel-unasked A0051").find("nothing is left") !=
              std::string::npos);
        fault("cancel-unasked all");
    }
    {  // Somebody else takes a part of a resting order, and then what is left.
        ask(client, 'D', 55, 55);
        fault("fill A0055 2000");
        ReceivedMessage filled;
        REQUIRE(waits_for(client, "F", 55, &filled));
        CHECK(filled.field(32) == "2");
        CHECK(filled.field(151) == "3");
        fault("fill last");
        REQUIRE(client.wait(
            [](const ReceivedMessage& m) {
                return m.type == "8" && m.field(11) == padded_id(55) && m.field(151) == "0";
            },
            nullptr, 5000, 0, nullptr));
        CHECK(venue.exchange->control("T8610H3 fill A0055").find("nothing is left") != std::string::npos);
    }
    {  // Delayed answers come in their order.
        fault("delay-acks 100");
        const std::uint64_t accepted_before = venue.exchange->counts(0).accepted;
        client.send("D", fields_of('D', 61, 61));
        while (venue.exchange->counts(0).accepted == accepted_before) {
            std::this_thread::yield();
        }
        fault("delay-acks 0");
        std::size_t first = 0;
        std::size_t last = 0;
        client.send("D", fields_of('D', 62, 62));
        const auto of = [](int id) {
            return [id](const ReceivedMessage& m) { return m.type == "8" && m.field(11) == padded_id(id); };
        };
        REQUIRE(client.wait(of(61), nullptr, 5000, 0, &first));
        REQUIRE(client.wait(of(62), nullptr, 5000, 0, &last));
        CHECK(first < last);
        fault("cancel-unasked all");
    }
    {  // A line that does not read lets nothing through until it reads again.
        const std::uint64_t accepted_before = venue.exchange->counts(0).accepted;
        fault("stop-reading on");
        client.send("D", fields_of('D', 71, 71));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        CHECK(venue.exchange->counts(0).accepted == accepted_before);
        fault("stop-reading off");
        CHECK(waits_for(client, "0", 71));
        fault("cancel-unasked all");
    }
}

TEST_CASE("a_connection_is_cut_before_or_after_a_command_takes_effect") {
    const bool after = GENERATE(false, true);
    Venue venue({after ? "T8610H3 disconnect-after 1" : "T8610H3 disconnect-before 1"});
    QuickFixClient client(venue.client(7));
    client.connect();
    REQUIRE(client.wait_logged_on());
    client.send("D", fields_of('D', 1, 1));
    CHECK(client.wait_logged_out());
    client.log_out();
    CHECK(venue.exchange->counts(0).accepted == (after ? 1U : 0U));
    CHECK(venue.witnessed().find("\tD\t\t8610\t0\t000000000001\t") != std::string::npos);
}

TEST_CASE("numbers_continue_over_a_new_connection") {
    Venue venue;
    const tests::TemporaryDirectory store;
    {
        QuickFixOptions options = venue.client(11);
        options.store_directory = store.path();
        QuickFixClient client(options);
        client.connect();
        REQUIRE(client.wait_logged_on());
        ask(client, 'D', 1, 1);
    }
    QuickFixOptions options = venue.client(12);
    options.store_directory = store.path();
    QuickFixClient client(options);
    client.connect();
    REQUIRE(client.wait_logged_on());
    CHECK(client.next_outgoing_number() > 3);
    CHECK(ask(client, 'F', 2, 1).field(150) == "4");
}

}  // namespace
}  // namespace fairlead::exchange
