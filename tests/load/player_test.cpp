// The player against a small acceptor on loopback: every command is accounted for, whatever the peer does.
#include "bench/load/player.hpp"

#include <catch2/catch.hpp>

#include "bench/load/profile.hpp"
#include "bench/load/summary.hpp"
#include "tests/load/fake_gateway.hpp"
#include "tests/load/sample_market.hpp"

using namespace fairlead;
using namespace fairlead::load;
using fairlead::load_test::FakeGateway;
using fairlead::load_test::FakeRules;

namespace {

PlannedCommand new_order(std::uint32_t number) {
    PlannedCommand command;
    command.order = number;
    command.session = number % 2;
    command.account = 1;
    command.security = 2;
    command.price = 498'000;
    command.quantity = 3000;
    return command;
}

PlannedCommand change(std::uint32_t number, CommandKind kind) {
    PlannedCommand command = new_order(number);
    command.kind = kind;
    command.quantity = 1000;
    command.price = 499'000;
    return command;
}

std::vector<PlannedCommand> new_orders(std::uint32_t count) {
    std::vector<PlannedCommand> commands;
    for (std::uint32_t i = 0; i < count; ++i) {
        commands.push_back(new_order(i));
    }
    return commands;
}

struct Stage {
    risk::Reference reference = load_test::sample_reference();
    Market market{reference, load_test::sample_sessions};
    FakeGateway gateway;
    Player player;

    explicit Stage(FakeRules rules, PlayerOptions options = {}, const std::string& password = "secret",
                   SessionNumbers numbers = {}, bool adopt = false)
        : gateway(rules), player(market, plans(gateway.port(), password, numbers, adopt), fast(options)) {}

    static PlayerOptions fast(PlayerOptions options) {
        options.as_fast_as_possible = true;
        options.answer_wait_ns = 300'000'000;
        return options;
    }
    static std::vector<SessionPlan> plans(std::uint16_t port, const std::string& password,
                                          SessionNumbers numbers, bool adopt) {
        std::vector<SessionPlan> made;
        for (int i = 0; i < 2; ++i) {
            SessionPlan plan;
            plan.host = "127.0.0.1";
            plan.port = port;
            plan.identity.sender = "CLIENT0" + std::to_string(i + 1);
            plan.identity.target = "FAIRLEAD";
            plan.identity.user = "client";
            plan.identity.password = password;
            plan.identity.adopt_numbers = adopt;
            plan.numbers = numbers;
            made.push_back(plan);
        }
        return made;
    }
    std::vector<std::string> play(std::vector<PlannedCommand> commands) {
        REQUIRE(player.log_on());
        PlannedList source(std::move(commands));
        player.play(source, now());
        player.log_out();
        player.outcomes().close();
        return failures(player, {}, {});
    }
    std::uint64_t answers(Answer answer) {
        return player.outcomes().totals().new_answers[static_cast<std::size_t>(answer)];
    }
};

}  // namespace

TEST_CASE("player_accounts_for_every_order_by_its_answer") {
    FakeRules rules;
    rules.refuse_every = 5;
    rules.venue_refuse_every = 7;
    rules.fill_every = 3;
    Stage stage(rules);
    const auto wrong = stage.play(new_orders(105));
    CHECK(wrong.empty());
    CHECK(stage.gateway.orders() == 105);
    // Every 35th is both; the fake says the venue refused it.
    CHECK(stage.answers(Answer::refused) == 21 - 3);
    CHECK(stage.answers(Answer::refused_by_venue) == 15);
    CHECK(stage.answers(Answer::accepted) == 105 - 21 - 15 + 3);
    CHECK(stage.player.outcomes().totals().fills == 24);
    CHECK(stage.player.outcomes().totals().orders_filled == 24);
    CHECK(stage.player.outcomes().totals().filled_shares == 24 * 3000);
    REQUIRE(stage.player.outcomes().refusals().size() == 2);
    CHECK(stage.player.outcomes().refusals().begin()->first.code == 55);
    // A refusal's time and an acknowledgement's are kept apart.
    std::uint64_t refusals = 0;
    std::uint64_t acknowledgements = 0;
    for (const SessionOutcome& session : stage.player.outcomes().sessions()) {
        refusals += session.refusal.count();
        acknowledgements += session.acknowledgement.count();
        CHECK(session.orders > 0);
    }
    CHECK(refusals == 18);
    CHECK(acknowledgements == 87);
    const std::string text = text_summary(stage.player, {}, {});
    CHECK(text.find("0013-PVC ERROR") != std::string::npos);
    CHECK(text.find("WRONG") == std::string::npos);
    const auto json = json_summary(stage.player, {}, {});
    CHECK(json["orders"]["accepted"] == 72);
    CHECK(json["orders"]["unanswered"] == 0);
    CHECK(json["wrong"].empty());
}

