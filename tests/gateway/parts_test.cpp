// The order thread's own containers: gated output, resend index, outstanding and waiting commands.
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "gateway/connection.hpp"
#include "gateway/out_buffer.hpp"
#include "gateway/outgoing_index.hpp"
#include "gateway/outstanding.hpp"
#include "gateway/wait_queue.hpp"

using namespace fairlead;

namespace {

void put(gateway::OutBuffer& buffer, const std::string& text, risk::Sequence gate, std::uint64_t number) {
    const std::span<char> room = buffer.room(text.size());
    REQUIRE(room.size() >= text.size());
    std::memcpy(room.data(), text.data(), text.size());
    buffer.commit(text.size(), gate, number);
}

std::string taken(gateway::OutBuffer& buffer, risk::Sequence gate) {
    const std::span<const char> bytes = buffer.sendable(gate);
    return {bytes.data(), bytes.size()};
}

}  // namespace

TEST_CASE("no_byte_is_offered_for_a_record_above_the_gate") {
    gateway::OutBuffer buffer(1024);
    put(buffer, "first.", 10, 1);
    put(buffer, "second.", 11, 2);
    put(buffer, "third.", 13, 3);
    CHECK(taken(buffer, 9).empty());
    CHECK(taken(buffer, 10) == "first.");
    CHECK(taken(buffer, 12) == "first.second.");
    CHECK(buffer.sent(6) == 1);
    CHECK(taken(buffer, 12) == "second.");
    CHECK(taken(buffer, 13) == "second.third.");
}

TEST_CASE("a_message_counts_as_departed_only_when_it_left_whole") {
    gateway::OutBuffer buffer(1024);
    put(buffer, "0123456789", 1, 7);
    put(buffer, "abcdefghij", 2, 8);
    REQUIRE(taken(buffer, 2).size() == 20);
    CHECK(buffer.sent(9) == 0);
    CHECK(buffer.sent(1) == 7);
    CHECK(taken(buffer, 2) == "abcdefghij");
    CHECK(buffer.sent(10) == 8);
    CHECK(buffer.empty());
}

TEST_CASE("a_message_that_does_not_fit_is_refused_whole_and_the_room_comes_back") {
    gateway::OutBuffer buffer(64);
    put(buffer, std::string(40, 'a'), 1, 1);
    CHECK(buffer.room(30).empty());
    REQUIRE(taken(buffer, 1).size() == 40);
    static_cast<void>(buffer.sent(20));
    CHECK(buffer.room(30).size() == 30);  // moved to the front
    CHECK(taken(buffer, 1) == std::string(20, 'a'));
}

