// replay --what-if: which commands a proposed limits file would have refused. The flow stays as it was: each
// command that was accepted is judged by itself, with the exposures that really stood before it, so an order
// that would have been refused still counts against the ones behind it, and its replaces, cancels and fills
// happen. The proposed file stands in place of each day's opening limits; Limits set by control stay set.
// Message rates, and commands the gateway refused, are not judged.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "audit/examine/exposures.hpp"
#include "risk/reason.hpp"

namespace fairlead::audit {

struct WhatIfOptions {
    JournalPlace place;
    std::string limits;  // file
    TableFormat format = TableFormat::text;
    Masking masking = Masking::masked;
};

struct WhatIfResult {
    std::string error;           // not empty: the numbers go as far as the replay did
    std::uint64_t accepted = 0;  // News, and Replaces of the price, that the journal says were accepted
    std::uint64_t refused = 0;   // of these, by the proposed limits
    std::map<risk::Reason, std::uint64_t> by_reason;
    // Of the same commands, those that the limits in force refuse in this judgement: 0, or a fault of ours.
    std::uint64_t disagreements = 0;
};

// Writes a line a command through the sink, then the totals.
[[nodiscard]] WhatIfResult write_what_if(const WhatIfOptions& options, const Sink& sink);

}  // namespace fairlead::audit
