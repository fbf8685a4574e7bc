#include "audit/examine/replayer.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "config/reference_archive.hpp"

namespace fairlead::audit {

risk::Sizes few_rows() noexcept {
    risk::Sizes sizes;
    for (std::uint32_t* rows :
         {&sizes.orders_max, &sizes.commands_max, &sizes.executions_max, &sizes.positions_max,
          &sizes.accounts_max, &sizes.investors_max, &sizes.securities_max, &sizes.branches_max,
          &sizes.sessions_max, &sizes.limits_max, &sizes.halts_max}) {
        *rows = 16;
    }
    return sizes;
}

void make_room(risk::Ledger& ledger, const risk::Reference* next) {
    ledger.grow(ledger.sizes_for_next(next));
}

std::string Replayer::open(const JournalPlace& place, OnDay on_day) {
    place_ = place;
    on_day_ = std::move(on_day);
    last_sequence_ = find_disk_end(place_).chain.sequence;
    if (!reader_.open(place_)) {
        return reader_.error();
    }
    ledger_ = std::make_unique<risk::Ledger>(few_rows());
    return {};
}

bool Replayer::next() {
    RecordView view;
    const ReadStatus status = reader_.next(view);
    if (status != ReadStatus::record) {
        error_ = status == ReadStatus::damaged ? reader_.error() : std::string();
        return false;
    }
    record_ = materialize(view, storage_);
    if (record_ == nullptr) {
        error_ = "record " + std::to_string(view.header.sequence) +
                 ": facts or person have not the size of their type: run verify";
        return false;
    }
    const Bytes decided = view.section(SectionKind::decision);
    answered_.reset();
    if (decided.size() == sizeof(risk::Answered)) {
        std::memcpy(&answered_.emplace(), decided.data(), sizeof(risk::Answered));
    }
    if (record_->kind == risk::RecordKind::day_start) {
        error_ = stage(as_kind<risk::DayStart>(*record_));
    }
    return error_.empty();
}

std::string Replayer::stage(const risk::DayStart& start) {
    config::RestoredReference restored =
        config::load_archived_reference(place_.directory + "/reference", start.facts);
    std::string problem = restored.error;
    if (problem.empty()) {
        // The one before the day in force is read by nobody any more.
        day_ = std::move(next_day_);
        next_day_ = std::make_unique<risk::Reference>(std::move(restored.reference));
        make_room(*ledger_, next_day_.get());
        problem = ledger_->stage(*next_day_);
    }
    if (problem.empty() && on_day_) {
        problem = on_day_(*next_day_, start.record);
    }
    return problem.empty() ? problem
                           : "record " + std::to_string(start.record.sequence) +
                                 ": the day's reference data cannot be used: " + problem;
}

}  // namespace fairlead::audit
