// What the encoder writes is FIX to the letter, or nothing; and what a resend becomes.
#include "gateway/fix/encoder.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "gateway/fix/reader.hpp"
#include "gateway/fix/resend_plan.hpp"

using namespace fairlead;

namespace {

constexpr risk::UtcNs noon_ns = 1'767'574'800'123'000'000;
const fix::HeaderTemplate header("FIX.4.4", "BROKER", "CLIENT");

std::string bars(std::string_view text) {
    std::string result(text);
    for (char& character : result) {
        character = character == fix::soh ? '|' : character;
    }
    return result;
}

}  // namespace

TEST_CASE("golden_heartbeat") {
    std::vector<char> out(256);
    fix::Encoder encoder;
    encoder.begin(out, header, "0", 2, noon_ns);
    encoder.add(112, "HELLO");
    const std::size_t length = encoder.finish();
    CHECK(bars({out.data(), length}) ==
          "8=FIX.4.4|9=65|35=0|49=BROKER|56=CLIENT|34=2|52=20260105-01:00:00.123|112=HELLO|10=137|");
}

TEST_CASE("messages_of_every_length_are_read_back") {
    std::vector<char> out(12'000);
    fix::Encoder encoder;
    fix::Message message;
    for (std::size_t size = 0; size < 10'000; size += size < 1'100 ? 1 : 97) {
        const std::string text(size, 'x');
        encoder.begin(out, header, "8", 3, noon_ns, {true, noon_ns - 1'000'000});
        encoder.add(58, text);
        const std::size_t length = encoder.finish();
        REQUIRE(length > 0);
        const auto result = fix::Reader(20'000).read({out.data(), length}, message);
        REQUIRE(result.status == fix::ReadStatus::complete);
        REQUIRE(result.consumed == length);
        REQUIRE(message.value(58) == text);
        REQUIRE(message.value(9).front() != '0');
        REQUIRE(message.value(122) == "20260105-01:00:00.122");
    }
}

TEST_CASE("a_message_that_does_not_fit_is_none_at_any_room") {
    fix::Encoder encoder;
    std::vector<char> whole(512);
    const auto write = [&encoder](std::span<char> out) {
        encoder.begin(out, header, "8", 3, noon_ns);
        encoder.add(58, "some text");
        encoder.add_price(44, 123'400);
        encoder.add_data(95, 96, "data");
        return encoder.finish();
    };
    const std::size_t needed = write(whole);
    REQUIRE(needed > 0);
    for (std::size_t room = 0; room < 512; ++room) {
        std::vector<char> out(room + 1, '#');
        const std::size_t length = write({out.data(), room});
        INFO(room);
        CHECK((length == 0 || length == needed));
        CHECK(out[room] == '#');
        CHECK((room >= needed || length == 0));
    }
}

TEST_CASE("no_value_breaks_the_message_it_stands_in") {
    std::vector<char> out(256);
    fix::Encoder encoder;
    encoder.begin(out, header, "8", 3, noon_ns);
    encoder.add(58,
                "a\x01"
                "10=000\x01");
    encoder.add(11, "");
    encoder.add_char(54, '1');
    const std::size_t length = encoder.finish();
    fix::Message message;
    REQUIRE(fix::Reader().read({out.data(), length}, message).status == fix::ReadStatus::complete);
    CHECK(message.value(58) == "a?10=000?");
    CHECK_FALSE(message.has(11));
    CHECK(message.value(54) == "1");
}

TEST_CASE("comp_ids_that_are_none_make_no_header_and_no_message") {
    std::vector<char> out(256);
    fix::Encoder encoder;
    for (const char* bad : {"", "A B",
                            "A\x01"
                            "B"}) {
        const fix::HeaderTemplate broken("FIX.4.4", bad, "CLIENT");
        CHECK_FALSE(broken.valid());
        encoder.begin(out, broken, "0", 1, noon_ns);
        CHECK(encoder.finish() == 0);
    }
}

TEST_CASE("finish_without_begin_gives_nothing") {
    fix::Encoder encoder;
    CHECK(encoder.finish() == 0);
}

namespace {

// The steps of a plan as text: a3 = application 3, g4-6 = gap fill 4 with NewSeqNo 6.
std::string steps(fix::ResendPlan& plan, const std::string& kinds) {
    std::string text;
    const auto is_application = [&kinds](std::uint64_t number) { return kinds[number - 1] == 'a'; };
    for (auto step = plan.next(is_application); step.kind != fix::ResendPlan::StepKind::none;
         step = plan.next(is_application)) {
        if (step.kind == fix::ResendPlan::StepKind::application) {
            text += "a" + std::to_string(step.number) + " ";
        } else if (step.kind == fix::ResendPlan::StepKind::gap_fill) {
            text += "g" + std::to_string(step.number) + "-" + std::to_string(step.new_number) + " ";
        }
    }
    return text;
}

}  // namespace

TEST_CASE("each_run_of_session_messages_becomes_one_gap_fill") {
    struct Row {
        const char* kinds;
        std::uint64_t begin;
        std::uint64_t end;
        const char* steps;
    };
    const Row rows[] = {
        {"s", 1, 1, "g1-2 "},
        {"a", 1, 1, "a1 "},
        {"ssass", 1, 5, "g1-3 a3 g4-6 "},
        {"ssass", 2, 4, "g2-3 a3 g4-5 "},
        {"aaa", 2, 2, "a2 "},
        {"sasa", 1, 4, "g1-2 a2 g3-4 a4 "},
    };
    for (const Row& row : rows) {
        fix::ResendPlan plan;
        plan.request(row.begin, row.end);
        CHECK(steps(plan, row.kinds) == row.steps);
        CHECK_FALSE(plan.active());
    }
}

TEST_CASE("a_long_run_is_looked_through_in_parts_and_is_still_one_gap_fill") {
    fix::ResendPlan plan;
    plan.request(1, 1'000'000);
    const auto none = [](std::uint64_t) { return false; };
    int pauses = 0;
    auto step = plan.next(none);
    for (; step.kind == fix::ResendPlan::StepKind::more; step = plan.next(none)) {
        ++pauses;
    }
    CHECK(pauses > 100);
    CHECK(step.kind == fix::ResendPlan::StepKind::gap_fill);
    CHECK(step.number == 1);
    CHECK(step.new_number == 1'000'001);
    CHECK(plan.next(none).kind == fix::ResendPlan::StepKind::none);
}

TEST_CASE("a_request_while_one_is_served_widens_it") {
    fix::ResendPlan plan;
    const auto all = [](std::uint64_t) { return true; };
    plan.request(5, 8);
    CHECK(plan.next(all).number == 5);
    plan.request(7, 9);
    CHECK(steps(plan, "aaaaaaaaa") == "a6 a7 a8 a9 ");
    plan.request(5, 6);
    plan.request(2, 3);
    CHECK(steps(plan, "aaaaaaaaa") == "a2 a3 a4 a5 a6 ");
}
