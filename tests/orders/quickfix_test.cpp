// The stock QuickFIX client and the client data dictionary, against a stock acceptor.
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/orders/quickfix_acceptor.hpp"
#include "tests/orders/quickfix_client.hpp"

namespace fairlead::tests {
namespace {

constexpr char soh = 1;
const std::string dictionary = FAIRLEAD_CLIENT_DICTIONARY;

OrderFields good_order(const std::string& id) {
    OrderFields order;
    order.client_order_id = id;
    order.account = "8610-0000017";
    order.symbol = "2330";
    order.quantity = "1000";
    order.price = "605";
    return order;
}

Fields report_of(const ReceivedMessage& command, const std::string& exec_type) {
    return {{37, "000000000042"},
            {17, "000000000042"},
            {11, command.field(11)},
            {150, exec_type},
            {39, exec_type},
            {55, command.field(55)},
            {54, command.field(54)},
            {38, "1000"},
            {151, "1000"},
            {14, "0"},
            {6, "0"}};
}

QuickFixOptions options_for(const QuickFixAcceptor& acceptor) {
    QuickFixOptions options;
    options.port = acceptor.port();
    options.source_host = "127.0.0.2";
    options.sender = "CLIENT";
    options.target = "GATEWAY";
    options.user = "alice";
    options.password = "secret";
    options.dictionary = dictionary;
    return options;
}

TEST_CASE("a_stock_client_logs_on_trades_and_continues_its_numbers") {
    QuickFixAcceptor acceptor("GATEWAY", "CLIENT", dictionary, [](const ReceivedMessage& command) {
        return QuickFixAcceptor::Answers{{"8", report_of(command, "0")}};
    });
    QuickFixClient client(options_for(acceptor));
    client.connect();
    REQUIRE(client.wait_logged_on());
    REQUIRE_FALSE(acceptor.received().empty());
    CHECK(acceptor.received().front().field(553) == "alice");
    CHECK(acceptor.received().front().field(554) == "secret");

    REQUIRE(client.send_new(good_order("a1")));
    ReceivedMessage report;
    REQUIRE(client.wait_report("a1", "0", &report));
    CHECK(report.field(37) == "000000000042");
    CHECK(report.has(151));
    CHECK_FALSE(report.has(44));
    CHECK_FALSE(client.wait_report("a1", "4", nullptr, 20));

    const int outgoing = client.next_outgoing_number();
    client.log_out();
    REQUIRE(client.wait_logged_out());
    client.connect();
    REQUIRE(client.wait_logged_on());
    CHECK(client.next_outgoing_number() == outgoing + 2);  // the Logout and the second Logon
    REQUIRE(client.send_cancel([] {
        OrderFields order = good_order("a2");
        order.original_client_order_id = "a1";
        order.quantity.clear();
        return order;
    }()));
    CHECK(client.wait_answer("a2"));

    client.drop_connection();
    REQUIRE(client.wait_logged_out());
    REQUIRE(client.wait_logged_on());
    CHECK(client.rejects_sent().empty());
}

TEST_CASE("numbers_kept_in_a_directory_outlive_the_client") {
    char name[] = "/tmp/fairlead-quickfix-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    QuickFixAcceptor acceptor("GATEWAY", "CLIENT", dictionary, [](const ReceivedMessage& command) {
        return QuickFixAcceptor::Answers{{"8", report_of(command, "0")}};
    });
    QuickFixOptions options = options_for(acceptor);
    options.store_directory = name;
    int outgoing = 0;
    {
        QuickFixClient client(options);
        client.connect();
        REQUIRE(client.wait_logged_on());
        OrderFields order = good_order("s1");
        order.more = {{97, "Y"}};
        REQUIRE(client.send_new(order));
        REQUIRE(client.wait_report("s1", "0"));
        outgoing = client.next_outgoing_number();
    }
    {
        QuickFixClient client(options);
        client.connect();
        REQUIRE(client.wait_logged_on());
        CHECK(client.next_outgoing_number() == outgoing + 2);  // a Logout and a Logon
        CHECK(client.rejects_sent().empty());
    }
    bool header_field_in_header = false;
    for (const ReceivedMessage& message : acceptor.received()) {
        const std::size_t flag = message.text.find(std::string(1, soh) + "97=Y");
        header_field_in_header =
            header_field_in_header || flag < message.text.find(std::string(1, soh) + "11=");
    }
    CHECK(header_field_in_header);
    std::filesystem::remove_all(name);
}

TEST_CASE("a_client_with_the_dictionary_refuses_a_report_that_breaks_it") {
    QuickFixAcceptor acceptor("GATEWAY", "CLIENT", "", [](const ReceivedMessage& command) {
        Fields report = report_of(command, "0");
        report.emplace_back(10006, "not a number");
        return QuickFixAcceptor::Answers{{"8", report}};
    });
    QuickFixClient client(options_for(acceptor));
    client.connect();
    REQUIRE(client.wait_logged_on());
    REQUIRE(client.send_new(good_order("b1")));
    CHECK_FALSE(client.wait_report("b1", "0", nullptr, 300));
    CHECK(client.rejects_sent().size() == 1);
}

TEST_CASE("the_dictionary_takes_the_messages_of_the_rules_and_no_others") {
    const QuickFixValidator validator(dictionary);
    const std::string now = "20261123-01:02:03.456";
    const Fields order{{11, "a1"}, {1, "8610-0000017"}, {55, "2330"}, {54, "1"},
                       {60, now},  {38, "1000"},        {40, "2"},    {44, "605.5"}};
    const auto with = [](Fields fields, Tag tag, const std::string& value) {
        for (auto& field : fields) {
            if (field.first == tag) {
                field.second = value;
                return fields;
            }
        }
        fields.emplace_back(tag, value);
        return fields;
    };
    struct Row {
        const char* type;
        Fields fields;
        const char* refusal;  // what QuickFIX says, empty = accepted
    };
    for (const Row& row : {
             Row{"D", order, ""},
             Row{"D", with(order, 10000, "6"), ""},
             Row{"D", with(order, 10000, "7"), "Value is incorrect"},
             Row{"D", with(order, 10001, "6"), ""},
             Row{"D", with(order, 10001, "9"), "Value is incorrect"},
             Row{"D", with(order, 10005, "C"), ""},
             Row{"D", with(order, 10005, "X"), "Value is incorrect"},
             Row{"D", with(order, 207, "ROCO"), ""},
             Row{"D", with(order, 59, "4"), ""},
             Row{"D", with(order, 110, "1"), "Invalid tag number"},
             Row{"D", with(order, 38, "ten"), "Incorrect data format"},
             Row{"G", with(order, 41, "a0"), ""},
             Row{"G", order, "Required tag missing"},
             Row{"F", {{11, "a2"}, {41, "a1"}, {55, "2330"}, {54, "1"}, {60, now}}, ""},
             Row{"H", {{11, "a1"}, {55, "2330"}, {54, "1"}, {790, "q1"}}, ""},
             Row{"q", {{11, "a3"}, {530, "7"}, {60, now}}, ""},
             Row{"q", {{11, "a3"}, {60, now}}, "Required tag missing"},
         }) {
        const std::string said =
            validator.check(build_with_quickfix(row.type, "CLIENT", "GATEWAY", 2, row.fields));
        INFO(row.type << " " << said);
        if (*row.refusal == '\0') {
            CHECK(said.empty());
        } else {
            CHECK(said.find(row.refusal) != std::string::npos);
        }
    }
}

}  // namespace
}  // namespace fairlead::tests
