// The examiner's verify: what it counts and what it finds.
#include <catch2/catch.hpp>

#include "audit/examine/conversation_check.hpp"
#include "audit/examine/report.hpp"
#include "small_day.hpp"
#include "small_gateway.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

VerifyReport verify_directory(const std::string& directory) {
    VerifyOptions options;
    options.journal_directory = directory;
    return verify(options);
}

}  // namespace

TEST_CASE("a_journal_replays_to_the_digests_it_holds") {
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    risk::Start start;
    start.facts.state_digest = gateway.digest();
    gateway.step(start, risk::RecordKind::start);
    gateway.step(risk::NewOrder(), risk::RecordKind::new_order, true);
    risk::Stop stop;
    stop.facts.state_digest = gateway.digest();
    gateway.step(stop, risk::RecordKind::stop);
    gateway.keep();
    const VerifyReport report = verify_directory(disk.path());
    INFO(text_of(report));
    CHECK(report.ok());
    CHECK(report.replayed);
    CHECK(report.records == 3);
    CHECK(report.orders_in == 1);
    CHECK(report.refused == 1);
    CHECK(report.refused_by_reason.at(risk::Reason::day_not_started) == 1);
    CHECK(report.decisions_compared == 1);
    CHECK(report.digests_compared == 2);
    CHECK(report.digest == gateway.digest());
    CHECK(json_of(report).find("\"verified\": true") != std::string::npos);
}

TEST_CASE("what_was_asked_and_what_the_venue_did_is_counted") {
    const Day day(false, [](Day& more) {
        risk::VenueReport report;
        report.facts.order_key = report.facts.command = second_new;
        report.facts.exec_type = risk::OrderStatus::trade;
        report.facts.order_status = risk::OrderStatus::partially_filled;
        report.facts.execution_id = risk::ExecutionId{"E1"};
        report.facts.last_quantity = report.facts.filled_quantity = 1'000;
        report.facts.last_price = 100 * ntd;
        report.facts.leaves_quantity = 1'000;
        report.facts.side = risk::Side::buy;
        more.add(report, risk::RecordKind::venue_report, 1, true);
        more.add(report, risk::RecordKind::venue_report, 1, true);  // repeated: noted, not counted
        report = {};
        report.facts.order_key = second_new;
        report.facts.command = cancelled;
        report.facts.exec_type = report.facts.order_status = risk::OrderStatus::cancelled;
        report.facts.filled_quantity = -1;
        more.add(report, risk::RecordKind::venue_report, 1, true);
    });
    const VerifyReport report = verify_directory(day.path());
    INFO(text_of(report));
    CHECK(report.orders_in == 3);
    CHECK(report.accepted == 2);
    CHECK(report.refused == 1);
    CHECK(report.replaces == 1);
    CHECK(report.cancels == 1);
    CHECK(report.commands_refused == 0);
    CHECK(report.fills == 1);
    CHECK(report.orders_cancelled == 1);
    CHECK(report.orphans == 0);
}

TEST_CASE("a_decision_or_digest_that_replay_does_not_reach_is_found_at_its_record") {
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    risk::Start start;
    start.facts.state_digest = {1, 2};
    gateway.step(start, risk::RecordKind::start);
    gateway.step(risk::NewOrder(), risk::RecordKind::new_order, true, true);
    gateway.step(risk::NewOrder(), risk::RecordKind::new_order, false);
    gateway.keep();
    const VerifyReport report = verify_directory(disk.path());
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[0].find("record 1: replay reaches state digest") != std::string::npos);
    CHECK(report.findings[1].find("record 2: replay decides otherwise") != std::string::npos);
    CHECK(report.findings[2].find("record 3: the decision section has 0 bytes") != std::string::npos);
}

TEST_CASE("verify_replays_what_a_gateway_refused_for_want_of_room_as_it_was_refused") {
    const auto verified = [](bool told) {
        const TemporaryDirectory disk;
        SmallGateway gateway(disk.path());
        risk::Start start;
        start.facts.state_digest = gateway.digest();
        gateway.step(start, risk::RecordKind::start);
        if (told) {
            risk::Capacity capacity;
            const risk::Sizes& sizes = gateway.ledger().sizes();
            capacity.facts = {sizes.orders_max,    sizes.commands_max, sizes.executions_max,
                              sizes.positions_max, sizes.limits_max,   sizes.halts_max};
            gateway.step(capacity, risk::RecordKind::capacity);
        }
        for (std::uint32_t line = 0; line <= gateway.ledger().sizes().limits_max; ++line) {
            risk::LimitSet set;
            set.facts.scope = risk::Scope::investor;
            set.facts.dimension = risk::Dimension::buy;
            set.subject.investor = risk::InvestorId("I" + std::to_string(line));
            gateway.step(set, risk::RecordKind::limit_set, true);
        }
        gateway.keep();
        return verify_directory(disk.path());
    };
    CHECK(verified(true).ok());
    // A journal that does not say how much room there was.
    const VerifyReport report = verified(false);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].find("replay decides otherwise") != std::string::npos);
}