TEST_CASE("player_fails_the_run_when_orders_get_no_answer") {
    FakeRules rules;
    rules.silent_every = 10;
    Stage stage(rules);
    const auto wrong = stage.play(new_orders(50));
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].find("5 commands have no answer") == 0);
    CHECK(stage.player.outcomes().unanswered() == 5);
}

TEST_CASE("player_sends_a_change_only_after_the_answer_before_it_and_names_the_latest_identifier") {
    Stage stage({});
    // All at once: each waits for the one before it, and a second waiting change is not sent.
    const auto wrong =
        stage.play({new_order(0), change(0, CommandKind::replace_quantity), change(0, CommandKind::cancel),
                    new_order(1), change(1, CommandKind::cancel)});
    CHECK(wrong.empty());
    CHECK(stage.gateway.changes() == 2);
    CHECK(stage.player.not_sent().change_pending == 1);
    const Totals& totals = stage.player.outcomes().totals();
    CHECK(totals.replace_answers[static_cast<std::size_t>(Answer::accepted)] == 1);
    CHECK(totals.cancel_answers[static_cast<std::size_t>(Answer::accepted)] == 1);
    CHECK(totals.orders_cancelled == 1);
    CHECK(stage.player.outcomes().orders()[0].plan.quantity == 2000);
}

TEST_CASE("player_does_not_change_an_order_that_has_ended") {
    FakeRules rules;
    rules.fill_every = 1;
    Stage stage(rules);
    CHECK(stage.play({new_order(0), change(0, CommandKind::cancel)}).empty());
    CHECK(stage.player.not_sent().order_ended + stage.gateway.changes() == 1);
}

TEST_CASE("player_keeps_a_repeated_identifier_apart_from_the_order_it_repeats") {
    Stage stage({});
    PlannedCommand repeat = new_order(2);
    repeat.fault = Fault::duplicate_identifier;
    repeat.expectation = Expectation::refuse;
    repeat.original = 0;
    PlannedCommand again = repeat;
    again.order = 4;
    CHECK(stage.play({new_order(0), new_order(1), repeat, new_order(3), again}).empty());
    CHECK(stage.answers(Answer::accepted) == 3);
    CHECK(stage.answers(Answer::refused) == 2);
    CHECK(stage.player.outcomes().totals().bad_accepted == 0);
    CHECK(stage.player.outcomes().commands()[0].answer == Answer::accepted);
    CHECK(stage.player.outcomes().commands()[2].answer == Answer::refused);
}

TEST_CASE("player_gives_a_repeated_identifier_its_own_refusal_whatever_the_reason") {
    FakeRules rules;
    rules.refuse_every = 1;
    rules.refuse_before_duplicates = true;
    Stage stage(rules);
    PlannedCommand repeat = new_order(2);
    repeat.fault = Fault::duplicate_identifier;
    repeat.original = 0;
    CHECK(stage.play({new_order(0), new_order(1), repeat}).empty());
    CHECK(stage.answers(Answer::refused) == 3);
}

TEST_CASE("player_gives_a_repeated_identifier_its_own_reports_when_the_first_was_refused") {
    FakeRules rules;
    rules.refuse_every = 2;
    rules.refuse_before_duplicates = true;
    rules.fill_every = 3;
    Stage stage(rules);
    PlannedCommand repeat = new_order(4);
    repeat.fault = Fault::duplicate_identifier;
    repeat.original = 2;
    const auto wrong = stage.play({new_order(0), new_order(2), repeat});
    INFO((wrong.empty() ? std::string() : wrong[0]));
    CHECK(wrong.empty());
    CHECK(stage.player.outcomes().commands()[1].answer == Answer::refused);
    CHECK(stage.player.outcomes().commands()[2].answer == Answer::accepted);
    CHECK(stage.player.outcomes().totals().fills == 1);
}

