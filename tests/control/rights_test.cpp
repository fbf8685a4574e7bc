// The rights table, cell by cell, and the words on the wire.
#include "gateway/control/rights.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/control/protocol.hpp"

using namespace fairlead;
using config::Role;
using gateway::Right;
using risk::ControlVerb;

TEST_CASE("each_role_has_the_rights_of_the_table_and_no_other") {
    // none, client, trader_support, operator, risk_officer, risk_approver, examiner, vendor:
    // '-' none, '1' alone, '2' with an approver.
    struct Row {
        ControlVerb verb;
        const char* rights;
    };
    const Row rows[] = {
        {ControlVerb::none, "--------"},
        {ControlVerb::status, "--111111"},
        {ControlVerb::limit_show, "--1-111-"},
        {ControlVerb::limit_set, "----1---"},
        {ControlVerb::halt, "---111--"},
        {ControlVerb::resume, "----2---"},
        {ControlVerb::session_list, "--111111"},
        {ControlVerb::session_disconnect, "---1----"},
        {ControlVerb::order_show, "--11111-"},
        {ControlVerb::stop, "---1----"},
        {ControlVerb::day_close, "---1----"},
        {ControlVerb::login, "--111111"},
        {ControlVerb::resolve, "---2----"},
        {ControlVerb::journal_resume, "---2----"},
        {ControlVerb::password_change, "--111111"},
        {ControlVerb::user_list, "---1111-"},
        {ControlVerb::user_disable, "---111--"},
        {ControlVerb::user_enable, "---2----"},
        {ControlVerb::user_unlock, "---1----"},
        {ControlVerb::user_reset, "---2----"},
        {ControlVerb::fill_adjust, "----2---"},
        {ControlVerb::logout, "--111111"},
        {ControlVerb::propose, "----1---"},
        {ControlVerb::approve, "-----1--"},
        {ControlVerb::reject, "-----1--"},
        {ControlVerb::withdraw, "----1---"},
        {ControlVerb::proposal_list, "--1-111-"},
        {ControlVerb::user_add, "---2----"},
        {ControlVerb::user_set_role, "---2----"},
        {ControlVerb::totp_enrol, "--111111"},
        {ControlVerb::totp_confirm, "--111111"},
        {ControlVerb::totp_remove, "---2----"},
        {ControlVerb::review_list, "---1-11-"},
        {ControlVerb::review_decide, "-----1--"},
        {ControlVerb::visit_list, "---1111-"},
        {ControlVerb::visit_open, "---2----"},
        {ControlVerb::visit_close, "---1-1--"},
        {ControlVerb::visit_sign, "-----1--"},
        {ControlVerb::reload, "---1----"},
    };
    CHECK(std::size(rows) == 1 + static_cast<std::size_t>(ControlVerb::reload));  // each verb has its row
    for (const Row& row : rows) {
        for (std::size_t role = 0; role < config::role_count; ++role) {
            const char cell = row.rights[role];
            const Right expected = cell == '1'   ? Right::alone
                                   : cell == '2' ? Right::with_approver
                                                 : Right::none;
            INFO(gateway::verb_name(row.verb) << " " << config::role_name(static_cast<Role>(role)));
            CHECK(gateway::right_of(static_cast<Role>(role), row.verb) == expected);
        }
    }
}

TEST_CASE("no_role_holds_all_and_none_approves_its_own") {
    for (std::size_t role = 0; role < config::role_count; ++role) {
        unsigned held = 0;
        for (unsigned verb = 1; verb <= static_cast<unsigned>(ControlVerb::reload); ++verb) {
            held += gateway::right_of(static_cast<Role>(role), static_cast<ControlVerb>(verb)) != Right::none;
        }
        INFO(config::role_name(static_cast<Role>(role)));
        CHECK(held < 30);  // of thirty-eight
        CHECK(gateway::may_approve(static_cast<Role>(role)) ==
              (static_cast<Role>(role) == Role::risk_approver));
    }
    CHECK(gateway::right_of(Role::risk_approver, ControlVerb::limit_set) == Right::none);
    CHECK(gateway::right_of(Role::risk_approver, ControlVerb::resume) == Right::none);
}

