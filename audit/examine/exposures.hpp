// replay --until: what every investor and account had executed and open at one instant, against which Limits.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "audit/examine/words.hpp"
#include "audit/journal_reader.hpp"

namespace fairlead::audit {

enum class TableFormat : std::uint8_t { text, json, csv };

struct ExposureOptions {
    JournalPlace place;
    // The state behind this record; 0 = by time. By time: behind the last record before the first one whose
    // UTC time is later.
    risk::Sequence until_sequence = 0;
    risk::UtcNs until_utc_ns = 0;
    std::string investor;      // empty = all
    risk::AccountKey account;  // number 0 = all
    bool all = false;          // also those that have nothing executed, nothing open, and no halt
    TableFormat format = TableFormat::text;
    Masking masking = Masking::masked;
};

// Writes the table piece by piece, so that a million accounts take no memory. Empty text: done. Otherwise
// what is wrong: a damaged journal, no such sequence, no such investor or account on that day.
using Sink = std::function<void(std::string_view)>;
[[nodiscard]] std::string write_exposures(const ExposureOptions& options, const Sink& sink);

}  // namespace fairlead::audit
