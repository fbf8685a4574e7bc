// The same Records give the same Decisions, byte for byte, and the same digest, whatever the Ledger was
// sized for and whatever its tables were seeded with. And what breaks an invariant stops the program.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <random>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

// A recorded day of mixed traffic: the bytes of Records as a journal keeps them.
struct Recorded {
    alignas(8) std::array<unsigned char, 512> bytes{};
    Decision decision;
    [[nodiscard]] const Record& record() const { return reinterpret_cast<const Record&>(bytes); }
};

class Recorder : public World {
  public:
    using World::World;

    template <class T>
    Decision keep(T record, RecordKind kind, std::uint32_t session) {
        static_assert(sizeof(T) <= sizeof(Recorded::bytes));
        const Decision decision = feed(record, kind, session);
        Recorded kept;
        std::memcpy(kept.bytes.data(), &record, sizeof record);
        kept.decision = decision;
        recorded.push_back(kept);
        return decision;
    }
    void day(std::uint64_t seed, int count) {
        std::mt19937_64 random(seed);
        std::vector<Decision> orders;
        for (int n = 0; n < count; ++n) {
            const std::string id = "I" + std::to_string(n);
            const auto kind = random() % 6;
            now_ns += static_cast<UtcNs>(random() % 10'000'000);
            if (kind < 2 || orders.empty()) {
                const bool buy = random() % 2 == 0;
                NewOrder command =
                    order(id.c_str(), buy ? Side::buy : Side::sell,
                          1'000 * (1 + static_cast<Quantity>(random() % 3)), (buy ? 99 : 101) * ntd,
                          1 + static_cast<std::uint32_t>(random() % 3), random() % 2 == 0 ? "2330" : "2317");
                orders.push_back(keep(command, RecordKind::new_order, 8));
                continue;
            }
            const Decision& chosen = orders[random() % orders.size()];
            if (kind == 2) {
                CancelOrder command;
                command.facts.client_order_id = ClientOrderId{id};
                command.facts.original_client_order_id = chosen.client_order_id;
                keep(command, RecordKind::cancel_order, 8);
            } else if (kind == 3) {
                ReplaceOrder command;
                command.facts.client_order_id = ClientOrderId{id};
                command.facts.original_client_order_id = chosen.client_order_id;
                command.facts.quantity = chosen.ordered;
                command.facts.price = chosen.price + (random() % 2 == 0 ? 5'000 : -1'000);
                keep(command, RecordKind::replace_order, 8);
            } else {
                // Fills to the end and now and then beyond it, which halts the investor.
                const bool left = chosen.order_slot != 0 && ledger->order(chosen.order_slot).leaves() > 0;
                const bool trade = random() % 2 == 0 && (left || random() % 500 == 0);
                VenueReport told = report(chosen, trade ? OrderStatus::trade : OrderStatus::created);
                told.facts.last_quantity = 500;
                told.facts.last_price = chosen.price;
                told.facts.execution_id = ExecutionId{id};
                keep(told, RecordKind::venue_report, 1);
            }
        }
    }

    std::vector<Recorded> recorded;
};

Sizes one_row() {
    Sizes sizes;
    sizes.orders_max = sizes.commands_max = sizes.executions_max = sizes.positions_max = 1;
    sizes.accounts_max = sizes.investors_max = sizes.securities_max = sizes.branches_max = 1;
    sizes.sessions_max = sizes.limits_max = sizes.halts_max = 1;
    return sizes;
}
void start_small(World& world) {
    world.ledger->grow(world.ledger->sizes_for_next(&world.reference));
    REQUIRE(world.start() == "");
    world.open_line(Venue::twse, 1);
    world.open_line(Venue::tpex, 2);
}
Capacity capacity_of(const Sizes& sizes) {
    Capacity capacity;
    capacity.facts = {sizes.orders_max,    sizes.commands_max, sizes.executions_max,
                      sizes.positions_max, sizes.limits_max,   sizes.halts_max};
    return capacity;
}

