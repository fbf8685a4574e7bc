// What a venue line needs besides its messages: order numbers, its rate, its logon data, its codes.
#include <catch2/catch.hpp>
#include <deque>
#include <numeric>
#include <set>
#include <string>

#include "gateway/orders/line_rate.hpp"
#include "gateway/orders/order_number.hpp"
#include "gateway/orders/venue_ids.hpp"
#include "gateway/orders/venue_logon.hpp"
#include "gateway/orders/venue_status.hpp"

namespace fairlead::gateway {
namespace {

std::string taken(OrderNumbers& numbers) {
    risk::OrderNumber number;
    return numbers.take(number) ? std::string(number.view()) : "exhausted";
}

TEST_CASE("order_numbers_count_in_base_62_behind_the_terminal_id") {
    OrderNumbers numbers("A");
    CHECK(numbers.capacity() == 14'776'336);
    CHECK(taken(numbers) == "A0000");
    CHECK(taken(numbers) == "A0001");
    struct Row {
        const char* last;
        const char* next;
    };
    for (const Row& row : {Row{"A0009", "A000A"}, Row{"A000Z", "A000a"}, Row{"A000z", "A0010"},
                           Row{"A00zz", "A0100"}, Row{"A0zzz", "A1000"}, Row{"Azzzy", "Azzzz"}}) {
        CHECK(numbers.restore(risk::OrderNumber(row.last)));
        CHECK(numbers.peek().view() == row.next);
        CHECK(taken(numbers) == row.next);
    }
}

TEST_CASE("order_numbers_have_no_gap_and_no_repeat_up_to_the_last") {
    OrderNumbers numbers("7Q");
    CHECK(numbers.capacity() == 238'328);
    std::set<std::string> seen;
    std::string last;
    for (std::uint64_t i = 0; i < numbers.capacity(); ++i) {
        const std::string number = taken(numbers);
        REQUIRE(number.size() == 5);
        REQUIRE(number.substr(0, 2) == "7Q");
        REQUIRE(last < number);  // the digits ascend in ASCII as they do in value
        REQUIRE(seen.insert(number).second);
        last = number;
    }
    CHECK(numbers.left() == 0);
    CHECK(numbers.peek().empty());
    CHECK(taken(numbers) == "exhausted");
    CHECK(taken(numbers) == "exhausted");
}

TEST_CASE("a_number_seen_at_the_venue_raises_the_next_and_never_lowers_it") {
    OrderNumbers numbers("A");
    numbers.raise(risk::OrderNumber("A000z"));
    CHECK(numbers.peek().view() == "A0010");
    for (const char* below_or_other : {"A000z", "A0005", "B00zz", "A00-1", ""}) {
        numbers.raise(risk::OrderNumber(below_or_other));
        CHECK(numbers.peek().view() == "A0010");
    }
    numbers.raise(risk::OrderNumber("A0010"));
    CHECK(numbers.peek().view() == "A0011");
}

TEST_CASE("a_client_order_id_at_the_venue_is_never_given_twice_though_sequences_are") {
    VenueIds ids;
    CHECK(ids.id_of(4711) == 4711);
    CHECK(ids.command_of(4711) == 4711);
    risk::Incident lost;
    lost.record.sequence = 5'000;  // records from 5,000 on had been given before, to what is lost
    lost.facts.identifier_shift = ids.next_shift();
    ids.note(lost);
    CHECK(ids.id_of(4711) == 4711);
    CHECK(ids.command_of(4711) == 4711);
    CHECK(ids.id_of(5'001) == 5'001 + VenueIds::shift_step);
    CHECK(ids.command_of(5'001 + VenueIds::shift_step) == 5'001);
    CHECK(ids.command_of(5'001) == 0);                         // the lost one's
    CHECK(ids.command_of(4'999 + VenueIds::shift_step) == 0);  // nobody's
    lost.record.sequence = 6'000;
    lost.facts.identifier_shift = ids.next_shift();
    ids.note(lost);
    CHECK(ids.command_of(5'001 + VenueIds::shift_step) == 5'001);
    CHECK(ids.command_of(6'001 + VenueIds::shift_step) == 0);
    CHECK(ids.command_of(ids.id_of(6'001)) == 6'001);
    CHECK(ids.command_of(0) == 0);
}

TEST_CASE("the_number_a_peer_expects_is_read_from_its_refusal") {
    CHECK(expected_number("MsgSeqNum too low, expecting 57 but received 12") == 57);
    CHECK(expected_number("MsgSeqNum too low, expecting 57") == 57);
    for (const char* other : {"", "expecting 57", "MsgSeqNum too low", "MsgSeqNum too low, expecting x",
                              "MsgSeqNum too low, expecting 1234567890123 but received 1", "02"}) {
        CHECK(expected_number(other) == 0);
    }
}

TEST_CASE("order_numbers_of_another_terminal_are_not_restored") {
    OrderNumbers numbers("A");
    CHECK(taken(numbers) == "A0000");
    for (const char* other : {"B0005", "A005", "A00005", "A00-5", ""}) {
        CHECK_FALSE(numbers.restore(risk::OrderNumber(other)));
    }
    CHECK(taken(numbers) == "A0001");
    for (const char* bad : {"", "ABC", "-", "A "}) {
        OrderNumbers none(bad);
        CHECK_FALSE(OrderNumbers::is_terminal_id(bad));
        CHECK(taken(none) == "exhausted");
        CHECK_FALSE(none.restore(risk::OrderNumber("00000")));
    }
}

TEST_CASE("a_line_sends_at_most_its_count_in_any_window") {
    constexpr risk::MonotonicNs ms = 1'000'000;
    LineRate rate(3, 1000 * ms);
    CHECK(rate.left(0) == 3);
    rate.sent(0);
    rate.sent(400 * ms);
    CHECK(rate.left(400 * ms) == 1);
    rate.sent(900 * ms);
    CHECK_FALSE(rate.can_send(999 * ms));
    CHECK(rate.next_at(950 * ms) == 1000 * ms);
    CHECK(rate.can_send(1000 * ms));
    CHECK(rate.left(1000 * ms) == 1);
    CHECK(rate.left(1400 * ms) == 2);
    CHECK(rate.left(1900 * ms) == 3);
    CHECK(rate.next_at(1900 * ms) == 1900 * ms);
    rate.sent(1000 * ms);
    CHECK(rate.next_at(1000 * ms) == 1400 * ms);
    LineRate closed(0);
    CHECK_FALSE(closed.can_send(1));
    closed.sent(1);
    CHECK(closed.next_at(1) == INT64_MAX);
}

TEST_CASE("a_line_s_new_rate_counts_what_was_sent_under_the_old_one") {
    for (const std::uint32_t before : {1U, 3U, 5U}) {
        for (const std::uint32_t after : {0U, 1U, 3U, 4U, 9U}) {
            for (std::uint32_t sent = 0; sent <= 7; ++sent) {
                LineRate rate(before, 100);
                std::deque<risk::MonotonicNs> times;
                for (risk::MonotonicNs at = 0; times.size() < sent; at += 30) {
                    if (rate.can_send(at)) {
                        rate.sent(at);
                        times.push_back(at);
                    }
                }
                LineRate fresh(after, 100);
                rate.go_on_as(fresh);
                CHECK(rate.capacity() == after);
                CHECK(fresh.capacity() == before);
                const risk::MonotonicNs first = times.empty() ? 0 : times.back();
                for (risk::MonotonicNs now = first; now < first + 250; ++now) {
                    std::size_t inside = 0;
                    for (const risk::MonotonicNs time : times) {
                        inside += time + 100 > now ? 1 : 0;
                    }
                    INFO(before << " then " << after << ", " << sent << " sent, at " << now);
                    REQUIRE(rate.can_send(now) == (inside < after));
                    REQUIRE(rate.left(now) == (inside < after ? after - inside : 0));
                }
            }
        }
    }
}

TEST_CASE("a_line_s_rate_agrees_with_counting_every_time_kept") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::uint64_t state = seed * 0x9E3779B97F4A7C15U;
        const auto random = [&state](std::uint64_t below) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            return (state >> 33) % below;
        };
        const auto count = static_cast<std::uint32_t>(1 + random(7));
        LineRate rate(count, 100);
        std::deque<risk::MonotonicNs> times;
        risk::MonotonicNs now = 0;
        for (int step = 0; step < 2000; ++step) {
            now += static_cast<risk::MonotonicNs>(random(40));
            std::size_t inside = 0;
            for (const risk::MonotonicNs time : times) {
                inside += time + 100 > now ? 1 : 0;
            }
            INFO("seed " << seed << " step " << step);
            REQUIRE(rate.left(now) == count - inside);
            REQUIRE(rate.can_send(now) == (inside < count));
            if (rate.can_send(now)) {
                REQUIRE(rate.next_at(now) == now);
                rate.sent(now);
                times.push_back(now);
            } else {
                const risk::MonotonicNs at = rate.next_at(now);
                REQUIRE(at > now);
                REQUIRE_FALSE(rate.can_send(at - 1));
                REQUIRE(rate.can_send(at));
            }
        }
    }
}

TEST_CASE("raw_data_is_append_number_and_two_digits_of_its_product_with_the_password") {
    struct Row {
        std::uint32_t append;
        std::uint32_t password;
        const char* raw_data;
    };
    for (const Row& row : {Row{123, 9999, "12398"}, Row{1, 9999, "00199"}, Row{999, 9999, "99990"},
                           Row{7, 0, "00700"}, Row{500, 2, "50010"}, Row{42, 1234, "04218"}}) {
        const RawData data = make_raw_data(row.append, row.password);
        CHECK(data.view() == row.raw_data);
        CHECK(append_number_of(data.view()) == row.append);
    }
    CHECK(append_number_of("1239") == 0);
    CHECK(append_number_of("12x98") == 0);
    CHECK(append_number_of("123**") == 123);  // as it is kept, the secret's part masked
}

TEST_CASE("an_append_number_is_none_of_the_last_twenty_since_the_venue_may_have_missed_some") {
    AppendNumbers numbers;
    for (std::uint32_t number = 1; number <= 20; ++number) {
        numbers.remember(number);
    }
    // Five that the venue has heard may stand before fifteen that did not come so far.
    CHECK(numbers.choose(0) == 21);  // 1 to 20 are passed over
    CHECK(numbers.choose(0) == 1);   // 2 to 21 are the last twenty now
    std::deque<std::uint32_t> last(20);
    std::iota(last.begin(), last.end(), 2U);
    last.push_back(1);
    std::uint64_t state = 42;
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const std::uint32_t number = numbers.choose(state >> 11);
        REQUIRE(number >= 1);
        REQUIRE(number <= append_number_max);
        while (last.size() > AppendNumbers::remembered) {
            last.pop_front();
        }
        for (const std::uint32_t recent : last) {
            REQUIRE(number != recent);
        }
        last.push_back(number);
        seen.insert(number);
    }
    CHECK(seen.size() == append_number_max);
    CHECK(numbers.choose(UINT64_MAX) <= append_number_max);
}

TEST_CASE("a_logon_refusal_is_known_by_its_code") {
    struct Row {
        const char* text;
        const char* code;
        LogonRefusalAction action;
    };
    using enum LogonRefusalAction;
    for (const Row& row :
         {Row{"01-APPEND-NO ERROR", "01", retry}, Row{"02", "02", stop}, Row{"04-KEY-VALUE", "02", stop},
          Row{"70", "03", stop}, Row{"71", "08", stop}, Row{"0086-PVC STOP", "86", wait_venue},
          Row{"77 ERROR OVER LIMIT", "77", wait_venue},
          Row{"MsgSeqNum too low, expecting 57 but received 12", "", stop}}) {
        const LogonRefusal* refusal = logon_refusal(row.text);
        REQUIRE(refusal != nullptr);
        CHECK(refusal->code == row.code);
        CHECK(refusal->action == row.action);
        CHECK_FALSE(refusal->english.empty());
        CHECK_FALSE(refusal->chinese.empty());
    }
    for (const char* unknown : {"", "0", "99", "abc", "0", "012"}) {
        CHECK(logon_refusal(unknown) == nullptr);
    }
}

TEST_CASE("venue_codes_are_read_from_the_text_and_written_back") {
    struct Row {
        const char* text;
        std::uint16_t code;
        const char* written;
    };
    for (const Row& row :
         {Row{"0050-NO LEAVES QTY", 50, "0050"}, Row{"2014-QTY ERROR", 2014, "2014"},
          Row{"C014-QTY ERROR", 12014, "C014"}, Row{"7038", 7038, "7038"}, Row{"0256 X", 256, "0256"}}) {
        CHECK(venue_code_of(row.text) == row.code);
        const auto written = venue_code_text(row.code);
        CHECK(std::string(written.data(), written.size()) == row.written);
    }
    for (const char* none : {"", "005", "ERROR", "00501", "c014", "-001"}) {
        CHECK(venue_code_of(none) == 0);
    }
}

TEST_CASE("a_venue_code_means_what_its_venue_and_sub_system_say") {
    struct Row {
        risk::Venue venue;
        const char* code;
        VenueMeaning meaning;
        const char* english_contains;
    };
    constexpr auto twse = risk::Venue::twse;
    constexpr auto tpex = risk::Venue::tpex;
    using enum VenueMeaning;
    for (const Row& row : {
             Row{twse, "0001", session_closed, "no longer"},
             Row{twse, "0003", retry_later, "matching"},
             Row{twse, "0005", order_not_found, "does not have"},
             Row{twse, "0011", wrong_locally, "price and a quantity"},
             Row{twse, "0028", refused, "Foreign"},
             Row{tpex, "0028", refused, "dealer"},
             Row{twse, "0031", quantity_cut, "cut"},
             Row{twse, "0033", broker_limit, "broker"},
             Row{twse, "0038", refused, "Short selling of this security"},
             Row{tpex, "0038", refused, "Margin"},
             Row{twse, "7038", refused, "below the reference"},
             Row{tpex, "7038", refused, "below the reference"},
             Row{tpex, "0041", wrong_locally, "used before"},
             Row{twse, "0041", unknown, "does not know"},
             Row{twse, "0014", wrong_locally, "account"},
             Row{twse, "2014", wrong_locally, "1 to 999"},
             Row{twse, "C014", wrong_locally, "1 to 999"},
             Row{twse, "2035", broker_limit, "odd-lot"},
             Row{twse, "C005", order_not_found, "does not have"},
             Row{twse, "0048", treat_as_cancel, "matched"},
             Row{twse, "0052", treat_as_cancel, "volatility"},
             Row{twse, "0050", no_leaves, "Nothing is left"},
             Row{twse, "0089", stop_line, "Too many"},
             Row{twse, "0099", in_doubt, "does not know"},
             Row{twse, "0200", front_end_down, "front end"},
             Row{twse, "0221", broken_encoder, "length"},
             Row{twse, "0233", broken_encoder, "length"},
             Row{twse, "0234", unknown, "does not know"},
             Row{twse, "0241", broken_encoder, "missing"},
             Row{twse, "0256", broken_encoder, "missing"},
             Row{twse, "5014", unknown, "does not know"},
         }) {
        INFO(row.code);
        const VenueStatus& status = venue_status(row.venue, venue_code_of(row.code));
        CHECK(status.meaning == row.meaning);
        CHECK(std::string(status.english).find(row.english_contains) != std::string::npos);
        CHECK_FALSE(status.chinese.empty());
        CHECK(status.english.back() == '.');
    }
    CHECK(venue_status(twse, 9).alarms());
    CHECK_FALSE(venue_status(twse, 50).alarms());
}

}  // namespace
}  // namespace fairlead::gateway
