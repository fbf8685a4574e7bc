// The `fairlead` program, run as a person runs it, against a control server with a fake order thread.
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/control/world.hpp"

using namespace fairlead;
using gateway::ControlReply;
using gateway::ControlRequest;
using tests::ControlWorld;

namespace {

struct Run {
    int exit_code = -1;
    std::string output;  // both streams
};

Run run(const std::string& arguments) {
    Run result;
    const std::string command = std::string(FAIRLEAD_PROGRAM) + " " + arguments + " </dev/null 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> chunk{};
    std::size_t count = 0;
    while ((count = ::fread(chunk.data(), 1, chunk.size(), pipe)) != 0) {
        result.output.append(chunk.data(), count);
    }
    const int status = ::pclose(pipe);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

std::vector<ControlReply> rows_of(const ControlRequest& request) {
    ControlReply reply;
    reply.request = request.request;
    reply.sequence = 42;
    reply.ok = true;
    if (request.facts.verb == risk::ControlVerb::limit_show) {
        gateway::LimitRow row;
        row.scope = request.limit.scope;
        row.dimension = risk::Dimension::buy;
        row.value = 50'000'000'000;
        row.usage = 12'345'000;
        row.usage_known = true;
        reply.row = row;
        reply.more = true;
        ControlReply last = reply;
        row.dimension = risk::Dimension::sell;
        last.row = row;
        last.more = false;
        return {reply, last};
    }
    if (request.facts.verb == risk::ControlVerb::status) {
        reply.row = gateway::StatusRow{};
    }
    if (request.facts.verb == risk::ControlVerb::limit_set && request.subject.approver.empty()) {
        reply.ok = false;
        reply.reason = risk::Reason::not_authorised;
    }
    return {reply};
}

}  // namespace

TEST_CASE("the_fairlead_program_asks_shows_and_tells_by_its_exit_code") {
    ControlWorld world(rows_of);
    const std::string officer = world.directory().file("officer", "pw-officer\n");
    const std::string approver = world.directory().file("approver", "pw-approver\n");
    const std::string wrong = world.directory().file("wrong", "pw-wrong\n");
    const std::string at = "--socket " + world.socket() + " ";
    const std::string as = at + "--user officer --password-file " + officer + " ";
    const std::string with_approver = "--approver approver --approver-password-file " + approver + " ";
    struct Row {
        std::string arguments;
        int exit_code;
        std::string shows;  // a part of the output
    };
    const Row rows[] = {
        {as + "status", 0, "in doubt"},
        {as + "limit show investor A123456789", 0, "1234.5"},
        {as + "--json limit show firm", 0, "\"used\": \"1234.5\""},
        {"limit show firm " + as, 0, "5000000"},
        {as + "limit set investor A1 buy 500 --reason more", 1, "not_authorised"},
        {as + with_approver + "limit set investor A1 buy 500 --reason more", 0, "record 42"},
        {as + with_approver + "limit set firm gross_day unlimited --reason more", 0, "record 42"},
        {as + "limit set firm gross_day much --reason more", 1, "value must be NTD"},
        {as + "limit set firm gross_day 5", 1, "reason must be given"},
        {as + "halt symbol 2330 --cancel-open --reason news", 0, "record 42"},
        {as + "resume symbol 2330 --reason over", 4, "approver"},
        {as + with_approver + "resume symbol 2330 --reason over", 0, "record 42"},
        {as + "session list", 0, "record 42"},
        {as + "session disconnect 3 --reason stuck", 4, "no right"},
        {as + "order show 000000000123", 0, "record 42"},
        {as + "order show x", 2, "OrderID"},
        {as + "user list", 0, "approver"},
        {as + "user disable support", 1, "reason must be given"},
        {as + "user enable support --reason back", 4, "no right"},
        {as + "password change", 2, "no password"},
        {at + "--user officer --password-file " + wrong + " status", 4, "bad_credentials"},
        {at + "--user officer --password-file /nonexistent status", 2, "No such file"},
        {at + "--user officer status", 2, "no password"},
        {at + "status", 2, "--user must be given"},
        {as, 2, "subcommand"},
        {as + "limit set firm", 2, "what"},
        {"--socket /nonexistent/control --user officer status", 3, "is it running"},
        {"--help", 0, "halt"},
    };
    for (const Row& row : rows) {
        const Run result = run(row.arguments);
        INFO(row.arguments << "\n" << result.output);
        CHECK(result.exit_code == row.exit_code);
        CHECK(result.output.find(row.shows) != std::string::npos);
        CHECK(result.output.find("pw-") == std::string::npos);
    }
}

TEST_CASE("fairlead_user_hash_prints_a_hash_that_verifies") {
    FILE* pipe = ::popen(
        ("printf 'correct horse' | " + std::string(FAIRLEAD_PROGRAM) + " user hash --cost interactive")
            .c_str(),
        "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 256> line{};
    REQUIRE(::fgets(line.data(), line.size(), pipe) != nullptr);
    CHECK(::pclose(pipe) == 0);
    std::string hash(line.data());
    hash.pop_back();
    CHECK(config::verify_password(hash, "correct horse"));
    CHECK_FALSE(config::verify_password(hash, "correct hors"));
}