// Whether a child that does this ends by abort.
template <class Act>
bool stops(Act act) {
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test framework's
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("replay_gives_the_same_decisions_and_digest_at_every_record_whatever_the_sizes") {
    Reference reference = make_reference();
    reference.rules.repeat_count_max = 40;
    reference.rules.investor_message_rate = 200;
    Recorder live(reference);
    const Sequence first = live.ledger->last_sequence();
    live.day(1, 3'000);
    Sizes larger;
    larger.orders_max = 20'000;
    larger.commands_max = 50'000;
    larger.executions_max = 20'000;
    larger.positions_max = 1'000;
    larger.accounts_max = larger.investors_max = larger.securities_max = 100;
    larger.hash_seed = 0x1234'5678'9ABC'DEF0;
    World again(reference, larger);
    REQUIRE(again.ledger->last_sequence() == first);
    int accepted = 0;
    for (const Recorded& kept : live.recorded) {
        const Decision decision = again.ledger->apply(kept.record());
        REQUIRE(std::memcmp(&decision, &kept.decision, sizeof decision) == 0);
        accepted += decision.outcome == Outcome::accepted ? 1 : 0;
    }
    CHECK(accepted > 300);
    CHECK(again.ledger->digest() == live.ledger->digest());
}

TEST_CASE("a_replay_refuses_for_want_of_room_what_the_gateway_refused_whatever_room_it_has_itself") {
    const Reference reference = make_reference();
    const auto tight = [](std::uint32_t Sizes::*table, std::uint32_t rows) {
        Sizes sizes = small_sizes();
        sizes.*table = rows;
        return sizes;
    };
    const auto positions = static_cast<std::uint32_t>(reference.inventory.size()) + 1;
    for (const Sizes& sizes : {tight(&Sizes::orders_max, 200), tight(&Sizes::commands_max, 300),
                               tight(&Sizes::executions_max, 50), tight(&Sizes::positions_max, positions)}) {
        Recorder live(reference, sizes);
        Capacity capacity = capacity_of(sizes);
        live.keep(capacity, RecordKind::capacity, 0);
        CHECK(live.ledger->capacity() == capacity.facts);
        live.day(5, 2'000);
        World wide(reference);
        World growing(reference, one_row(), false);
        start_small(growing);
        int full = 0;
        for (const Recorded& kept : live.recorded) {
            growing.ledger->grow(growing.ledger->sizes_for_next());
            for (World* world : {&wide, &growing}) {
                const Decision decision = world->ledger->apply(kept.record());
                REQUIRE(std::memcmp(&decision, &kept.decision, sizeof decision) == 0);
            }
            full += kept.decision.reason == Reason::capacity_orders ||
                            kept.decision.reason == Reason::capacity_positions
                        ? 1
                        : 0;
        }
        CHECK(full > 20);
        CHECK(wide.ledger->digest() == live.ledger->digest());
        CHECK(growing.ledger->digest() == live.ledger->digest());
        CHECK(growing.ledger->sizes().orders_max < 2 * growing.ledger->counts().orders + 16);
    }
}

// Each order has room for a cancel or a reduction beyond the commands of a day: that room is the capacity's
// too.
TEST_CASE("a_replay_with_small_tables_remembers_the_reductions_that_the_gateway_remembered") {
    Sizes sizes = small_sizes();
    sizes.commands_max = 2;
    World live(make_reference(), sizes);
    World replay(make_reference(), one_row(), false);
    start_small(replay);
    const auto both = [&](const auto& act) {
        replay.ledger->grow(replay.ledger->sizes_for_next());
        const Decision decided = act(live);
        const Decision replayed = act(replay);
        CHECK(std::memcmp(&decided, &replayed, sizeof decided) == 0);
        return decided;
    };
    both([&](World& world) {
        Capacity capacity = capacity_of(sizes);
        return world.feed(capacity, RecordKind::capacity);
    });
    const Decision order =
        both([](World& world) { return world.send(world.order("R0", Side::buy, 60'000)); });
    both([&](World& world) { return world.acknowledge(order); });
    for (int n = 1; n <= 50; ++n) {
        const std::string before = "R" + std::to_string(n - 1);
        const std::string id = "R" + std::to_string(n);
        const Decision cut = both([&](World& world) {
            return world.replace(before.c_str(), id.c_str(), 60'000 - n * 1'000, 100 * ntd);
        });
        REQUIRE(cut.outcome == Outcome::accepted);
        both([&](World& world) {
            return world.tell(world.report(order, OrderStatus::replaced, cut.sequence));
        });
    }
    CHECK(both([](World& world) { return world.cancel("R50", "R49"); }).reason ==
          Reason::duplicate_client_order_id);
    CHECK(replay.ledger->digest() == live.ledger->digest());
}

TEST_CASE("limits_and_halts_find_the_room_that_the_capacity_tells") {
    World world;
    Capacity capacity = capacity_of(small_sizes());
    capacity.facts.limits = capacity.facts.halts = 1;
    world.feed(capacity, RecordKind::capacity);
    CHECK(world.set_limit(Scope::investor, Dimension::buy, 1'000 * ntd).outcome == Outcome::accepted);
    CHECK(world.set_limit(Scope::investor, Dimension::sell, 1'000 * ntd).reason ==
          Reason::capacity_positions);
    CHECK(world.halt(Scope::investor).outcome == Outcome::accepted);
    CHECK(world.halt(Scope::account).reason == Reason::capacity_positions);
    capacity.facts.halts = 2;
    world.feed(capacity, RecordKind::capacity);
    CHECK(world.halt(Scope::account).outcome == Outcome::accepted);
}

TEST_CASE("the_digest_differs_for_any_difference_in_state") {
    World one;
    World two;
    CHECK(one.ledger->digest() == two.ledger->digest());
    one.send(one.order("N1"));
    two.send(two.order("N2"));
    CHECK(one.ledger->digest() != two.ledger->digest());
    World three;
    three.send(three.order("N1"));
    CHECK(one.ledger->digest() == three.ledger->digest());
    one.halt(Scope::venue);
    three.halt(Scope::firm);
    CHECK(one.ledger->digest() != three.ledger->digest());
    World roomy;
    World tight;
    Capacity capacity = capacity_of(small_sizes());
    roomy.feed(capacity, RecordKind::capacity);
    --capacity.facts.orders;
    tight.feed(capacity, RecordKind::capacity);
    CHECK(roomy.ledger->digest() != tight.ledger->digest());
    // The last moment is state: the next Record may not be before it.
    const auto noted_at = [](MonotonicNs monotonic_ns) {
        World world;
        Stop record;
        record.record.kind = RecordKind::stop;
        record.record.sequence = world.ledger->last_sequence() + 1;
        record.record.monotonic_ns = monotonic_ns;
        world.ledger->apply(record.record);
        return world.ledger->digest();
    };
    CHECK(noted_at(second_ns) != noted_at(second_ns + 1));
}

TEST_CASE("the_digest_of_a_known_state_is_the_one_that_journals_hold") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    world.fill(order, 1'000, 100 * ntd, "B1");
    world.halt(Scope::venue);
    // A change of these numbers is a change of what journals hold: old ones replay to others no more.
    CHECK(world.ledger->digest() == StateDigest{0x1f29058289b1396, 0x1a6a3fb2b1bbea7f});
}

TEST_CASE("a_broken_invariant_stops_the_program") {
    CHECK(stops([] {
        World world;
        Stop record;
        record.record.kind = RecordKind::stop;
        record.record.sequence = world.ledger->last_sequence() + 2;
        record.record.monotonic_ns = INT64_MAX;
        world.ledger->apply(record.record);
    }));
    CHECK(stops([] {
        World world;
        Stop record;
        record.record.kind = RecordKind::stop;
        record.record.sequence = world.ledger->last_sequence() + 1;
        record.record.monotonic_ns = -1;
        world.ledger->apply(record.record);
    }));
    CHECK(stops([] {
        World world;
        Stop record;
        world.feed(record, static_cast<RecordKind>(999));
    }));
    CHECK(stops([] {
        World world;
        DayStart day;
        day.facts.securities[0] = 1;  // not the reference data that was staged
        world.feed(day, RecordKind::day_start);
    }));
    CHECK_FALSE(stops([] {
        World world;
        Start record;
        record.record.kind = RecordKind::start;
        record.record.sequence = world.ledger->last_sequence() + 1;
        record.record.monotonic_ns = -1;  // a new boot
        world.ledger->apply(record.record);
    }));
}

TEST_CASE("every_kind_of_record_has_a_decision") {
    for (const unsigned kind : {1U,  2U,  3U,  4U,  5U,  6U,  7U,  8U,  9U,  16U,  17U,  18U,
                                19U, 20U, 21U, 37U, 48U, 80U, 81U, 85U, 86U, 112U, 113U, 114U}) {
        World world;
        Stop record;
        const Decision decision = world.feed(record, static_cast<RecordKind>(kind));
        CHECK(decision.outcome == Outcome::noted);
        CHECK(decision.sequence == world.ledger->last_sequence());
    }
    World world;
    VenueReport record;
    CHECK(world.feed(record, RecordKind::orphan_report).outcome == Outcome::orphan);
}

TEST_CASE("no_second_ever_holds_more_commands_than_the_rate") {
    std::mt19937_64 random(3);
    MessageWindow window;
    std::vector<UtcNs> admitted;
    UtcNs now = origin_ns;
    for (int n = 0; n < 20'000; ++n) {
        now += static_cast<UtcNs>(random() % 20'000'000);
        if (window.admit(now, 50)) {
            admitted.push_back(now);
        }
    }
    CHECK(admitted.size() > 1'000);
    for (std::size_t i = 50; i < admitted.size(); ++i) {
        REQUIRE(admitted[i] - admitted[i - 50] > second_ns);
    }
    // A slow sender is never refused, and a stamp that steps back finds the newest bucket.
    MessageWindow slow;
    for (int n = 0; n < 1'000; ++n) {
        REQUIRE(slow.admit(origin_ns + n * 200'000'000LL, 6));
    }
    CHECK_FALSE(MessageWindow{}.admit(origin_ns, message_rate_none));
    MessageWindow stepped;
    CHECK(stepped.admit(origin_ns, 1));
    CHECK_FALSE(stepped.admit(origin_ns - 5 * second_ns, 1));
}

}  // namespace fairlead::tests
