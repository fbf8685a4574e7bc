// Replayer: one pass through a journal beside the production Ledger, one record at a time, so that the Ledger
// can be asked before and after each. It judges nothing but what makes replay impossible: `verify` is the
// command that finds damage. Memory: the Ledger's and one day's reference data. Used by explain and replay.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/journal_reader.hpp"
#include "risk/ledger.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

// A Ledger of a replay begins small and grows with what the journal holds: before each Record, and before a
// day's reference data is staged, it gets the room that may take. What bounds the Decisions is the Capacity
// that the gateway has journaled.
[[nodiscard]] risk::Sizes few_rows() noexcept;
void make_room(risk::Ledger& ledger, const risk::Reference* next = nullptr);

class Replayer {
  public:
    // Told each day's reference data, before the Ledger takes it. Empty text: go on.
    using OnDay = std::function<std::string(const risk::Reference& reference, const risk::Record& start)>;

    // Empty text: `next` may be called. Otherwise why not.
    [[nodiscard]] std::string open(const JournalPlace& place, OnDay on_day = {});

    // Reads the next record; the Ledger has not seen it yet. False: the end, or error() is not empty.
    [[nodiscard]] bool next();
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    // Of the last record read; good until the next call.
    [[nodiscard]] const risk::Record& record() const noexcept { return *record_; }
    // The Decision and routing journaled beside it.
    [[nodiscard]] const std::optional<risk::Answered>& answered() const noexcept { return answered_; }
    // Gives the record to the Ledger: once a record.
    [[nodiscard]] risk::Decision apply() {
        make_room(*ledger_);
        return ledger_->apply(*record_);
    }
    [[nodiscard]] const risk::Ledger& ledger() const noexcept { return *ledger_; }
    [[nodiscard]] std::uint64_t last_sequence() const noexcept { return last_sequence_; }

  private:
    [[nodiscard]] std::string stage(const risk::DayStart& start);

    JournalPlace place_;
    OnDay on_day_;
    JournalReader reader_;
    std::unique_ptr<risk::Ledger> ledger_;
    // The Ledger reads them where they lie: the day in force, and the one staged.
    std::unique_ptr<risk::Reference> day_;
    std::unique_ptr<risk::Reference> next_day_;
    RecordStorage storage_;
    const risk::Record* record_ = nullptr;
    std::optional<risk::Answered> answered_;
    std::uint64_t last_sequence_ = 0;
    std::string error_;
};

// The struct of a record whose kind says that it is one.
template <class Kind>
[[nodiscard]] const Kind& as_kind(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

}  // namespace fairlead::audit
