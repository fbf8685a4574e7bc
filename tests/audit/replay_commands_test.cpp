// The examiner's explain and replay, over a journal that the production Ledger, Front and keeper have made.
#include <nlohmann/json.hpp>
#include <random>

#include "audit/examine/explain.hpp"
#include "audit/examine/what_if.hpp"
#include "config/files.hpp"
#include "small_day.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;
using fairlead::tests::ntd;
using fairlead::tests::origin_ns;
using fairlead::tests::second_ns;

namespace {

const ExplainedCheck& check_of(const Explanation& explanation, risk::Check check) {
    REQUIRE(explanation.checks.size() == risk::check_count);
    return explanation.checks[static_cast<std::size_t>(check)];
}
const ExplainedUse& buy_of_investor(const Explanation& explanation) {
    const ExplainedUse& use = check_of(explanation, risk::Check::credit_investor).uses.at(0);
    REQUIRE(use.use.dimension == risk::Dimension::buy);
    return use;
}

ExposureOptions until(const Day& day, risk::Sequence sequence) {
    ExposureOptions options;
    options.place = day.place();
    options.until_sequence = sequence;
    return options;
}

std::string exposures(const ExposureOptions& options) {
    std::string text;
    const std::string error = write_exposures(options, [&](std::string_view part) { text += part; });
    return error.empty() ? text : "error: " + error;
}

WhatIfResult what_if(const Day& day, const std::string& limits, TableFormat format, std::string& text) {
    const std::string file = day.path() + "/proposed.csv";
    REQUIRE(config::write_file_atomically(file, limits).empty());
    return write_what_if({day.place(), file, format, Masking::masked},
                         [&](std::string_view part) { text += part; });
}

std::string limits_of_a1(const std::string& account_buy) {
    std::string text = "scope,target,dimension,symbol,value\n";
    for (const char* dimension : {"buy", "sell", "gross_day", "net", "offset"}) {
        text += std::string("investor,A1,") + dimension + ",,1000000000\n";
    }
    text += "investor,A1,symbol_long,,100000000\n";
    return text + "account,8610-0000017,buy,," + account_buy + "\n";
}

}  // namespace