TEST_CASE("every_outgoing_number_finds_its_record_and_session_messages_find_none") {
    gateway::OutgoingIndex index(3, 10'000);
    for (std::uint64_t number = 1; number <= 3'000; ++number) {
        REQUIRE(index.add(1, number, number % 5 == 0 ? 0 : 100 + number));
        REQUIRE(index.add(2, number, 50'000 + number));
    }
    CHECK(index.find(1, 1) == 101);
    CHECK(index.find(1, 5) == 0);
    CHECK(index.find(1, 2'999) == 3'099);
    CHECK(index.find(2, 3'000) == 53'000);
    CHECK(index.find(2, 3'001) == 0);
    CHECK(index.find(1, 0) == 0);
    index.reset(1);
    CHECK(index.find(1, 1) == 0);
    CHECK(index.find(2, 1) == 50'001);
}

TEST_CASE("an_exhausted_resend_index_says_so_and_answers_none") {
    gateway::OutgoingIndex index(2, 1);
    std::uint64_t number = 1;
    while (index.add(1, number, number)) {
        ++number;
    }
    CHECK(number > 1);
    CHECK(index.find(1, number) == 0);
    CHECK(index.find(1, number - 1) == number - 1);
}

TEST_CASE("outstanding_commands_are_found_by_number_and_by_command_until_answered") {
    gateway::Outstanding outstanding(4);
    for (std::uint64_t i = 1; i <= 4; ++i) {
        outstanding.push({10 + i, 100 + i, 100 + i, 1, risk::RecordKind::new_order, false, false, false});
    }
    CHECK(outstanding.full());
    REQUIRE(outstanding.find_number(13) != nullptr);
    CHECK(outstanding.find_number(13)->command == 103);
    CHECK(outstanding.find_command(105) == nullptr);
    outstanding.answered(*outstanding.find_command(102));
    CHECK(outstanding.size() == 4);  // the first is still out
    outstanding.answered(*outstanding.find_command(101));
    CHECK(outstanding.size() == 2);
    CHECK(outstanding.find_command(101) == nullptr);
    outstanding.push({20, 200, 200, 1, risk::RecordKind::new_order, false, false, false});
    CHECK(outstanding.find_command(200) != nullptr);
}

TEST_CASE("waiting_commands_leave_in_arrival_order_as_they_came") {
    gateway::WaitQueue queue(2);
    for (const risk::Sequence sequence : {5U, 6U}) {
        risk::NewOrder order;
        order.record.kind = risk::RecordKind::new_order;
        order.record.sequence = sequence;
        order.facts.quantity = static_cast<risk::Quantity>(sequence) * 1000;
        queue.push({gateway::CommandCopy(order.record), 1, sequence, 0});
    }
    CHECK(queue.full());
    CHECK(queue.front().command.record().sequence == 5);
    queue.pop();
    const auto& second = reinterpret_cast<const risk::NewOrder&>(queue.front().command.record());
    CHECK(second.facts.quantity == 6000);
    queue.pop();
    CHECK(queue.empty());
}

namespace {

gateway::WaitingCommand waiting(risk::RecordKind kind, risk::Sequence sequence,
                                risk::CancelOrigin origin = risk::CancelOrigin::client) {
    risk::NewOrder order;
    risk::CancelOrder cancel;
    order.record.sequence = cancel.record.sequence = sequence;
    order.record.kind = risk::RecordKind::new_order;
    cancel.record.kind = risk::RecordKind::cancel_order;
    cancel.facts.origin = origin;
    const risk::Record& record = kind == risk::RecordKind::cancel_order ? cancel.record : order.record;
    return {gateway::CommandCopy(record), 1, sequence, 0};
}

// In which order they leave.
std::vector<risk::Sequence> emptied(gateway::WaitLanes& lanes) {
    std::vector<risk::Sequence> left;
    while (!lanes.empty()) {
        const gateway::WaitLane next = lanes.next(true).value();
        gateway::WaitQueue& queue = lanes.lane(next);
        left.push_back(queue.front().command.record().sequence);
        CHECK(lanes.holding(left.back()) == next);
        lanes.take_turn(next);
        queue.pop();
    }
    return left;
}

void add(gateway::WaitLanes& lanes, const gateway::WaitingCommand& command, unsigned of_order = 0) {
    lanes.lane(gateway::WaitLanes::of(command.command.record(), of_order)).push(command);
}

}  // namespace

TEST_CASE("new_orders_that_wait_cannot_block_a_cancel_and_leave_in_arrival_order") {
    using gateway::WaitLane;
    gateway::WaitLanes lanes(8);
    CHECK(lanes.open(WaitLane::others, true));
    CHECK(lanes.open(WaitLane::made, true));
    add(lanes, waiting(risk::RecordKind::new_order, 1));
    add(lanes, waiting(risk::RecordKind::new_order, 2));
    CHECK_FALSE(lanes.open(WaitLane::others, true));
    CHECK(lanes.open(WaitLane::cancels, true));
    CHECK_FALSE(lanes.open(WaitLane::made, true));
    add(lanes, waiting(risk::RecordKind::cancel_order, 3));
    CHECK_FALSE(lanes.open(WaitLane::cancels, true));
    add(lanes, waiting(risk::RecordKind::cancel_order, 4), 1);  // of an order that waits itself: behind it
    CHECK(emptied(lanes) == std::vector<risk::Sequence>{3, 1, 2, 4});
}

TEST_CASE("a_clients_cancel_does_not_wait_behind_those_the_gateway_made") {
    using gateway::WaitLane;
    gateway::WaitLanes lanes(8);
    const auto made = {risk::CancelOrigin::mass_cancel, risk::CancelOrigin::disconnect,
                       risk::CancelOrigin::halt, risk::CancelOrigin::limit_cut};
    risk::Sequence sequence = 1;
    for (const risk::CancelOrigin origin : made) {
        add(lanes, waiting(risk::RecordKind::cancel_order, sequence++, origin));
    }
    CHECK(lanes.open(WaitLane::cancels, true));
    CHECK_FALSE(lanes.open(WaitLane::made, true));
    CHECK_FALSE(lanes.open(WaitLane::others, true));
    add(lanes, waiting(risk::RecordKind::cancel_order, 5));
    CHECK(lanes.size() == 5);
    CHECK_FALSE(lanes.open(WaitLane::made, true));
    CHECK(emptied(lanes) == std::vector<risk::Sequence>{5, 1, 2, 3, 4});
}

TEST_CASE("cancels_the_gateway_made_take_no_more_than_every_other_turn_from_others") {
    gateway::WaitLanes lanes(8);
    for (const risk::Sequence made : {1U, 2U, 3U, 4U}) {
        add(lanes, waiting(risk::RecordKind::cancel_order, made, risk::CancelOrigin::disconnect));
    }
    for (const risk::Sequence other : {5U, 6U}) {
        add(lanes, waiting(risk::RecordKind::new_order, other));
    }
    add(lanes, waiting(risk::RecordKind::cancel_order, 7));  // a client's: takes nobody's turn
    CHECK(emptied(lanes) == std::vector<risk::Sequence>{7, 1, 5, 2, 6, 3, 4});
}

TEST_CASE("cancels_the_gateway_made_that_wait_for_an_answer_keep_nobody_else_waiting") {
    using gateway::WaitLane;
    gateway::WaitLanes lanes(8);
    add(lanes, waiting(risk::RecordKind::cancel_order, 1, risk::CancelOrigin::halt));
    CHECK(lanes.open(WaitLane::others, false));
    CHECK_FALSE(lanes.open(WaitLane::made, false));
    CHECK(lanes.next(false) == std::nullopt);
    add(lanes, waiting(risk::RecordKind::new_order, 2));
    CHECK_FALSE(lanes.open(WaitLane::others, false));  // behind its like
    CHECK(lanes.next(false) == WaitLane::others);
    CHECK(lanes.next(true) == WaitLane::made);
}

TEST_CASE("outstanding_counts_the_gateways_own_cancels_that_the_venue_owes_an_answer") {
    gateway::Outstanding outstanding(8);
    const auto push = [&](std::uint64_t number, bool made) {
        outstanding.push({number, number, 1, 1, risk::RecordKind::cancel_order, false, false, false, made});
    };
    push(1, true);
    push(2, false);
    push(3, true);
    push(4, true);
    CHECK(outstanding.made() == 3);
    outstanding.answered(*outstanding.find_number(2));
    outstanding.answered(*outstanding.find_number(3));  // behind one that is still out
    CHECK(outstanding.made() == 2);
    outstanding.answered(*outstanding.find_number(3));  // told twice
    outstanding.mark_in_doubt(*outstanding.find_number(4));
    CHECK(outstanding.made() == 1);
    outstanding.answered(*outstanding.find_number(4));
    CHECK(outstanding.made() == 1);
    outstanding.forget_made();
    push(5, true);
    CHECK(outstanding.made() == 1);
    outstanding.answered(*outstanding.find_number(1));  // late, and forgotten
    CHECK(outstanding.made() == 1);
    outstanding.clear();
    push(1, true);  // the next day
    outstanding.answered(*outstanding.find_number(1));
    CHECK(outstanding.made() == 0);
}

TEST_CASE("text_that_is_no_message_takes_a_turn_of_its_own_and_is_counted") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    gateway::Connection connection(4096, 4096);
    connection.open(gateway::Socket(ends[0]), {}, 1);
    const std::string bad = "8=FIX.4.4\0019=5\00135=0\00110=000\001";  // its CheckSum (10) is wrong
    const std::string good = "8=FIX.4.4\0019=5\00135=0\00110=163\001";
    const std::string sent = bad + bad + bad + good;
    REQUIRE(::write(ends[1], sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()));
    REQUIRE(connection.read().status == gateway::ReadResult::Status::data);
    const fix::Reader reader(1024);
    fix::Message message;
    const risk::UtcNs later = gateway::SystemClock::utc_ns() + 1'000'000'000;
    for (risk::UtcNs pass = later; pass < later + 3; ++pass) {
        CHECK(connection.frame(reader, message, pass) == gateway::Connection::Head::none);
        CHECK(connection.unfinished());
    }
    CHECK(connection.frame(reader, message, later + 3) == gateway::Connection::Head::ready);
    CHECK_FALSE(connection.unfinished());
    CHECK(connection.effective_ns() == later + 3);  // it stood behind them, by its own session's doing
    CHECK(connection.take_skipped() == 3);
    CHECK(connection.take_skipped() == 0);
    ::close(ends[1]);
}
