// Users and their hashes.
#include "config/users.hpp"

#include <catch2/catch.hpp>

#include "config/gateway_config.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using config::HashCost;
using config::Role;

namespace {

const std::string root = FAIRLEAD_SOURCE_DIR;

std::string row(const std::string& name, const std::string& role, const std::string& hash) {
    return "[[user]]\nname = \"" + name + "\"\nrole = \"" + role + "\"\npassword_hash = \"" + hash + "\"\n";
}

}  // namespace

TEST_CASE("a_hash_verifies_its_password_and_no_other") {
    const std::string hash = config::hash_password("correct horse", HashCost::minimal_for_tests);
    CHECK(hash.starts_with("$argon2id$v=19$"));
    CHECK(config::verify_password(hash, "correct horse"));
    CHECK_FALSE(config::verify_password(hash, "correct hors"));
    CHECK_FALSE(config::verify_password(hash, "correct horse "));
    CHECK_FALSE(config::verify_password(hash, ""));
    CHECK_FALSE(config::verify_password("", "correct horse"));
    CHECK_FALSE(config::verify_password("$argon2id$nonsense", "correct horse"));
    CHECK_FALSE(config::verify_password(std::string(500, 'x'), "correct horse"));
    // Salted: the same password twice gives two hashes.
    CHECK(hash != config::hash_password("correct horse", HashCost::minimal_for_tests));
}

TEST_CASE("each_rule_of_the_users_file_has_a_row_that_breaks_it") {
    const std::string hash = config::hash_password("secret", HashCost::minimal_for_tests);
    struct Row {
        std::string text;
        std::uint64_t line;
        std::string key;
        std::string rule;
    };
    const Row rows[] = {
        {"", 0, "user", "at least one"},
        {row("", "client", hash), 2, "user.name", "1 to 16"},
        {row("ann lee", "client", hash), 2, "user.name", "1 to 16"},
        {row("ann", "boss", hash), 3, "user.role", "client"},
        {row("ann", "client", "secret"), 4, "user.password_hash", "argon2id"},
        {row("ann", "client", "$argon2i$v=19$m=8,t=1,p=1$a$b"), 4, "user.password_hash", "argon2id"},
        {"[[user]]\nname = \"ann\"\nrole = \"client\"\n", 1, "user.password_hash", "must be given"},
        {row("ann", "client", hash) + row("ann", "operator", hash), 6, "user.name", "twice"},
        {row("ann", "client", hash) + "pasword = \"secret\"\n", 5, "user.pasword", "not a key"},
        {row("ann", "vendor", hash), 1, "user.expires", "must be given for a vendor"},
        {row("ann", "vendor", hash) + "expires = \"2026-02-30T00:00:00Z\"\n", 5, "user.expires",
         "a time such as"},
        {row("ann", "client", hash) + "must_change = 1\n", 5, "user.must_change", "true or false"},
        {row("ann", "client", hash) + "disabled = 1\n", 5, "user.disabled", "true or false"},
    };
    for (const Row& row : rows) {
        const auto loaded = config::parse_users(row.text, "users.toml");
        INFO(row.text);
        REQUIRE(loaded.errors.size() == 1);
        const config::ConfigError& error = loaded.errors[0];
        INFO(config::describe(error));
        CHECK(error.line == row.line);
        CHECK(error.key == row.key);
        CHECK(error.rule.find(row.rule) != std::string::npos);
        CHECK(error.value.find("secret") == std::string::npos);
    }
}

TEST_CASE("a_session_must_belong_to_an_enabled_client") {
    const std::string hash = config::hash_password("secret", HashCost::minimal_for_tests);
    const auto users = config::parse_users(row("good", "client", hash) + row("staff", "operator", hash) +
                                               row("off", "client", hash) + "disabled = true\n",
                                           "users.toml");
    REQUIRE(users.ok());
    config::GatewayConfig config;
    config.file = "fairlead.toml";
    for (const char* user : {"good", "staff", "off", "nobody"}) {
        config::SessionConfig session;
        session.id = static_cast<std::uint32_t>(config.sessions.size() + 1);
        session.user = user;
        config.sessions.push_back(session);
    }
    const auto errors = config::check_session_users(config, users.value);
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].value == "staff");
    CHECK(errors[1].value == "off");
    CHECK(errors[2].value == "nobody");
}

TEST_CASE("the_demo_users_have_the_documented_passwords_and_each_role_is_there") {
    const auto loaded = config::load_users(root + "/config/demo/users.toml");
    REQUIRE(loaded.ok());
    for (const std::string name : {"client01", "risk.approver"}) {
        const config::User* user = loaded.value.find(name);
        REQUIRE(user != nullptr);
        CHECK(config::verify_password(user->password_hash, "demo-" + name));
    }
    for (const char* role :
         {"client", "trader_support", "operator", "risk_officer", "risk_approver", "examiner"}) {
        bool found = false;
        for (const config::User& user : loaded.value.users()) {
            found = found || config::role_name(user.role) == role;
        }
        INFO(role);
        CHECK(found);
        CHECK(config::role_name(config::parse_role(role)) == role);
    }
}
