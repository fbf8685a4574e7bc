// SmallGateway: makes a real journal in the test's own process, through the production Ledger, Front and
// keeper. It has no sessions and no venue: a test says what arrives.
#pragma once

#include <catch2/catch.hpp>
#include <new>

#include "audit/keeper/keeper.hpp"
#include "config/reference_archive.hpp"
#include "risk/ledger.hpp"
#include "sample.hpp"

namespace fairlead::test {

using namespace fairlead::audit;

// Appends through a Ledger, as the gateway does, and lets the real keeper write it.
class SmallGateway {
  public:
    explicit SmallGateway(const std::string& journal) : journal_(journal) {
        REQUIRE(make_directory(journal).empty());
        opened_ = Front::open(small_front(memory_.path(), journal));
        REQUIRE(opened_.error == "");
    }
    template <class T>
    void step(T record, risk::RecordKind kind, bool answer = false, bool spoil = false,
              const risk::Routing& routing = {}) {
        record.record.kind = kind;
        record.record.sequence = opened_.front->published() + 1;
        record.record.monotonic_ns = static_cast<std::int64_t>(record.record.sequence);
        risk::Answered answered;
        answered.routing = routing;
        answered.decision = ledger_.apply(record.record);
        answered.decision.flags = static_cast<std::uint8_t>(answered.decision.flags + (spoil ? 1 : 0));
        opened_.front->append(record, {}, answer ? &answered : nullptr);
    }
    // The reference data of the next DayStart, archived beside the journal; its facts.
    [[nodiscard]] risk::DayStartFacts stage(risk::Reference reference, std::int64_t origin_utc_ns) {
        const config::ArchivedReference archived =
            config::archive_reference(reference, journal_ + "/reference");
        REQUIRE(archived.error == "");
        reference.day = archived.day;
        reference.day.origin_utc_ns = origin_utc_ns;
        day_ = std::move(reference);
        REQUIRE(ledger_.stage(day_) == "");
        return day_.day;
    }
    [[nodiscard]] risk::Sequence published() const { return opened_.front->published(); }
    [[nodiscard]] const risk::Ledger& ledger() const { return ledger_; }
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
        sizes.accounts_max = sizes.investors_max = sizes.securities_max = sizes.limits_max = 100;
        return sizes;
    }
    std::string journal_;
    TemporaryDirectory memory_{"/dev/shm"};
    Front::OpenResult opened_;
    risk::Reference day_;  // the Ledger reads it where it lies
    risk::Ledger ledger_{sizes()};
};

}  // namespace fairlead::test
