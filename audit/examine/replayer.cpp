#include "audit/examine/replayer.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "config/reference_archive.hpp"

namespace fairlead::audit {

risk::Sizes replay_sizes(const std::string& journal_directory, std::uint64_t records) {
    std::uint64_t bytes = 0;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(journal_directory + "/reference", code)) {
        bytes += entry.is_regular_file(code) ? entry.file_size(code) : 0;
    }
    const auto whole = [](std::uint64_t value) {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 1U << 30));
    };
    constexpr std::uint64_t shortest_row_bytes = 16;
    const std::uint32_t rows = whole(bytes / shortest_row_bytes + 64);
    risk::Sizes sizes;
    sizes.orders_max = sizes.commands_max = sizes.executions_max = sizes.halts_max = whole(records + 16);
    sizes.accounts_max = sizes.investors_max = sizes.securities_max = rows;
    sizes.positions_max = sizes.limits_max = whole(records + rows);
    return sizes;
}

std::string Replayer::open(const JournalPlace& place, OnDay on_day) {
    place_ = place;
    on_day_ = std::move(on_day);
    // The last sequence bounds the Ledger's size.
    const DiskEnd end = find_disk_end(place_);
    last_sequence_ = end.chain.sequence;
    if (!reader_.open(place_)) {
        return reader_.error();
    }
    ledger_ = std::make_unique<risk::Ledger>(replay_sizes(place_.directory, last_sequence_));
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