TEST_CASE("a_request_line_is_read_field_by_field_and_its_first_error_is_named") {
    const nlohmann::json base = {{"version", 1},        {"id", 3},
                                 {"verb", "limit_set"}, {"user", "ann"},
                                 {"password", "x"},     {"reason", "new collateral"},
                                 {"scope", "investor"}, {"target", "A123456789"},
                                 {"dimension", "buy"},  {"value", "1000000.5"}};
    struct Row {
        const char* key;
        nlohmann::json value;  // null: the field is left out
        const char* error;     // a part of it; empty = good
    };
    const Row rows[] = {
        {"id", 3, ""},
        {"version", 2, "version must be 1"},
        {"version", nullptr, "version must be given"},
        {"verb", "limit_take", "verb is not known"},
        {"user", nullptr, "user must be given"},
        {"user", "seventeenletters_", "user must be at most 16"},
        {"password", 5, "password must be text"},
        {"reason", nullptr, "reason must be given"},
        {"reason", "", "reason must not be empty"},
        {"reason", std::string(65, 'r'), "reason must be at most 64"},
        {"reason", "a\nb", "control characters"},
        {"scope", "venue", "scope must be firm, branch, investor or account"},
        {"scope", "firm", "target must be left out"},
        {"scope", "account", "target must be an account"},
        {"target", "A,B", "target must be an investor"},
        {"dimension", "sellable", "dimension must be"},
        {"dimension", nullptr, "dimension must be given"},
        {"value", "-1", "value must be NTD"},
        {"value", "1.00001", "value must be NTD"},
        {"value", 5, "value must be text"},
        {"value", "unlimited", ""},
        {"symbol", "23", "symbol must be"},
        {"approver", "bob", "must be given together"},
        {"cancel_open", true, "cancel_open is not a field of this verb"},
        {"id", -1, "id must be a whole number"},
    };
    for (const Row& row : rows) {
        nlohmann::json object = base;
        object.erase(row.key);
        if (!row.value.is_null()) {
            object[row.key] = row.value;
        }
        const auto message = gateway::parse_control_line(object.dump());
        INFO(object.dump() << " -> " << message.error);
        if (*row.error == '\0') {
            CHECK(message.error.empty());
        } else {
            CHECK(message.error.find(row.error) != std::string::npos);
        }
    }
    const auto message = gateway::parse_control_line(base.dump());
    CHECK(message.id == 3);
    CHECK(message.request.limit.value == 10'000'005'000);
    CHECK(message.request.limit.scope == risk::Scope::investor);
    CHECK(message.request.subject.investor.view() == "A123456789");
    CHECK(message.request.subject.reason.view() == "new collateral");
    CHECK(message.request.subject.approver.empty());
    for (const char* line : {"", "{", "[]", "5", "{\"verb\":}", "\xff\xfe"}) {
        CHECK_FALSE(gateway::parse_control_line(line).error.empty());
    }
}

TEST_CASE("a_person_does_not_approve_a_request_of_their_own") {
    const auto message = gateway::parse_control_line(
        R"({"version":1,"verb":"resume","user":"ann","password":"x","approver":"ann","approver_password":"x",)"
        R"("reason":"r","scope":"firm"})");
    CHECK(message.error.find("another person") != std::string::npos);
}

TEST_CASE("halts_name_their_scope_in_its_own_way") {
    struct Row {
        const char* scope;
        const char* target;
        bool good;
    };
    const Row rows[] = {
        {"firm", "", true},         {"firm", "x", false},     {"venue", "TWSE", true},
        {"venue", "NYSE", false},   {"investor", "A1", true}, {"account", "8610-0000017", true},
        {"account", "8610", false}, {"symbol", "2330", true}, {"symbol", "2330.TW", false},
        {"session", "7", true},     {"session", "0", false},  {"branch", "8610", false},
    };
    for (const Row& row : rows) {
        nlohmann::json object = {{"version", 1},       {"verb", "halt"}, {"user", "u"},
                                 {"password", "p"},    {"reason", "r"},  {"scope", row.scope},
                                 {"cancel_open", true}};
        if (*row.target != '\0') {
            object["target"] = row.target;
        }
        const auto message = gateway::parse_control_line(object.dump());
        INFO(object.dump() << " " << message.error);
        CHECK(message.error.empty() == row.good);
    }
}

TEST_CASE("rows_are_written_with_amounts_in_ntd_and_keys_as_clients_know_them") {
    gateway::ControlReply reply;
    reply.ok = true;
    reply.sequence = 7;
    gateway::OrderRow order;
    order.order_key = 123;
    order.price = 1'234'500;
    order.account = {risk::BranchId("8610"), 17};
    order.status = risk::OrderStatus::partially_filled;
    reply.row = order;
    const auto json = nlohmann::json::parse(gateway::reply_line(reply, 5));
    CHECK(json["id"] == 5);
    CHECK(json["row"]["order"] == "000000000123");
    CHECK(json["row"]["price"] == "123.45");
    CHECK(json["row"]["account"] == "8610-0000017");
    CHECK(json["row"]["status"] == "partially_filled");
    gateway::LimitRow limit;
    limit.dimension = risk::Dimension::symbol_long;
    limit.value = 5000;
    reply.row = limit;
    CHECK(nlohmann::json::parse(gateway::reply_line(reply, 5))["row"]["limit"] == "5000");
    limit.dimension = risk::Dimension::buy;
    limit.value = risk::unlimited;
    reply.row = limit;
    CHECK(nlohmann::json::parse(gateway::reply_line(reply, 5))["row"]["limit"] == "unlimited");
    // A refusal without words of its own says the reason's.
    gateway::ControlReply refused;
    refused.reason = risk::Reason::not_authorised;
    const auto said = nlohmann::json::parse(gateway::reply_line(refused, 5));
    CHECK(said["reason"] == "not_authorised");
    CHECK(said["text"] == std::string(risk::reason_text(risk::Reason::not_authorised).english));
}
