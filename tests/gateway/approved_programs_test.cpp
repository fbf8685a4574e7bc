// The list of approved programs and configurations: who is on it, and what is told of who is not.
#include "gateway/approved_programs.hpp"

#include <catch2/catch.hpp>

#include "audit/note.hpp"
#include "config/files.hpp"

using namespace fairlead;
using gateway::why_not_approved;

namespace {

const risk::Sha256 program = config::sha256_of("program");
const risk::Sha256 configuration = config::sha256_of("configuration");
const risk::Sha256 other = config::sha256_of("other");
const std::string pair = config::hex_of(program) + " " + config::hex_of(configuration);

std::string judge(const std::string& list, const std::string& key = {}) {
    return why_not_approved(list, key, "approved", program, configuration);
}

}  // namespace

TEST_CASE("only_the_pair_of_program_and_configuration_is_approved") {
    struct Row {
        std::string list;
        std::string told;  // a part of it; empty: approved
    };
    const std::vector<Row> rows = {
        {pair + "\n", ""},
        {pair, ""},
        {"# releases\n\n" + pair + " of today\n", ""},
        {config::hex_of(other) + " " + config::hex_of(other) + "\n" + pair + "\n", ""},
        {"", "not approved"},
        {"# " + pair + "\n", "not approved"},
        {config::hex_of(program) + " " + config::hex_of(other) + "\n", "not approved"},
        {config::hex_of(other) + " " + config::hex_of(configuration) + "\n", "not approved"},
        {config::hex_of(configuration) + " " + config::hex_of(program) + "\n", "not approved"},
        {config::hex_of(program) + "\n", "line 1"},
        {pair + "\nanything\n", "line 2"},
        {pair.substr(1) + "\n", "64 small hexadecimal digits"},
    };
    for (const Row& row : rows) {
        INFO(row.list);
        const std::string told = judge(row.list);
        CHECK(told.empty() == row.told.empty());
        CHECK(told.find(row.told) != std::string::npos);
    }
}

TEST_CASE("a_signed_list_counts_only_with_its_signature") {
    audit::SigningKey key;
    audit::SigningKey forger;
    REQUIRE(audit::SigningKey::make("fairlead.example/approvals", key) == "");
    REQUIRE(audit::SigningKey::make("fairlead.example/approvals", forger) == "");
    const std::string vkey = key.verifier().text();
    const std::string note = key.sign_text("approved\n" + std::string("# of today\n") + pair + "\n");
    CHECK(judge(note.substr(note.find('\n') + 1), vkey) != "");
    const std::string good = key.sign_text(pair + "\n");
    CHECK(judge(good, vkey) == "");
    CHECK(judge(pair + "\n", vkey).find("not a signed note") != std::string::npos);
    CHECK(judge(forger.sign_text(pair + "\n"), vkey) != "");
    std::string changed = good;
    changed.insert(0, "# ");
    CHECK(judge(changed, vkey) != "");
    CHECK(judge(good, "no key").find("gateway.approvals_key") != std::string::npos);
}

TEST_CASE("without_a_list_any_program_may_run") {
    CHECK(why_not_approved(config::GatewayConfig{}) == "");
}

TEST_CASE("a_list_that_cannot_be_read_approves_nobody") {
    config::GatewayConfig config;
    config.gateway.approvals = "/nowhere/approved";
    CHECK(why_not_approved(config).find("gateway.approvals") != std::string::npos);
}