TEST_CASE("an_empty_or_missing_journal_is_not_verified") {
    const TemporaryDirectory disk;
    CHECK_FALSE(verify_directory(disk.path()).ok());
    CHECK_FALSE(verify_directory(disk.path() + "/none").ok());
}

TEST_CASE("an_order_left_out_of_a_rewritten_journal_is_a_hole_in_its_sessions_message_numbers") {
    const auto order = [](std::uint64_t number) {
        risk::NewOrder record;
        record.record.session = 7;
        record.facts.arrival.message_number = number;
        return record;
    };
    const auto found = [&](const std::vector<std::uint64_t>& numbers) {
        const TemporaryDirectory disk;
        SmallGateway gateway(disk.path());
        for (const std::uint64_t number : numbers) {
            gateway.step(order(number), risk::RecordKind::new_order, true);
        }
        gateway.keep();
        return verify_directory(disk.path());
    };
    const VerifyReport whole = found({1, 2, 3});
    CHECK(whole.ok());
    CHECK(whole.message_numbers == 3);
    // Chain, frames, sequences and replay of this one are perfect: it was written without the order.
    const VerifyReport holed = found({1, 3});
    REQUIRE(holed.findings.size() == 1);
    CHECK(holed.findings[0].find("record 2: session or line 7: message 3 received where 2 is next: 1 missing "
                                 "from the journal") != std::string::npos);
    CHECK_FALSE(found({1, 2, 2}).ok());
}

TEST_CASE("message_numbers_are_followed_through_resets_and_gap_fills_and_both_ways") {
    ConversationCheck check;
    const auto report = [&](std::uint64_t number) {
        risk::VenueReport record;
        record.record.kind = risk::RecordKind::venue_report;
        record.record.session = 101;
        record.facts.arrival.message_number = number;
        return check.take(record.record, nullptr).size();
    };
    const auto reset = [&](risk::ResetCause cause, std::uint64_t in, std::uint64_t out) {
        risk::SequenceReset record;
        record.record.kind = risk::RecordKind::sequence_reset;
        record.record.session = 101;
        record.facts.cause = cause;
        record.facts.next_in = in;
        record.facts.next_out = out;
        return check.take(record.record, nullptr).size();
    };
    const auto routed = [&](std::uint64_t line_number, std::uint64_t client_number) {
        risk::NewOrder record;
        record.record.kind = risk::RecordKind::new_order;
        record.record.session = 7;
        risk::Answered answered;
        answered.routing.line = 101;
        answered.routing.line_number = line_number;
        answered.routing.client_session = 7;
        answered.routing.client_number = client_number;
        return check.take(record.record, &answered).size();
    };
    const auto sent = [&](std::uint64_t number, bool poss_dup) {
        risk::SessionMessage record;
        record.record.kind = risk::RecordKind::session_sent;
        record.record.session = 101;
        record.facts.arrival.message_number = number;
        record.facts.poss_dup = poss_dup ? 1 : 0;
        return check.take(record.record, nullptr).size();
    };
    CHECK(report(1) == 0);
    CHECK(reset(risk::ResetCause::gap_fill_received, 10, 1) == 0);
    CHECK(report(10) == 0);
    CHECK(reset(risk::ResetCause::reset_received, 5, 1) == 1);  // may not go back
    CHECK(routed(1, 1) == 0);
    CHECK(routed(3, 2) == 1);    // line number 2 is nowhere
    CHECK(routed(4, 4) == 1);    // the client's number 3 is nowhere
    CHECK(sent(2, true) == 0);   // a gap fill for 2 to 4 takes no number
    CHECK(sent(5, false) == 0);  // and the next one is 5 as before
    CHECK(sent(6, true) == 1);   // what was never sent cannot be sent again
    CHECK(reset(risk::ResetCause::new_day, 1, 1) == 0);
    CHECK(report(1) == 0);
    CHECK(routed(1, 5) == 0);
}