TEST_CASE("a_refused_order_is_explained_with_the_limit_in_force_and_who_set_it") {
    const Day day;
    const Explanation told = explain(day.place(), refused_new, Masking::masked);
    REQUIRE(told.error == "");
    CHECK(told.has_decision);
    CHECK(told.equal);
    CHECK(told.decision.reason == risk::Reason::credit_buy);
    CHECK(check_of(told, risk::Check::credit_branch).verdict == Verdict::passed);
    CHECK(check_of(told, risk::Check::credit_investor).verdict == Verdict::refused);
    CHECK(check_of(told, risk::Check::credit_symbol).verdict == Verdict::not_reached);
    const ExplainedUse& buy = buy_of_investor(told);
    CHECK(buy.use.limit.value == 500'000 * ntd);
    CHECK(buy.use.limit.version == limit_given);
    CHECK(buy.use.before == 400'000 * ntd);
    CHECK(buy.use.with == 600'000 * ntd);
    CHECK(buy.after == 400'000 * ntd);
    CHECK(buy.use.exceeded());
    CHECK(told.origins.at(limit_given).user == "kuo");
    CHECK(told.origins.at(limit_given).approver == "lee");
    CHECK(told.origins.at(limit_given).at == origin_ns + 303 * second_ns);
    CHECK(told.origins.at(day_start).opening);
    CHECK(text_of(told, Language::english).find("set by kuo, approved by lee: quarterly review") !=
          std::string::npos);
    CHECK(text_of(told, Language::chinese).find("買進額度不足") != std::string::npos);
}

TEST_CASE("an_accepted_order_is_explained_with_every_check_passed_and_usage_after_it") {
    const Day day;
    const Explanation told = explain(day.place(), second_new, Masking::masked);
    REQUIRE(told.error == "");
    CHECK(told.equal);
    for (const ExplainedCheck& check : told.checks) {
        CHECK(check.verdict == Verdict::passed);
        CHECK((!check.inputs.empty() || !check.uses.empty()));
    }
    CHECK(buy_of_investor(told).use.before == 200'000 * ntd);
    CHECK(buy_of_investor(told).after == 400'000 * ntd);
    const auto json = nlohmann::json::parse(json_of(told, Language::english));
    CHECK(json["replays_equal"] == true);
    CHECK(json["checks"].size() == risk::check_count);
    CHECK(json["checks"][20]["limits"][0]["after"] == "400000");
}

TEST_CASE("a_replace_is_explained_by_the_checks_it_runs_and_a_cancel_by_none") {
    const Day day;
    const Explanation replace = explain(day.place(), replaced, Masking::masked);
    CHECK(replace.equal);
    CHECK(replace.decision.outcome == risk::Outcome::accepted);
    CHECK(check_of(replace, risk::Check::quantity).verdict == Verdict::not_run);
    CHECK(check_of(replace, risk::Check::tick).verdict == Verdict::passed);
    CHECK(check_of(replace, risk::Check::credit_investor).verdict == Verdict::passed);
    CHECK(buy_of_investor(replace).after == 410'000 * ntd);
    const Explanation cancel = explain(day.place(), cancelled, Masking::masked);
    CHECK(cancel.is_command);
    CHECK(cancel.equal);
    CHECK(cancel.checks.empty());
    const Explanation limit = explain(day.place(), limit_given, Masking::masked);
    CHECK_FALSE(limit.is_command);
    CHECK(text_of(limit, Language::english).find("limit_set") != std::string::npos);
    CHECK(explain(day.place(), 99, Masking::masked).error.find("must be 1 to 10") != std::string::npos);
}

TEST_CASE("a_decision_that_the_ledger_does_not_reach_again_is_said_to_differ") {
    const Day day(true);
    const Explanation told = explain(day.place(), second_new, Masking::masked);
    REQUIRE(told.error == "");
    CHECK_FALSE(told.equal);
    CHECK(text_of(told, Language::english).find("DECIDES OTHERWISE") != std::string::npos);
}

TEST_CASE("account_numbers_are_masked_unless_revealed") {
    const Day day;
    const std::string masked = text_of(explain(day.place(), first_new, Masking::masked), Language::english);
    CHECK(masked.find("8610-*****17") != std::string::npos);
    CHECK(masked.find("0000017") == std::string::npos);
    const std::string whole = text_of(explain(day.place(), first_new, Masking::revealed), Language::english);
    CHECK(whole.find("8610-0000017") != std::string::npos);
    CHECK(exposures(until(day, first_new)).find("0000017") == std::string::npos);
    std::string listed;
    static_cast<void>(what_if(day, limits_of_a1("100000"), TableFormat::csv, listed));
    CHECK(listed.find("8610-*****17") != std::string::npos);
}

TEST_CASE("exposures_are_those_behind_the_record_or_time_asked_for") {
    const Day day;
    ExposureOptions options = until(day, second_new);
    options.format = TableFormat::csv;
    const std::string by_sequence = exposures(options);
    CHECK(by_sequence.find("\ninvestor,A1,,no,0,0,400000,0,") != std::string::npos);
    CHECK(by_sequence.find(",400000,500000,4,") != std::string::npos);
    CHECK(by_sequence.find("B2") == std::string::npos);
    options.until_sequence = 0;
    options.until_utc_ns = origin_ns + 305 * second_ns;  // the sixth record's
    CHECK(exposures(options) == by_sequence);
    options.until_utc_ns -= 1;
    CHECK(exposures(options).find("\nfirm,,,no,0,0,200000,0,") != std::string::npos);
    options.until_sequence = replaced;
    CHECK(exposures(options).find("\naccount,A1,8610-*****17,no,0,0,410000,0,") != std::string::npos);
    options.investor = "B2";
    CHECK(exposures(options).find("\ninvestor,B2,,no,0,0,0,0,") != std::string::npos);
    CHECK(exposures(options).find("A1") == std::string::npos);
    options.investor = "Z9";
    CHECK(exposures(options) == "error: --investor Z9: must be an investor of that day");
    CHECK(exposures(until(day, 11)).find("must be 1 to 10") != std::string::npos);
    ExposureOptions json = until(day, second_new);
    json.format = TableFormat::json;
    CHECK(nlohmann::json::parse(exposures(json))["rows"].size() >= 3);
}

TEST_CASE("proposed_limits_name_the_accepted_commands_they_would_have_refused") {
    const Day day;
    std::string text;
    const WhatIfResult loose = what_if(day, limits_of_a1("410000"), TableFormat::csv, text);
    CHECK(loose.error == "");
    CHECK(loose.accepted == 3);  // two News and the Replace
    CHECK(loose.refused == 0);
    CHECK(loose.disagreements == 0);
    text.clear();
    const WhatIfResult tight = what_if(day, limits_of_a1("300000"), TableFormat::json, text);
    CHECK(tight.refused == 2);
    CHECK(tight.by_reason.at(risk::Reason::credit_buy) == 2);
    const auto json = nlohmann::json::parse(text);
    CHECK(json["would_be_refused"][0]["sequence"] == second_new);
    CHECK(json["would_be_refused"][0]["scope"] == "account");
    CHECK(json["would_be_refused"][0]["usage_before"] == "200000");
    CHECK(json["would_be_refused"][0]["usage_with"] == "400000");
    CHECK(json["would_be_refused"][0]["limit"] == "300000");
    CHECK(json["would_be_refused"][1]["sequence"] == replaced);
    // An investor whom the file leaves out has a limit of 0; what control has set stays.
    const WhatIfResult none = what_if(day, "scope,target,dimension,symbol,value\n", TableFormat::text, text);
    CHECK(none.by_reason.at(risk::Reason::credit_gross_day) == 3);
    CHECK(what_if(day, "scope,target,dimension,symbol,value\ninvestor,Q7,buy,,5\n", TableFormat::text, text)
              .error.find("Q7") != std::string::npos);
}

TEST_CASE("the_judgement_of_limits_is_the_ledgers_own_for_any_flow") {
    for (const unsigned seed : {1U, 2U, 3U, 4U}) {
        tests::World world;
        world.reference.rules.refuse_self_match = false;
        world.at_s(300);
        std::mt19937 random(seed);
        const auto draw = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
        for (const risk::Dimension dimension :
             {risk::Dimension::buy, risk::Dimension::sell, risk::Dimension::gross_day, risk::Dimension::net,
              risk::Dimension::offset, risk::Dimension::order_value}) {
            world.set_limit(risk::Scope::investor, dimension, (1 + draw(4)) * 1'000'000 * ntd);
            world.set_limit(risk::Scope::account, dimension, (1 + draw(4)) * 1'000'000 * ntd);
            world.set_limit(risk::Scope::branch, dimension, (1 + draw(5)) * 1'000'000 * ntd);
            world.set_limit(risk::Scope::firm, dimension, (1 + draw(5)) * 1'000'000 * ntd);
        }
        world.set_limit(risk::Scope::investor, risk::Dimension::symbol_long, 20'000);
        int refused = 0;
        for (int turn = 0; turn < 400; ++turn) {
            const std::string id = "i" + std::to_string(turn);
            const bool buy = draw(3) != 0;
            risk::NewOrder order =
                world.order(id.c_str(), buy ? risk::Side::buy : risk::Side::sell, (1 + draw(5)) * 1'000,
                            (95 + draw(10)) * ntd, static_cast<std::uint32_t>(1 + draw(2)),
                            draw(2) == 0 ? "2330" : "2317");
            order.record.kind = risk::RecordKind::new_order;
            order.record.session = 8;
            const auto asked = asked_credit(*world.ledger, order.record);
            REQUIRE(asked);
            const auto judged = judge_credit(*world.ledger, *world.ledger, *asked);
            const risk::Decision decided = world.send(order);
            INFO("seed " << seed << ", turn " << turn << ", " << risk::reason_text(decided.reason).code);
            if (decided.outcome == risk::Outcome::accepted) {
                CHECK_FALSE(judged);
                world.acknowledge(decided);
                if (draw(2) == 0) {
                    world.fill(decided, 1'000, order.facts.price, id.c_str());
                }
            } else if (decided.scope != risk::Scope::none && decided.dimension != risk::Dimension::sellable) {
                REQUIRE(judged);
                CHECK(judged->reason == decided.reason);
                CHECK(judged->use.scope == decided.scope);
                CHECK(judged->use.before == decided.usage_before);
                CHECK(judged->use.with == decided.usage_after);
                CHECK(judged->use.limit.value == decided.limit);
                CHECK(judged->use.limit.version == decided.limit_version);
                ++refused;
            }
        }
        CHECK(refused > 50);
    }
}

TEST_CASE("a_time_is_read_as_taipeis_and_written_so") {
    risk::UtcNs at = 0;
    REQUIRE(parse_taipei("2023-11-15T06:13:20", at));
    CHECK(at == 1'700'000'000'000'000'000);
    REQUIRE(parse_taipei("2023-11-14 22:13:20.5Z", at));
    CHECK(at == 1'700'000'000'500'000'000);
    CHECK(taipei_text(at) == "2023-11-15T06:13:20.500000000+08:00");
    for (const char* wrong : {"2023-02-30T06:13:20", "2023-11-15T06:13:20+09:00", "2023-11-15", "12:00:00",
                              "2023-11-15T24:00:00", "2023-11-15T06:13:20."}) {
        CHECK_FALSE(parse_taipei(wrong, at));
    }
    CHECK(dollars_text(-12'345'000) == "-1234.5");
}