// An ExecutionReport of the ClOrdID that `command` was the first to use.
void report(Outcomes& outcomes, std::uint32_t command, const std::string& fields) {
    std::array<char, 24> room;
    const std::string body =
        "35=8\00134=2\00137=1\00117=1\00111=" + std::string(outcomes.identifier(command, room)) + "\001" +
        fields;
    std::string text = "8=FIX.4.4\0019=" + std::to_string(body.size()) + "\001" + body;
    unsigned sum = 0;
    for (const char character : text) {
        sum += static_cast<unsigned char>(character);
    }
    sum %= 256;
    text += "10=" + std::string(sum < 10 ? "00" : sum < 100 ? "0" : "") + std::to_string(sum) + "\001";
    fix::Message message;
    REQUIRE(fix::Reader(1024).read(text, message).status == fix::ReadStatus::complete);
    outcomes.on_message(0, message, {});
}

TEST_CASE("an_identifier_used_three_times_has_an_answer_for_each_in_order") {
    const std::string acknowledged = "150=0\00139=0\001";
    const std::string refused = "150=8\00139=8\00110006=80\001";
    const std::string duplicate = "150=8\00139=8\001103=6\00110006=72\001";
    const std::vector<std::vector<std::string>> all{{refused, acknowledged, duplicate},
                                                    {acknowledged, duplicate, duplicate},
                                                    {refused, refused, acknowledged},
                                                    {refused, refused, refused}};
    for (const auto& answers : all) {
        Outcomes outcomes(1, "T");
        outcomes.orders().resize(3);
        for (std::uint32_t i = 0; i < 3; ++i) {
            PlannedCommand plan = new_order(i);
            plan.session = 0;
            plan.original = 0;
            plan.fault = i == 0 ? Fault::none : Fault::duplicate_identifier;
            outcomes.sent(outcomes.add(plan), {});
        }
        for (std::uint32_t i = 0; i < 3; ++i) {
            report(outcomes, 0, answers[i]);
            CHECK(outcomes.commands()[i].answer ==
                  (answers[i] == acknowledged ? Answer::accepted : Answer::refused));
        }
        CHECK(outcomes.unanswered() == 0);
    }
}

TEST_CASE("a_refusal_is_for_the_order_that_it_names_among_those_with_its_identifier") {
    Outcomes outcomes(1, "T");
    outcomes.orders().resize(2);
    std::array<PlannedCommand, 2> plans{new_order(0), new_order(1)};
    for (std::uint32_t i = 0; i < 2; ++i) {
        plans[i].session = 0;
        plans[i].quantity = 3'000 + i;
        plans[i].original = 0;
        plans[i].fault = i == 0 ? Fault::none : Fault::duplicate_identifier;
        outcomes.sent(outcomes.add(plans[i]), {});
    }
    // The first waits for its answer while the second is refused: the gate was shut, or its line was down.
    report(outcomes, 0, "150=8\00139=8\00138=3001\00110006=80\001");
    CHECK(outcomes.commands()[0].answer == Answer::none);
    CHECK(outcomes.commands()[1].answer == Answer::refused);
    report(outcomes, 0, "150=0\00139=0\001");
    CHECK(outcomes.commands()[0].answer == Answer::accepted);
    CHECK(outcomes.unanswered() == 0);
}

TEST_CASE("reports_after_a_withdrawn_order_are_those_of_the_one_that_used_its_identifier_again") {
    Outcomes outcomes(1, "T");
    outcomes.orders().resize(2);
    PlannedCommand repeat = new_order(1);
    repeat.session = 0;
    repeat.fault = Fault::duplicate_identifier;
    repeat.original = 0;
    const std::uint32_t first = outcomes.add(new_order(0));
    outcomes.set_number(first, 5);
    outcomes.sent(first, {});
    outcomes.on_withdrawn(0, 5, 5);
    const std::uint32_t second = outcomes.add(repeat);
    outcomes.set_number(second, 6);
    outcomes.sent(second, {});
    report(outcomes, first, "150=0\00139=0\001");
    CHECK(outcomes.commands()[first].answer == Answer::withdrawn);
    CHECK(outcomes.commands()[second].answer == Answer::accepted);
    CHECK(outcomes.unanswered() == 0);
}

