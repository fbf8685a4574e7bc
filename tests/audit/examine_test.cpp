// The examiner's verify: what it counts and what it finds.
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
