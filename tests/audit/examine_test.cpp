// The examiner's judgements: what verify counts and finds, and the arithmetic of fairness on cases small
// enough to be checked by hand.
#include <catch2/catch.hpp>
#include <cstring>
#include <new>

#include "audit/examine/report.hpp"
#include "audit/keeper/keeper.hpp"
#include "risk/ledger.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

Departure departure(risk::Sequence command, const char* investor, std::int64_t arrived_ns,
                    const char* symbol = "2330", std::uint32_t line = 1) {
    Departure result;
    result.command = command;
    result.line = line;
    result.investor = risk::InvestorId(investor);
    result.symbol = risk::Symbol(symbol);
    result.arrived_ns = arrived_ns;
    result.departed_ns = arrived_ns + 1000;
    return result;
}

// Appends through a Ledger, as the gateway does, and lets the real keeper write it.
class SmallGateway {
  public:
    explicit SmallGateway(const std::string& journal) : journal_(journal) {
        REQUIRE(make_directory(journal).empty());
        opened_ = Front::open(small_front(memory_.path(), journal));
        REQUIRE(opened_.error == "");
    }
    template <class T>
    void step(T record, risk::RecordKind kind, bool answer = false, bool spoil = false) {
        record.record.kind = kind;
        record.record.sequence = opened_.front->published() + 1;
        record.record.monotonic_ns = static_cast<std::int64_t>(record.record.sequence);
        risk::Answered answered;
        answered.decision = ledger_.apply(record.record);
        answered.decision.flags = static_cast<std::uint8_t>(answered.decision.flags + (spoil ? 1 : 0));
        opened_.front->append(record, {}, answer ? &answered : nullptr);
    }
    [[nodiscard]] risk::StateDigest digest() const { return ledger_.digest(); }
    void keep() {
        MarkResult mark = open_mark(memory_.path(), true);
        KeeperOptions options;
        options.journal_directory = journal_;
        options.front_directory = memory_.path();
        options.segment_bytes = 1 << 20;
        SegmentStore store({journal_, 1 << 20, 1, [](const std::string&) {}});
        const Recovered recovered = recover_disk(options, 0, store);
        REQUIRE(recovered.error == "");
        Keeper<SegmentStore> keeper(options, store,
                                    *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data())),
                                    recovered.start);
        while (keeper.synced() < opened_.front->published()) {
            static_cast<void>(keeper.step(monotonic_now()));
        }
        keeper.finish();
    }

  private:
    static risk::Sizes sizes() {
        risk::Sizes sizes;
        sizes.orders_max = sizes.commands_max = sizes.executions_max = sizes.positions_max = 100;
        sizes.accounts_max = sizes.investors_max = sizes.securities_max = 100;
        return sizes;
    }
    std::string journal_;
    TemporaryDirectory memory_{"/dev/shm"};
    Front::OpenResult opened_;
    risk::Ledger ledger_{sizes()};
};

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

TEST_CASE("an_empty_or_missing_journal_is_not_verified") {
    const TemporaryDirectory disk;
    CHECK_FALSE(verify_directory(disk.path()).ok());
    CHECK_FALSE(verify_directory(disk.path() + "/none").ok());
}

TEST_CASE("inversions_are_pairs_of_two_investors_on_one_line_sent_against_arrival") {
    struct Row {
        const char* name;
        std::vector<Departure> sent;  // in the order they went out
        std::uint64_t pairs, inversions, races, race_inversions;
        std::int64_t worst_ns;
    };
    const Row rows[] = {
        {"in order", {departure(1, "a", 100), departure(2, "b", 200)}, 1, 0, 1, 0, 0},
        {"inverted", {departure(1, "a", 200), departure(2, "b", 100)}, 1, 1, 1, 1, 100},
        {"same moment", {departure(1, "a", 100), departure(2, "b", 100)}, 1, 0, 1, 0, 0},
        {"same investor", {departure(1, "a", 200), departure(2, "a", 100)}, 0, 0, 0, 0, 0},
        {"other line", {departure(1, "a", 200), departure(2, "b", 100, "2330", 2)}, 0, 0, 0, 0, 0},
        {"other security", {departure(1, "a", 200), departure(2, "b", 100, "2317")}, 1, 1, 0, 0, 100},
        {"at the window's edge", {departure(1, "a", 50'100), departure(2, "b", 100)}, 1, 1, 1, 1, 50'000},
        {"just beyond the window", {departure(1, "a", 50'101), departure(2, "b", 100)}, 1, 1, 0, 0, 50'001},
        {"three investors, last came first",
         {departure(1, "a", 200), departure(2, "b", 300), departure(3, "c", 100)},
         3,
         2,
         3,
         2,
         200},
        {"own earlier order does not hide another's",
         {departure(1, "b", 150), departure(2, "a", 400), departure(3, "a", 100)},
         2,
         1,
         2,
         1,
         50},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const FairnessReport report = judge_fairness(row.sent);
        CHECK(report.pairs == row.pairs);
        CHECK(report.inversions == row.inversions);
        CHECK(report.race_pairs == row.races);
        CHECK(report.race_inversions == row.race_inversions);
        CHECK(report.worst_ns == row.worst_ns);
    }
}

TEST_CASE("waiting_is_departure_less_arrival_and_distance_compares_whole_distributions") {
    std::vector<Departure> sent;
    for (std::int64_t i = 1; i <= 100; ++i) {
        sent.push_back(departure(static_cast<risk::Sequence>(2 * i), "a", i * 1000));
        sent.back().departed_ns = sent.back().arrived_ns + i;
        sent.push_back(departure(static_cast<risk::Sequence>(2 * i + 1), "b", i * 1000));
        sent.back().departed_ns = sent.back().arrived_ns + (i <= 50 ? i : 1000);
    }
    const FairnessReport report = judge_fairness(sent);
    REQUIRE(report.waits.size() == 2);
    CHECK(report.waits[0].p50_ns == 50);
    CHECK(report.waits[0].p99_ns == 99);
    CHECK(report.waits[0].worst_ns == 100);
    CHECK(report.waits[1].p99_ns == 1000);
    CHECK(report.largest_distance == Approx(0.5));
    CHECK(summary_of(report).find("fairness: 0 inversions in") == 0);
}