TEST_CASE("player_names_the_session_that_could_not_log_on") {
    Stage stage({}, {}, "wrong");
    CHECK_FALSE(stage.player.log_on());
    const auto wrong = failures(stage.player, {}, {});
    REQUIRE(wrong.size() == 2);
    CHECK(wrong[0] == "session CLIENT01: logon refused: Logon refused.");
}

TEST_CASE("player_adopts_the_number_that_a_refused_logon_names") {
    FakeRules rules;
    rules.expected_number = 57;
    Stage refused(rules);
    CHECK_FALSE(refused.player.log_on());
    Stage adopting(rules, {}, "secret", {}, true);
    CHECK(adopting.play(new_orders(4)).empty());
    CHECK(adopting.answers(Answer::accepted) == 4);
    CHECK(adopting.player.session(0).numbers().next_out == 57 + 4);  // logon, two orders, logout
}

TEST_CASE("player_reconnects_with_its_numbers_and_never_sends_an_order_twice") {
    FakeRules rules;
    rules.disconnect_at = 20;
    Stage stage(rules);
    const auto wrong = stage.play(new_orders(40));
    INFO((wrong.empty() ? std::string() : wrong[0]));
    CHECK(wrong.empty());
    CHECK(stage.player.reconnects() == 1);
    CHECK(stage.gateway.gap_fills() == 1);
    CHECK(stage.answers(Answer::withdrawn) >= 1);
    std::uint64_t answered = 0;
    for (const std::uint64_t count : stage.player.outcomes().totals().new_answers) {
        answered += count;
    }
    CHECK(answered + stage.player.not_sent().session_down == 40);
}

TEST_CASE("player_sees_a_malformed_answer_and_the_gap_it_leaves") {
    FakeRules rules;
    rules.garble_at = 10;
    Stage stage(rules);
    const auto wrong = stage.play(new_orders(40));
    // The order whose answer was garbled stays without one, since the fake gap-fills it.
    REQUIRE(wrong.size() == 2);
    CHECK(wrong[0].find("1 malformed messages") == 0);
    CHECK(wrong[1].find("1 commands have no answer") == 0);
    CHECK(stage.player.session(0).gaps() + stage.player.session(1).gaps() == 1);
}

TEST_CASE("player_fills_a_gap_in_the_gateways_numbers_and_loses_no_report") {
    FakeRules rules;
    rules.skip_number_at = 10;
    Stage stage(rules);
    CHECK(stage.play(new_orders(40)).empty());
    CHECK(stage.player.session(0).gaps() + stage.player.session(1).gaps() == 1);
}

TEST_CASE("player_plays_a_profile_at_its_own_times") {
    Stage stage({});
    REQUIRE(stage.player.log_on());
    ProfileOptions options;
    options.rate_per_second = 2000;
    options.seconds = 0.5;
    Profile profile(stage.market, options);
    PlayerOptions paced;
    paced.tag = "P0001";
    Player player(stage.market, Stage::plans(stage.gateway.port(), "secret", {}, true), paced);
    stage.player.log_out();
    REQUIRE(player.log_on());
    player.play(profile, now());
    player.log_out();
    CHECK(player.outcomes().unanswered() == 0);
    CHECK(player.outcomes().commands().size() > 800);
    CHECK(player.sending_ns() > 400'000'000);
    CHECK(failures(player, {}, {}).empty());
}

TEST_CASE("player_keeps_within_the_outstanding_bound_and_answers_all") {
    PlayerOptions options;
    options.outstanding_max = 8;
    Stage stage({}, options);
    CHECK(stage.play(new_orders(5000)).empty());
    CHECK(stage.answers(Answer::accepted) == 5000);
}