TEST_CASE("a_number_is_adopted_only_upward_and_only_after_the_journal_lost_its_end") {
    for (const bool lost : {false, true}) {
        ConversationCheck check;
        if (lost) {
            risk::Incident incident;
            incident.record.kind = risk::RecordKind::incident;
            incident.facts.cause = risk::IncidentCause::journal_end_lost;
            CHECK(check.take(incident.record, nullptr).empty());
        }
        const auto adopt = [&](std::uint64_t out) {
            risk::SequenceReset reset;
            reset.record.kind = risk::RecordKind::sequence_reset;
            reset.record.session = 101;
            reset.facts.cause = risk::ResetCause::adopted_after_loss;
            reset.facts.next_in = 1;
            reset.facts.next_out = out;
            return check.take(reset.record, nullptr).empty();
        };
        CHECK(adopt(10) == lost);
        CHECK(adopt(10) == lost);
        CHECK_FALSE(adopt(9));
    }
}

TEST_CASE("an_order_number_that_begins_late_repeats_or_skips_one_is_found_at_its_record") {
    const auto found = [](const std::vector<std::string>& numbers) {
        const TemporaryDirectory disk;
        SmallGateway gateway(disk.path());
        risk::Routing routing;
        routing.line = 101;
        for (const std::string& number : numbers) {
            ++routing.line_number;
            routing.order_number = risk::OrderNumber(number);
            gateway.step(risk::NewOrder(), risk::RecordKind::new_order, true, false, routing);
        }
        gateway.keep();
        const VerifyReport report = verify_directory(disk.path());
        CHECK(report.order_numbers == numbers.size());
        REQUIRE(report.findings.size() <= 1);
        return report.findings.empty() ? "" : report.findings[0];
    };
    CHECK(found({"A0000", "A0001", "A0002"}).empty());
    CHECK(found({"A000z", "A0010"})
              .find("record 1: line 101: order number 'A000z' is the first of the day on its line, "
                    "but not serial 0") != std::string::npos);
    CHECK(found({"A0000", "A0001", "A0001"})
              .find("record 3: line 101: order number 'A0001' does not come after "
                    "'A0001'") != std::string::npos);
    CHECK(found({"A0000", "A0002"})
              .find("record 2: line 101: order number 'A0002' leaves a gap behind 'A0000'") !=
          std::string::npos);
    CHECK(found({"A0000", "A00-1"})
              .find("record 2: line 101: order number 'A00-1' is not five characters of "
                    "0-9A-Za-z") != std::string::npos);
}

TEST_CASE("a_line_goes_on_behind_the_order_numbers_that_only_the_venue_knew") {
    const auto found = [](const char* unknown, const char* after) {
        const TemporaryDirectory disk;
        SmallGateway gateway(disk.path());
        risk::Routing routing;
        routing.line = 101;
        routing.line_number = 1;
        routing.order_number = risk::OrderNumber("A0000");
        gateway.step(risk::NewOrder(), risk::RecordKind::new_order, true, false, routing);
        risk::VenueReport orphan;
        orphan.record.session = 101;
        orphan.facts.arrival.message_number = 1;
        orphan.facts.order_number = risk::OrderNumber(unknown);
        gateway.step(orphan, risk::RecordKind::orphan_report, true);
        routing.line_number = 2;
        routing.order_number = risk::OrderNumber(after);
        gateway.step(risk::NewOrder(), risk::RecordKind::new_order, true, false, routing);
        gateway.keep();
        const VerifyReport report = verify_directory(disk.path());
        return report.findings.empty() ? "" : report.findings[0];
    };
    CHECK(found("A0007", "A0008").empty());
    CHECK(found("A0007", "A0001")
              .find("record 3: line 101: order number 'A0001' does not come after 'A0007'") !=
          std::string::npos);
    CHECK(found("A0000", "A0001").empty());  // one it knew: nothing moves
}

TEST_CASE("verify_says_when_another_build_wrote_the_journal") {
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    risk::Start start;
    start.facts.program[0] = 0xab;
    start.facts.state_digest = gateway.digest();
    gateway.step(start, risk::RecordKind::start);
    gateway.keep();
    VerifyOptions options;
    options.journal_directory = disk.path();
    options.program[0] = 0xcd;
    const VerifyReport other = verify(options);
    CHECK(other.ok());
    CHECK(text_of(other).find("the gateway at hand is another build, cd00") != std::string::npos);
    options.program[0] = 0xab;
    CHECK(text_of(verify(options)).find("the gateway at hand is that build") != std::string::npos);
}
